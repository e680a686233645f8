import { useQuery } from '@tanstack/react-query';
import { CircleAlert, Hourglass, Search, Timer } from 'lucide-react';
import type { DnsGroupRow, DnsSummary } from '../../../../src/wire/traffic-api.ts';
import { useAddress } from '../../app/use-address.ts';
import { useAgentChoice } from '../../app/use-agent-choice.ts';
import { formatCount, formatDuration, formatPercent } from '../../lib/format.ts';
import { manyNames, otherName } from '../../lib/other.ts';
import { rest } from '../../lib/rest.ts';
import { BarList, type BarRow } from '../../ui/bar-list.tsx';
import { Empty, Failed, Loading } from '../../ui/message.tsx';
import { Panel } from '../../ui/panel.tsx';
import { RangePicker, readRange } from '../../ui/range-picker.tsx';
import { Tile } from '../../ui/tile.tsx';
import { DnsChart } from './dns-chart.tsx';
import { Queries } from './queries.tsx';

const refreshMs = 5000;
const listed = 10;

/** Names: who asks for which, what fails, and which resolvers are slow. */
export default function DnsView() {
  const [address, set] = useAddress();
  const range = readRange(address, '15m');
  const agent = useAgentChoice();
  const query = useQuery({
    queryKey: ['dns', range, agent],
    queryFn: ({ signal }) => rest.dns({ since: range, agent, limit: listed * 2 }, signal),
    refetchInterval: refreshMs,
    placeholderData: (before) => before,
  });
  const { data } = query;
  return (
    <main className="flex min-h-0 min-w-0 flex-1 flex-col gap-2.5 overflow-y-auto p-2.5 md:gap-3 md:p-3">
      {data && <Totals total={data.total} />}
      <Panel
        title="Questions over time"
        actions={<RangePicker range={range} onRange={(value) => set('range', value)} />}
        className="shrink-0"
      >
        {!data &&
          (query.isError ? (
            <Failed error={query.error} retry={() => void query.refetch()} />
          ) : (
            <Loading what="questions" />
          ))}
        {data && data.total.queries === 0 && (
          <Empty title="No name was looked up in this range">
            Questions by DNS, multicast DNS and LLMNR appear here within ten seconds. What goes by HTTPS or
            TLS is encrypted.
          </Empty>
        )}
        {data && data.total.queries > 0 && <DnsChart summary={data} />}
      </Panel>
      {data && data.total.queries > 0 && <Groups summary={data} />}
      <Queries />
    </main>
  );
}

function Totals({ total }: { total: DnsSummary['total'] }) {
  const share = (part: number): string =>
    formatPercent(total.queries === 0 ? 0 : (part / total.queries) * 100);
  return (
    <div className="grid shrink-0 grid-cols-2 gap-2.5 md:gap-3 lg:grid-cols-4">
      <Tile
        icon={Search}
        label="Questions"
        value={formatCount(total.queries)}
        note="by DNS over UDP and TCP"
      />
      <Tile
        icon={Timer}
        label="Median answer"
        value={formatDuration(total.p50_ms)}
        note={`95 %: ${formatDuration(total.p95_ms)}`}
      />
      <Tile
        icon={CircleAlert}
        label="Failed"
        value={formatCount(total.failures)}
        color={total.failures > 0 ? 'var(--orange)' : undefined}
        note={`${share(total.failures)}, NXDOMAIN among them`}
      />
      <Tile
        icon={Hourglass}
        label="Unanswered"
        value={formatCount(total.unanswered)}
        color={total.unanswered > 0 ? 'var(--red)' : undefined}
        note={share(total.unanswered)}
      />
    </div>
  );
}

function Groups({ summary }: { summary: DnsSummary }) {
  const slow = [...summary.resolvers].sort((a, b) => (b.p95_ms ?? -1) - (a.p95_ms ?? -1));
  return (
    <div className="grid shrink-0 grid-cols-1 items-start gap-2.5 md:gap-3 xl:grid-cols-2">
      <Group title="Questions by process" head="Process" rows={summary.processes} />
      <Panel title="Resolvers" note="slowest first">
        <BarList
          tone="yellow"
          heads={['Resolver', 'p95', 'Median', 'Questions', 'Unanswered']}
          rows={slow.slice(0, listed).map((row) => ({
            key: row.name,
            name: row.name,
            weight: row.p95_ms ?? 0,
            cells: [
              formatDuration(row.p95_ms),
              formatDuration(row.p50_ms),
              formatCount(row.queries),
              formatCount(row.unanswered),
            ],
          }))}
        />
      </Panel>
      <Group title="Names asked for" head="Name" rows={summary.names} />
      <Panel title="Answer codes">
        <BarList
          tone="blue"
          heads={['Code', 'Questions', 'Share']}
          rows={summary.rcodes.slice(0, listed).map(({ rcode, queries }) => ({
            key: rcode,
            name: rcode === 'none' ? null : rcode,
            unnamed: 'no answer',
            weight: queries,
            cells: [formatCount(queries), formatPercent((queries / summary.total.queries) * 100)],
          }))}
        />
      </Panel>
    </div>
  );
}

function Group({ title, head, rows }: { title: string; head: string; rows: readonly DnsGroupRow[] }) {
  return (
    <Panel title={title} note={rows.some(({ name }) => name === otherName) && manyNames}>
      <BarList
        heads={[head, 'Questions', 'Failed', 'p95', 'Unanswered']}
        rows={rows.slice(0, listed).map(toBar)}
      />
    </Panel>
  );
}

function toBar(row: DnsGroupRow): BarRow {
  return {
    key: row.name,
    name: row.name,
    weight: row.queries,
    cells: [
      <span key="queries" className="font-semibold text-ink">
        {formatCount(row.queries)}
      </span>,
      <span key="failures" className={row.failures > 0 ? 'text-orange' : ''}>
        {formatCount(row.failures)}
      </span>,
      formatDuration(row.p95_ms),
      formatCount(row.unanswered),
    ],
  };
}
