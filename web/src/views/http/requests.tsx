import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { HttpRequestRow } from '../../../../src/wire/traffic-api.ts';
import { useAgentChoice } from '../../app/use-agent-choice.ts';
import { formatBytes, formatDuration, formatTime } from '../../lib/format.ts';
import { rest } from '../../lib/rest.ts';
import { Empty, Failed, Loading } from '../../ui/message.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Text } from '../../ui/text.tsx';

const refreshMs = 2000;
const listed = 100;
const classes = ['', '2xx', '3xx', '4xx', '5xx', 'none'] as const;

/** The newest single requests, with a search and a choice of how they were answered. */
export function Requests({ site }: { site: string | undefined }) {
  const [text, setText] = useState('');
  const [status, setStatus] = useState('');
  const agent = useAgentChoice();
  const query = useQuery({
    queryKey: ['http-requests', agent, site, text, status],
    queryFn: ({ signal }) =>
      rest.httpRequests(
        { agent, site, text: text || undefined, status: status || undefined, limit: listed },
        signal,
      ),
    refetchInterval: refreshMs,
    placeholderData: (before) => before,
  });
  const rows = query.data?.requests;
  return (
    <Panel
      title="Newest requests"
      note="a sample; every request is in the sums"
      className="min-h-80 flex-1 shrink-0"
      actions={
        <>
          <select
            aria-label="Answered with"
            className="field !h-7 text-xs"
            value={status}
            onChange={(event) => setStatus(event.target.value)}
          >
            {classes.map((name) => (
              <option key={name} value={name}>
                {name === '' ? 'any answer' : name === 'none' ? 'no answer' : name}
              </option>
            ))}
          </select>
          <input
            type="search"
            data-search
            aria-label="Search requests"
            placeholder="Host or path"
            className="field !h-7 w-44 text-xs"
            maxLength={256}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </>
      }
    >
      {!rows &&
        (query.isError ? (
          <Failed error={query.error} retry={() => void query.refetch()} />
        ) : (
          <Loading what="requests" />
        ))}
      {rows && rows.length === 0 && <Empty title="No request matches" />}
      {rows && rows.length > 0 && <RequestTable rows={rows} />}
    </Panel>
  );
}

function RequestTable({ rows }: { rows: readonly HttpRequestRow[] }) {
  const now = Date.now();
  const newest = rows.toSorted((a, b) => (a.ts < b.ts ? 1 : a.ts > b.ts ? -1 : b.id - a.id));
  return (
    <div className="overflow-x-auto">
      <table className="list-table">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Status</th>
            <th scope="col">Method</th>
            <th scope="col" className="w-full">
              Host and path
            </th>
            <th scope="col" className="text-right">
              Took
            </th>
            <th scope="col" className="text-right max-sm:hidden">
              Answer
            </th>
            <th scope="col" className="max-md:hidden">
              Process
            </th>
            <th scope="col" className="max-lg:hidden">
              Client
            </th>
          </tr>
        </thead>
        <tbody>
          {newest.map((row) => (
            <tr key={row.id}>
              <td className="text-ink-3">{formatTime(row.ts, now).slice(-8)}</td>
              <td>
                <Status status={row.status} />
              </td>
              <td>
                <Text value={row.method} max={16} />
              </td>
              <td className="w-full max-w-0">
                <span className="flex min-w-32">
                  <Text value={row.host} className="max-w-[45%] shrink-0 text-ink" />
                  <Text value={row.path} className="min-w-0" />
                </span>
              </td>
              <td className="text-right">{formatDuration(row.duration_ms)}</td>
              <td className="text-right max-sm:hidden">{formatBytes(row.response_bytes)}</td>
              <td className="max-md:hidden">
                <Text value={row.process_name} />
              </td>
              <td className="text-ink-3 max-lg:hidden">
                <Text value={row.src} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const tones = ['grey', 'grey', 'green', 'blue', 'orange', 'red'] as const;

function Status({ status }: { status: number | null }) {
  if (status === null)
    return <span className="tone tone-purple rounded px-1.5 text-2xs font-semibold">none</span>;
  const tone = tones[Math.floor(status / 100)] ?? 'grey';
  return <span className={`tone tone-${tone} rounded px-1.5 text-2xs font-semibold`}>{status}</span>;
}
