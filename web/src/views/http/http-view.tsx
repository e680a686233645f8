import { useQuery } from '@tanstack/react-query';
import { Activity, CircleAlert, Gauge, Timer } from 'lucide-react';
import type { AlertRow, HttpGroupRow, HttpTimeline } from '../../../../src/wire/traffic-api.ts';
import { useAddress } from '../../app/use-address.ts';
import { useAgentChoice } from '../../app/use-agent-choice.ts';
import { formatBytes, formatCount, formatDuration, formatPercent } from '../../lib/format.ts';
import { manyNames, otherName } from '../../lib/other.ts';
import { rest } from '../../lib/rest.ts';
import { startAtFirst } from '../../lib/steps.ts';
import { useRows } from '../../live/use-live.ts';
import { BarList, type BarRow } from '../../ui/bar-list.tsx';
import { Empty, Failed, Loading } from '../../ui/message.tsx';
import { Panel } from '../../ui/panel.tsx';
import { RangePicker, readRange } from '../../ui/range-picker.tsx';
import { Text } from '../../ui/text.tsx';
import { Tile } from '../../ui/tile.tsx';
import { AlertHistory } from './alert-history.tsx';
import { HitsChart, LatencyChart } from './http-charts.tsx';
import { Requests } from './requests.tsx';

const refreshMs = 5000;
const listed = 10;

/** Plain HTTP: what is asked for most, how it is answered and how fast, and when there was too much of it. */
export default function HttpView() {
  const [address, set] = useAddress();
  const range = readRange(address, '15m');
  const site = address.get('site') ?? undefined;
  const agent = useAgentChoice();
  const timeline = useQuery({
    queryKey: ['http', range, site, agent],
    queryFn: ({ signal }) => rest.httpTimeline({ since: range, site, agent }, signal),
    refetchInterval: refreshMs,
    placeholderData: (before) => before,
  });
  const alerts = useRows<AlertRow>({ topic: 'alerts', agent });
  const { data } = timeline;
  return (
    <main className="flex min-h-0 min-w-0 flex-1 flex-col gap-2.5 overflow-y-auto p-2.5 md:gap-3 md:p-3">
      {data && <Totals timeline={data} />}
      <Panel
        title="Requests over time"
        note={site !== undefined && <SiteFilter site={site} onClear={() => set('site', null)} />}
        actions={<RangePicker range={range} onRange={(value) => set('range', value)} />}
        className="shrink-0"
      >
        {!data &&
          (timeline.isError ? (
            <Failed error={timeline.error} retry={() => void timeline.refetch()} />
          ) : (
            <Loading what="requests" />
          ))}
        {data && data.total.hits === 0 && (
          <Empty title="No plain HTTP in this range">
            Requests of this machine's programs and to its servers appear here within ten seconds. Those
            inside TLS are on the Protocols page, by site.
          </Empty>
        )}
        {data && data.total.hits > 0 && (
          <div className="grid grid-cols-1 lg:grid-cols-2">
            <HitsChart timeline={data} alerts={alerts.rows} />
            <LatencyChart timeline={data} />
          </div>
        )}
      </Panel>
      <div className="grid shrink-0 grid-cols-1 items-start gap-2.5 md:gap-3 xl:grid-cols-2">
        <TopGroups
          title="Top sites"
          range={range}
          read={async (query, signal) => (await rest.httpSites(query, signal)).sites}
          chosen={site}
          onChoose={(name) => set('site', name === site ? null : name)}
        />
        <TopGroups
          title="Top sections"
          range={range}
          site={site}
          read={async (query, signal) => (await rest.httpSections(query, signal)).sections}
        />
      </div>
      <AlertHistory alerts={alerts.rows} ready={alerts.ready} />
      <Requests site={site} />
    </main>
  );
}

function SiteFilter({ site, onClear }: { site: string; onClear: () => void }) {
  return (
    <span className="inline-flex min-w-0 items-center gap-1.5">
      of <Text value={site} className="max-w-56 text-ink-2" />
      <button type="button" className="control !h-6 !px-2 text-2xs" onClick={onClear}>
        All sites
      </button>
    </span>
  );
}

