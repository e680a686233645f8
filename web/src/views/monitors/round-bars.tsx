import { memo } from 'react';
import { formatMs } from '../../lib/format.ts';
import { median } from '../../lib/monitors.ts';
import type { Round } from '../../live/monitor-store.ts';
import { useRounds } from '../../live/use-monitors.ts';

const height = 20;
const step = 4;
const shown = 30;

/** The newest rounds of a monitor as bars as tall as their response time; one that failed is full, red and notched. */
export function RoundBars({ id }: { id: string }) {
  const rounds = useRounds(id);
  return rounds === undefined ? <span className="h-5" aria-hidden /> : <Bars rounds={rounds} />;
}

const Bars = memo(function Bars({ rounds }: { rounds: readonly Round[] }) {
  if (rounds.length === 0) return <span className="text-xs text-ink-3">–</span>;
  const times = rounds.map(({ ms }) => ms).filter((ms) => ms !== null);
  const most = Math.max(1e-6, ...times);
  const last = rounds.slice(-shown);
  const offset = shown - last.length;
  const paths = { up: '', degraded: '', down: '', unknown: '' };
  for (const [place, { ms, outcome }] of last.entries()) {
    const x = (offset + place) * step;
    const tall = outcome === 'down' ? height : Math.max(2, ((ms ?? 0) / most) * height);
    // A failed round has a gap below its top, so that it differs without colour.
    paths[outcome] +=
      outcome === 'down'
        ? `M${x} 0h3v4h-3zM${x} 6h3v${height - 6}h-3z`
        : `M${x} ${height - tall}h3V${height}h-3z`;
  }
  const failed = rounds.filter(({ outcome }) => outcome === 'down').length;
  const middle = formatMs(median(times));
  return (
    <svg
      viewBox={`0 0 ${shown * step} ${height}`}
      preserveAspectRatio="none"
      className="h-5 w-full max-w-30"
      role="img"
      aria-label={`Last ${rounds.length} rounds: ${failed} failed, ${middle} in the median`}
    >
      <path d={paths.up} fill="var(--green)" opacity="0.8" />
      <path d={paths.degraded} fill="var(--yellow)" />
      <path d={paths.down} fill="var(--red)" />
      <path d={paths.unknown} fill="var(--grey)" opacity="0.6" />
    </svg>
  );
});
