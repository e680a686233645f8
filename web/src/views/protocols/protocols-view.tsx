import { useQuery } from '@tanstack/react-query';
import { Lock } from 'lucide-react';
import type { EncryptedSiteRow, ProtocolList, ProtocolRow } from '../../../../src/wire/traffic-api.ts';
import { useAddress } from '../../app/use-address.ts';
import { useAgentChoice } from '../../app/use-agent-choice.ts';
import { formatBytes, formatCount, formatPercent } from '../../lib/format.ts';
import { rest } from '../../lib/rest.ts';
import { BarList } from '../../ui/bar-list.tsx';
import { Empty, Failed, Loading } from '../../ui/message.tsx';
import { Panel } from '../../ui/panel.tsx';
import { RangePicker, readRange } from '../../ui/range-picker.tsx';
import { Distribution } from './distribution.tsx';

/** How often the sums are asked for again; they are added up every ten seconds. */
const refreshMs = 5000;
const listed = 14;

/** What travels in the connections: by bytes, by connections, and which sites behind encryption. */
export default function ProtocolsView() {
  const [address, set] = useAddress();
  const range = readRange(address, '15m');
  const agent = useAgentChoice();
  const query = useQuery({
    queryKey: ['protocols', range, agent],
    queryFn: ({ signal }) => rest.protocols({ since: range, agent }, signal),
    refetchInterval: refreshMs,
    placeholderData: (before) => before,
  });
  const { data } = query;
  return (
    <main className="flex min-h-0 min-w-0 flex-1 flex-col gap-2.5 overflow-y-auto p-2.5 md:gap-3 md:p-3">
      <Panel
        title="Protocols"
        note={
          data && `${formatBytes(bytesOf(data.total))} in ${formatCount(data.total.connections)} connections`
        }
        actions={<RangePicker range={range} onRange={(value) => set('range', value)} />}
        className="shrink-0"
      >
        {!data &&
          (query.isError ? (
            <Failed error={query.error} retry={() => void query.refetch()} />
          ) : (
            <Loading what="protocols" />
          ))}
        {data && data.protocols.length === 0 && (
          <Empty title="Nothing has passed in this range">
            Connections are told apart by what is in their first bytes, a few seconds after they open.
          </Empty>
        )}
        {data && data.protocols.length > 0 && (
          <div className="grid grid-cols-1 sm:grid-cols-2">
            <Distribution list={data} by="bytes" />
            <Distribution list={data} by="connections" />
          </div>
        )}
      </Panel>
      <div className="grid shrink-0 grid-cols-1 items-start gap-2.5 md:gap-3 xl:grid-cols-2">
        {data && data.protocols.length > 0 && <ProtocolTable list={data} />}
        <EncryptedSites range={range} />
      </div>
    </main>
  );
}

function ProtocolTable({ list }: { list: ProtocolList }) {
  return (
    <Panel title="By protocol" note="proved by the payload unless it says otherwise">
      <BarList
        heads={['Protocol', 'Bytes', 'Share', 'Connections']}
        rows={list.protocols.slice(0, listed).map((row) => ({
          key: `${row.application} ${row.by}`,
          name: row.application,
          unnamed: 'not recognised',
          weight: bytesOf(row),
          note: noteOf(row),
          cells: [
            formatBytes(bytesOf(row)),
            formatPercent(row.bytes_share * 100),
            formatCount(row.connections),
          ],
        }))}
      />
    </Panel>
  );
}

function noteOf({ by }: ProtocolRow): string | null {
  return by === 'port' ? 'by its port alone' : null;
}

function EncryptedSites({ range }: { range: string }) {
  const agent = useAgentChoice();
  const query = useQuery({
    queryKey: ['tls', range, agent],
    queryFn: ({ signal }) => rest.encryptedSites({ since: range, agent, limit: listed }, signal),
    refetchInterval: refreshMs,
    placeholderData: (before) => before,
  });
  const { data } = query;
  return (
    <Panel
      title="Encrypted sites"
      note={
        <span className="inline-flex items-center gap-1">
          <Lock className="size-3" aria-hidden /> encrypted path: the site is all that is known
        </span>
      }
    >
      {!data &&
        (query.isError ? (
          <Failed error={query.error} retry={() => void query.refetch()} />
        ) : (
          <Loading what="encrypted sites" />
        ))}
      {data && data.sites.length === 0 && <Empty title="No TLS or QUIC in this range" />}
      {data && data.sites.length > 0 && (
        <BarList
          tone="purple"
          heads={['Site', 'Bytes', 'Received', 'Connections']}
          rows={data.sites.map((row) => ({
            key: `${row.site} ${row.transport}`,
            name: row.site,
            weight: bytesOf(row),
            note: transportOf(row),
            cells: [formatBytes(bytesOf(row)), formatBytes(row.bytes_received), formatCount(row.connections)],
          }))}
        />
      )}
    </Panel>
  );
}

function transportOf({ transport }: EncryptedSiteRow): string {
  return transport === 'quic' ? 'QUIC' : transport === 'dtls' ? 'DTLS' : 'TLS';
}

function bytesOf(row: { readonly bytes_sent: number; readonly bytes_received: number }): number {
  return row.bytes_sent + row.bytes_received;
}
