import { memo } from 'react';
import type { MonitorState } from '../../../src/wire/monitor.ts';
import type { Outcome } from '../../../src/wire/probe.ts';
import { monitorLooks } from '../lib/monitors.ts';

/** The state of a monitor, or the outcome of a round: its colour and its name. */
export const MonitorBadge = memo(function MonitorBadge({ state }: { state: MonitorState | Outcome }) {
  const { label, tone } = monitorLooks[state];
  return (
    <span
      className={`tone tone-${tone} inline-flex h-[1.3rem] shrink-0 items-center gap-1.5 rounded px-1.5 text-2xs font-semibold whitespace-nowrap`}
    >
      <span className="size-1.5 rounded-full bg-(--tone)" aria-hidden />
      {label}
    </span>
  );
});
