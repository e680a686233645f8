import { BadgeCheck, CircleSlash, ClockArrowUp, Timer } from 'lucide-react';
import type { MonitorRow } from '../../../../src/wire/monitor.ts';
import { formatMs, formatPercent, formatSpan } from '../../lib/format.ts';
import { formatUptime } from '../../lib/monitors.ts';
import { Tile } from '../../ui/tile.tsx';

/** Figures of days within which a certificate wants attention. */
const urgentDays = 7;
const soonDays = 30;

/** A monitor in large figures: response, loss, certificate, and uptime over four stretches. */
export function Figures({ row }: { row: MonitorRow }) {
  const { status, interval_ms, timeout_ms } = row;
  const { response_ms, loss_ratio, certificate_days: days, uptime } = status;
  return (
    <section
      aria-label="Figures"
      className="grid shrink-0 grid-cols-[repeat(auto-fit,minmax(9.5rem,1fr))] gap-2.5 md:gap-3"
    >
      <Tile
        icon={Timer}
        label="Response"
        value={formatMs(response_ms)}
        note={`every ${formatSpan(interval_ms)}, at most ${formatSpan(timeout_ms)}`}
      />
      {loss_ratio !== null && (
        <Tile
          icon={CircleSlash}
          label="Loss"
          value={formatPercent(loss_ratio * 100)}
          note="of the echoes of the last rounds"
          color={loss_ratio > 0 ? 'var(--orange)' : undefined}
        />
      )}
      <Tile
        icon={ClockArrowUp}
        label="Uptime, 24 hours"
        value={formatUptime(uptime.day)}
        note={`7 days ${formatUptime(uptime.week)}`}
      />
      <Tile
        icon={ClockArrowUp}
        label="Uptime, 30 days"
        value={formatUptime(uptime.month)}
        note={`90 days ${formatUptime(uptime.quarter)}`}
      />
      {days !== null && (
        <Tile
          icon={BadgeCheck}
          label="Certificate"
          value={days < 0 ? 'expired' : `${days < urgentDays ? days.toFixed(1) : Math.floor(days)} days`}
          note={days < 0 ? `${Math.ceil(-days)} days ago` : 'until it ends'}
          color={days < urgentDays ? 'var(--red)' : days < soonDays ? 'var(--yellow)' : undefined}
        />
      )}
    </section>
  );
}
