import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useMemo } from 'react';
import type { MonitorHistory } from '../../../../src/client/monitor-rest.ts';
import type { HistoryStep, MonitorRow } from '../../../../src/wire/monitor.ts';
import { useAddress } from '../../app/use-address.ts';
import type { Palette } from '../../charts/echart.tsx';
import { formatMs } from '../../lib/format.ts';
import {
  ceilingOf,
  hasEchoes,
  longestOf,
  lossLooks,
  phaseNames,
  stepsOf,
} from '../../lib/monitor-history.ts';
import { monitorRest } from '../../lib/rest.ts';
import type { Stepped } from '../../lib/steps.ts';
import { Empty, Failed, Loading } from '../../ui/message.tsx';
import { Panel } from '../../ui/panel.tsx';
import { longRanges, RangePicker, readRange } from '../../ui/range-picker.tsx';
import { Text } from '../../ui/text.tsx';
import { badOption, compareOption, phasesOption, smokeOption } from './response-options.ts';

const EChart = lazy(() => import('../../charts/echart.tsx'));

const refreshMs = 10_000;
/** Agents drawn beside each other; others are there to choose. */
const maxCompared = 9;

type Steps = Stepped<HistoryStep>;

/** A monitor younger than this is shown from its beginning, by the minute. */
const youngMs = 2 * 3_600_000;

/** How long the target took to answer, what was lost and where the time went: at one agent, or all compared. */
export function ResponsePanel({ row: { id, created_at } }: { row: MonitorRow }) {
  const [query, set] = useAddress();
  const isYoung = Date.now() - Date.parse(created_at) < youngMs;
  const range = readRange(query, isYoung ? '1h' : '24h', longRanges);
  const history = useQuery({
    queryKey: ['monitor-history', id, range],
    queryFn: ({ signal }) => monitorRest.history(id, { since: range }, signal),
    refetchInterval: refreshMs,
    placeholderData: (before) => before,
  });
  const { data } = history;
  const agents = useMemo(() => Object.keys(data?.agents ?? {}).sort(), [data]);
  const asked = query.get('from');
  const agent = asked !== null && agents.includes(asked) ? asked : agents.length === 1 ? agents[0] : null;
  return (
    <Panel
      title="Response time"
      actions={
        <>
          {agents.length > 1 && (
            <AgentChoice agents={agents} agent={agent} onAgent={(name) => set('from', name)} />
          )}
          <RangePicker range={range} ranges={longRanges} onRange={(value) => set('range', value)} />
        </>
      }
      className="shrink-0"
    >
      {!data &&
        (history.isError ? (
          <Failed error={history.error} retry={() => void history.refetch()} />
        ) : (
          <Loading what="the history" />
        ))}
      {data && agents.length === 0 && (
        <Empty title="No round in this range">What agents find appears here within a minute.</Empty>
      )}
      {data && agent !== null && <OneAgent steps={stepsOf(data, agent)} agent={agent} />}
      {data && agent === null && agents.length > 1 && <Compared history={data} agents={agents} />}
    </Panel>
  );
}

