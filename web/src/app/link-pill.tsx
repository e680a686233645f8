import { useEffect, useState } from 'react';
import { formatAge } from '../lib/format.ts';
import { useLive, useLiveStore } from '../live/use-live.ts';

/** Whether the picture is live; if not, how old it is and when the next attempt comes. */
export function LinkPill() {
  const link = useLive((store) => store.link);
  const agents = useLive((store) => store.agents);
  if (link.phase === 'live') {
    return agents > 0 ? (
      <Pill tone="green" text="Live" label="Connected, the picture is live" />
    ) : (
      <Pill tone="yellow" text="No agent" label="Connected, but no agent sends data to this server" />
    );
  }
  if (link.phase === 'connecting') return <Pill tone="yellow" text="Connecting" label="Connecting" />;
  return <Pill tone="red" text="Offline" label="Disconnected from the server" />;
}

function Pill({ tone, text, label }: { tone: string; text: string; label: string }) {
  return (
    <span
      role="status"
      aria-label={label}
      className={`tone tone-${tone} inline-flex h-6 items-center gap-1.5 rounded-full px-2.5 text-xs font-semibold`}
    >
      <span className="size-2 rounded-full bg-(--tone)" aria-hidden />
      {text}
    </span>
  );
}

/** A bar across the page while it is disconnected: what is shown is old, how old, and when it tries again. */
export function OfflineBar() {
  const store = useLiveStore();
  const link = useLive((live) => live.link);
  const now = useTicking(link.phase === 'offline');
  if (link.phase !== 'offline') return null;
  const age = store.lastFrameAt === null ? null : now - store.lastFrameAt;
  const wait = link.retryAt === null ? null : Math.max(0, Math.ceil((link.retryAt - now) / 1000));
  return (
    <div
      role="alert"
      className="tone tone-red flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-1.5 text-xs"
    >
      <strong className="font-semibold">Disconnected</strong>
      <span className="text-ink-2">
        {age === null ? 'Nothing received yet.' : `What you see is ${formatAge(age)} old.`}{' '}
        {wait === null ? 'Trying now…' : `Next attempt in ${wait} s.`}
      </span>
      <button
        type="button"
        className="font-medium underline underline-offset-2"
        onClick={() => store.retryNow()}
      >
        Try now
      </button>
    </div>
  );
}

function useTicking(on: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!on) return;
    const tick = (): void => setNow(Date.now());
    tick();
    const timer = setInterval(tick, 500);
    return () => clearInterval(timer);
  }, [on]);
  return now;
}
