import { BellRing, CircleCheck, X } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-router';
import type { AlertRow } from '../../../src/wire/traffic-api.ts';
import { formatDuration, localTimes } from '../lib/format.ts';
import { useLive, useRows } from '../live/use-live.ts';
import { Text } from '../ui/text.tsx';
import { useAgentChoice, useWithAgents } from './use-agent-choice.ts';
import { useAgentNames } from './use-agent-names.ts';

/** How long a recovery stays on show. */
const recoveredMs = 15_000;

/** What is too high right now at the agents looked at; a recovery is told for a while. A reader may put one away. */
export function AlertBanner() {
  const agent = useAgentChoice();
  const { rows } = useRows<AlertRow>({ topic: 'alerts', agent });
  const several = useAgentNames().length > 1;
  const withAgents = useWithAgents();
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const now = useLive((store) => store.serverSecond) * 1000;
  const shown = rows.filter(
    (alert) =>
      !closed.has(keyOf(alert)) &&
      (alert.recovered_at === null || now - Date.parse(alert.recovered_at) < recoveredMs),
  );
  const [alert] = shown;
  if (!alert) return null;
  const over = alert.recovered_at !== null;
  const Icon = over ? CircleCheck : BellRing;
  return (
    <div
      role={over ? 'status' : 'alert'}
      className={`tone tone-${over ? 'green' : 'red'} flex min-h-9 shrink-0 items-center gap-2.5 border-b border-line px-3 text-[0.8125rem] md:px-4`}
    >
      <Icon className="size-4 shrink-0" aria-hidden />
      {several && <Text value={alert.agent} className="max-w-40 shrink-0 font-semibold" />}
      <Text
        value={localTimes((over ? alert.recovered_message : alert.message) ?? '', now)}
        className="min-w-0 font-medium"
        max={300}
      />
      <span className="shrink-0 text-xs max-sm:hidden">
        {over ? '' : `for ${formatDuration(Math.max(0, now - Date.parse(alert.raised_at)))}`}
        {shown.length > 1 && ` · ${shown.length - 1} more`}
      </span>
      <Link to={withAgents('/http')} className="ml-auto shrink-0 text-xs underline">
        Show
      </Link>
      <button
        type="button"
        aria-label="Put this alert away"
        className="shrink-0 rounded p-1 hover:bg-raised"
        onClick={() => setClosed((before) => new Set([...before, keyOf(alert)]))}
      >
        <X className="size-3.5" aria-hidden />
      </button>
    </div>
  );
}

/** The count of alerts that last, in the header. */
export function AlertCount() {
  const agent = useAgentChoice();
  const withAgents = useWithAgents();
  const { rows } = useRows<AlertRow>({ topic: 'alerts', agent });
  const lasting = rows.filter(({ state }) => state === 'raised').length;
  if (lasting === 0) return null;
  const label = `${lasting} ${lasting === 1 ? 'alert' : 'alerts'}`;
  return (
    <Link
      to={withAgents('/http')}
      className="tone tone-red inline-flex h-6 items-center gap-1.5 rounded-full px-2.5 text-xs font-semibold whitespace-nowrap"
      aria-label={label}
    >
      <BellRing className="size-3.5" aria-hidden />
      <span className="max-sm:sr-only">{label}</span>
      <span className="sm:hidden" aria-hidden>
        {lasting}
      </span>
    </Link>
  );
}

function keyOf({ id, state }: AlertRow): string {
  return `${id} ${state}`;
}
