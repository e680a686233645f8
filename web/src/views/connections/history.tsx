import { useQuery } from '@tanstack/react-query';
import { Filter } from 'lucide-react';
import { parseEndpoint } from '../../../../src/base/ip.ts';
import type { Connection } from '../../../../src/wire/connection.ts';
import { type Filters, longestPlainPart } from '../../lib/filters.ts';
import { formatBytes, formatCount, formatDuration, formatTime } from '../../lib/format.ts';
import { rest } from '../../lib/rest.ts';
import { Text } from '../../ui/text.tsx';

/** Rows of history in the drawer. */
const historyLimit = 20;

/** What the same process did with the same host before, from the database. */
export function History({
  connection,
  onFilter,
}: {
  connection: Connection;
  onFilter: (filters: Filters) => void;
}) {
  const remote = parseEndpoint(connection.remote_addr);
  const process = longestPlainPart(connection.process_name ?? '');
  const host = remote && remote.port !== 0 ? remote.ip : undefined;
  const query = useQuery({
    queryKey: ['history', host, process],
    queryFn: ({ signal }) =>
      rest.connections({ remote: host, process, active: 'false', limit: historyLimit }, signal),
    refetchInterval: 10_000,
  });
  const rows = query.data?.connections ?? [];
  return (
    <section aria-label="History">
      <div className="mb-1.5 flex items-center">
        <h3 className="heading flex-1">
          Before: {process ? <Text value={process} max={24} /> : 'any process'}
          {host && <> with {host}</>}
        </h3>
        <button
          type="button"
          className="flex items-center gap-1 text-xs text-ink-3 hover:text-ink"
          onClick={() => onFilter({ process, remote: host })}
        >
          <Filter className="size-3" aria-hidden />
          Filter the list
        </button>
      </div>
      {query.isLoading && <p className="text-xs text-ink-3">Loading…</p>}
      {query.isError && <p className="text-xs text-red">{query.error.message}</p>}
      {query.isSuccess && rows.length === 0 && <p className="text-xs text-ink-3">Nothing recorded yet.</p>}
      <ul className="text-xs">
        {rows.map((row) => (
          <li
            key={row.id}
            className="grid grid-cols-[4.6rem_minmax(0,1fr)_auto] gap-2 border-t border-line py-1"
          >
            <span className="text-ink-3">{formatTime(row.timestamp, Date.now()).slice(-8)}</span>
            <span className={row.error ? 'text-red' : 'text-ink-2'}>
              {row.error ?? row.state ?? '–'}
              {row.count > 1 && ` × ${formatCount(row.count)}`}
            </span>
            <span className="text-ink-3">
              {formatBytes((row.bytes_sent ?? 0) + (row.bytes_received ?? 0))} ·{' '}
              {formatDuration(row.duration_ms)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