function AgentChoice(props: {
  agents: readonly string[];
  agent: string | null;
  onAgent: (agent: string | null) => void;
}) {
  const { agents, agent, onAgent } = props;
  return (
    <label className="control !h-7 !px-2 text-xs">
      <span className="text-ink-3">From</span>
      <select
        className="max-w-36 bg-panel text-ink outline-none"
        value={agent ?? ''}
        onChange={(event) => onAgent(event.target.value || null)}
      >
        <option value="">all compared</option>
        {agents.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function OneAgent({ steps, agent }: { steps: Steps; agent: string }) {
  const { points } = steps;
  const hasPhases = points.some(({ phases }) => phaseNames.some((name) => phases[name] !== null));
  const ceiling = ceilingOf(points);
  const bad = hasEchoes(points) ? 'Loss' : 'Failed rounds';
  const smoke = useMemo(
    () => (palette: Palette) => smokeOption(steps, palette, { ceiling }),
    [steps, ceiling],
  );
  const share = useMemo(() => (palette: Palette) => badOption(steps, palette), [steps]);
  const phases = useMemo(() => (palette: Palette) => phasesOption(steps, palette), [steps]);
  return (
    <Suspense fallback={<Loading what="the chart" />}>
      <EChart label={`Spread of response times from ${agent}`} option={smoke} className="h-60" />
      <SmokeKey points={points} />
      <div className={`grid grid-cols-1 ${hasPhases ? 'lg:grid-cols-2' : ''}`}>
        <figure aria-label={bad} className="min-w-0">
          <figcaption className="heading px-3.5 pt-1">{bad}</figcaption>
          <EChart label={`${bad} from ${agent}`} option={share} className="h-36" />
        </figure>
        {hasPhases && (
          <figure aria-label="Phases" className="min-w-0">
            <figcaption className="heading px-3.5 pt-1">Where the time goes</figcaption>
            <EChart label={`Phases from ${agent}`} option={phases} className="h-36" />
          </figure>
        )}
      </div>
    </Suspense>
  );
}

/** What smoke and marks mean, and whether the scale ends below what took longest. */
function SmokeKey({ points }: { points: readonly HistoryStep[] }) {
  const echoes = hasEchoes(points);
  const ceiling = ceilingOf(points);
  const longest = longestOf(points);
  return (
    <p className="flex flex-wrap gap-x-4 gap-y-0.5 px-3.5 pb-1 text-2xs text-ink-3">
      <span>Line: median. Bands: middle half, 80 %, and all {echoes ? 'echoes' : 'rounds'}.</span>
      {ceiling !== null && ceiling < longest && (
        <span>The scale ends before the longest: {formatMs(longest)}.</span>
      )}
      <span className="flex flex-wrap gap-x-2.5">
        {echoes ? 'Lost:' : 'Failed:'}
        {lossLooks.map(({ label, tone, sign }) => (
          <span key={label} className={`tone-${tone} whitespace-nowrap`}>
            <span className="text-(--tone)" aria-hidden>
              {sign}
            </span>{' '}
            {label}
          </span>
        ))}
      </span>
    </p>
  );
}

function Compared({ history, agents }: { history: MonitorHistory; agents: readonly string[] }) {
  const all = useMemo(
    () => agents.slice(0, maxCompared).map((agent) => [agent, stepsOf(history, agent)] as const),
    [history, agents],
  );
  const option = useMemo(() => (palette: Palette) => compareOption(all, palette), [all]);
  const points = all.flatMap(([, steps]) => steps.points);
  // One scale for all of them, or they would not compare.
  const ceiling = ceilingOf(points);
  return (
    <Suspense fallback={<Loading what="the chart" />}>
      <EChart label="Medians of all agents" option={option} className="h-60" />
      {agents.length > all.length && (
        <p className="px-3.5 text-xs text-ink-3">
          {all.length} of {agents.length} agents; choose another by name.
        </p>
      )}
      <div className="grid grid-cols-1 md:grid-cols-2 xl:grid-cols-3">
        {all.map(([agent, steps]) => (
          <SmallSmoke key={agent} agent={agent} steps={steps} ceiling={ceiling} />
        ))}
      </div>
      <SmokeKey points={points} />
    </Suspense>
  );
}

function SmallSmoke({ agent, steps, ceiling }: { agent: string; steps: Steps; ceiling: number | null }) {
  const option = useMemo(
    () => (palette: Palette) => smokeOption(steps, palette, { ceiling, compact: true }),
    [steps, ceiling],
  );
  return (
    <figure aria-label={agent} className="min-w-0">
      <figcaption className="flex px-3.5 pt-1 text-xs text-ink-2">
        <Text value={agent} />
      </figcaption>
      <EChart label={`Spread of response times from ${agent}`} option={option} className="h-36" />
    </figure>
  );
}