/** Over the time that the chart shows: before it, nobody was counting. */
function meanRate({ total, ...timeline }: HttpTimeline): string {
  const { since, until } = startAtFirst(timeline);
  const seconds = (Math.min(Date.now(), Date.parse(until)) - Date.parse(since)) / 1000;
  const rate = total.hits / Math.max(1, seconds);
  return `${rate.toFixed(rate < 10 ? 2 : 0)} a second on average`;
}

function Totals({ timeline }: { timeline: HttpTimeline }) {
  const { total } = timeline;
  const failed = total.statuses['5xx'] + total.statuses.none;
  const refused = total.statuses['4xx'];
  return (
    <div className="grid shrink-0 grid-cols-2 gap-2.5 md:gap-3 lg:grid-cols-4">
      <Tile icon={Activity} label="Requests" value={formatCount(total.hits)} note={meanRate(timeline)} />
      <Tile
        icon={Timer}
        label="Median response"
        value={formatDuration(total.p50_ms)}
        note={`95 %: ${formatDuration(total.p95_ms)} · 99 %: ${formatDuration(total.p99_ms)}`}
      />
      <Tile
        icon={CircleAlert}
        label="Failed or unanswered"
        value={formatCount(failed)}
        color={failed > 0 ? 'var(--red)' : undefined}
        note={`${formatPercent(total.hits === 0 ? 0 : (failed / total.hits) * 100)} · ${formatCount(refused)} refused (4xx)`}
      />
      <Tile
        icon={Gauge}
        label="Bodies"
        value={formatBytes(total.request_bytes + total.response_bytes)}
        note={`${formatBytes(total.response_bytes)} in answers`}
      />
    </div>
  );
}

type Read = (
  query: { since: string; limit: number; site?: string; agent?: string | undefined },
  signal: AbortSignal,
) => Promise<readonly HttpGroupRow[]>;

function TopGroups(props: {
  title: string;
  range: string;
  site?: string;
  read: Read;
  chosen?: string;
  onChoose?: (name: string) => void;
}) {
  const { title, range, site, read, chosen, onChoose } = props;
  const agent = useAgentChoice();
  const query = useQuery({
    queryKey: ['http', title, range, site, agent],
    queryFn: ({ signal }) =>
      read({ since: range, agent, limit: listed, ...(site !== undefined && { site }) }, signal),
    refetchInterval: refreshMs,
    placeholderData: (before) => before,
  });
  const { data } = query;
  return (
    <Panel title={title} note={data?.some(({ name }) => name === otherName) && manyNames}>
      {!data &&
        (query.isError ? (
          <Failed error={query.error} retry={() => void query.refetch()} />
        ) : (
          <Loading what={title.toLowerCase()} />
        ))}
      {data && data.length === 0 && <Empty title="None in this range" />}
      {data && data.length > 0 && (
        <BarList
          heads={[title.endsWith('sites') ? 'Site' : 'Section', 'Hits', 'p95', 'Errors', 'Bytes']}
          rows={data.map((row): BarRow => toBar(row, chosen))}
          onChoose={onChoose && ((row) => onChoose(row.name ?? ''))}
        />
      )}
    </Panel>
  );
}

function toBar(row: HttpGroupRow, chosen: string | undefined): BarRow {
  const errors = row.statuses['4xx'] + row.statuses['5xx'] + row.statuses.none;
  return {
    key: row.name,
    name: row.name,
    weight: row.hits,
    selected: chosen === row.name,
    cells: [
      <span key="hits" className="font-semibold text-ink">
        {formatCount(row.hits)}
      </span>,
      formatDuration(row.p95_ms),
      <span key="errors" className={row.statuses['5xx'] + row.statuses.none > 0 ? 'text-red' : ''}>
        {formatCount(errors)}
      </span>,
      formatBytes(row.request_bytes + row.response_bytes),
    ],
  };
}
