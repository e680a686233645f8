import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { DnsQueryRow } from '../../../../src/wire/traffic-api.ts';
import { useAgentChoice } from '../../app/use-agent-choice.ts';
import { formatDuration, formatTime } from '../../lib/format.ts';
import { rest } from '../../lib/rest.ts';
import { Empty, Failed, Loading } from '../../ui/message.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Text } from '../../ui/text.tsx';

const refreshMs = 2000;
const listed = 100;

/** The newest single questions with their answers. */
export function Queries() {
  const [text, setText] = useState('');
  const agent = useAgentChoice();
  const query = useQuery({
    queryKey: ['dns-queries', text, agent],
    queryFn: ({ signal }) => rest.dnsQueries({ agent, text: text || undefined, limit: listed }, signal),
    refetchInterval: refreshMs,
    placeholderData: (before) => before,
  });
  const rows = query.data?.queries;
  return (
    <Panel
      title="Newest questions"
      note="a sample; every question is in the sums"
      className="min-h-80 flex-1 shrink-0"
      actions={
        <input
          type="search"
          data-search
          aria-label="Search questions"
          placeholder="Name"
          className="field !h-7 w-44 text-xs"
          maxLength={256}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      }
    >
      {!rows &&
        (query.isError ? (
          <Failed error={query.error} retry={() => void query.refetch()} />
        ) : (
          <Loading what="questions" />
        ))}
      {rows && rows.length === 0 && <Empty title="No question matches" />}
      {rows && rows.length > 0 && <QueryTable rows={rows} />}
    </Panel>
  );
}

function QueryTable({ rows }: { rows: readonly DnsQueryRow[] }) {
  const now = Date.now();
  const newest = rows.toSorted((a, b) => (a.ts < b.ts ? 1 : a.ts > b.ts ? -1 : b.id - a.id));
  return (
    <div className="overflow-x-auto">
      <table className="list-table">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Result</th>
            <th scope="col">Type</th>
            <th scope="col" className="w-1/2">
              Name
            </th>
            <th scope="col" className="w-1/2 max-sm:hidden">
              Answers
            </th>
            <th scope="col" className="text-right">
              Took
            </th>
            <th scope="col" className="max-md:hidden">
              Process
            </th>
            <th scope="col" className="max-lg:hidden">
              Resolver
            </th>
          </tr>
        </thead>
        <tbody>
          {newest.map((row) => (
            <tr key={row.id}>
              <td className="text-ink-3">{formatTime(row.ts, now).slice(-8)}</td>
              <td>
                <Result rcode={row.rcode} />
              </td>
              <td>
                <Text value={row.qtype} max={16} />
              </td>
              <td className="w-1/2 max-w-0">
                <span className="flex min-w-28">
                  <Text value={row.query} className="text-ink" />
                </span>
              </td>
              <td className="w-1/2 max-w-0 max-sm:hidden">
                <span className="flex">
                  <Text value={row.answers.map(({ data }) => data).join(', ')} />
                </span>
              </td>
              <td className="text-right">{formatDuration(row.duration_ms)}</td>
              <td className="max-md:hidden">
                <Text value={row.process_name} />
              </td>
              <td className="text-ink-3 max-lg:hidden">
                <Text value={row.transport === 'udp' || row.transport === 'tcp' ? row.dst : row.transport} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Result({ rcode }: { rcode: string | null }) {
  const tone = rcode === null ? 'red' : rcode === 'NOERROR' ? 'green' : 'orange';
  return (
    <span className={`tone tone-${tone} rounded px-1.5 text-2xs font-semibold`}>
      {rcode === null ? 'no answer' : <Text value={rcode} max={16} />}
    </span>
  );
}
