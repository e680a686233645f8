import { memo } from 'react';
import { toneOf } from '../lib/state-tone.ts';

/** A connection's state, or the errno it failed with: its colour and its name. */
export const StateBadge = memo(function StateBadge(props: { state: string | null; error?: string | null }) {
  const { state, error } = props;
  return (
    <span
      className={`tone tone-${error ? 'red' : toneOf(state)} inline-flex h-[1.3rem] items-center gap-1.5 rounded px-1.5 text-2xs font-semibold`}
    >
      <span className="size-1.5 rounded-full bg-(--tone)" aria-hidden />
      {error ?? state ?? 'UNKNOWN'}
    </span>
  );
});
