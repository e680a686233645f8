import { memo } from 'react';
import { toneOf } from '../lib/state-tone.ts';

/** A connection's state: its colour and its name. */
export const StateBadge = memo(function StateBadge({ state }: { state: string | null }) {
  return (
    <span
      className={`tone tone-${toneOf(state)} inline-flex h-[1.3rem] items-center gap-1.5 rounded px-1.5 text-2xs font-semibold`}
    >
      <span className="size-1.5 rounded-full bg-(--tone)" aria-hidden />
      {state ?? 'UNKNOWN'}
    </span>
  );
});
