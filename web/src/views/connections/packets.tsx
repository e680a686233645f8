import { useQuery } from '@tanstack/react-query';
import { ArrowDownLeft, ArrowUpRight, Download } from 'lucide-react';
import { useState } from 'react';
import type { PacketList } from '../../../../src/wire/traffic-api.ts';
import { formatBytes, formatCount, formatTime } from '../../lib/format.ts';
import { rest } from '../../lib/rest.ts';
import { Empty, Failed, Loading } from '../../ui/message.tsx';
import { Text } from '../../ui/text.tsx';

/** The packets of one connection that its agent has kept: asked for by a click, since the agent must be asked. */
export function Packets({ id }: { id: number }) {
  const [open, setOpen] = useState(false);
  const query = useQuery({
    queryKey: ['packets', id],
    queryFn: ({ signal }) => rest.packets(id, signal),
    enabled: open,
    retry: false,
  });
  const { data } = query;
  return (
    <section aria-label="Packets" className="mb-4">
      <div className="mb-1.5 flex items-center gap-2">
        <h3 className="heading mr-auto">Packets</h3>
        {data && data.packets.length > 0 && (
          <a className="control !h-7 !px-2.5 text-xs" href={`/api/connections/${id}/packets.pcapng`} download>
            <Download className="size-3.5" aria-hidden /> pcapng
          </a>
        )}
        <button
          type="button"
          className="control !h-7 !px-2.5 text-xs"
          onClick={() => (open ? void query.refetch() : setOpen(true))}
        >
          {open ? 'Read again' : 'Show packets'}
        </button>
      </div>
      {open && query.isLoading && <Loading what="packets" />}
      {open && query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {data && data.packets.length === 0 && <Empty title="No packets are kept">{data.reason}</Empty>}
      {data && data.packets.length > 0 && <PacketRows list={data} />}
    </section>
  );
}

function PacketRows({ list }: { list: PacketList }) {
  const now = Date.now();
  return (
    <>
      <div className="max-h-80 overflow-auto rounded-lg border border-line">
        <table className="list-table">
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col" aria-label="Direction" />
              <th scope="col" className="text-right">
                Size
              </th>
              <th scope="col" className="w-full">
                What
              </th>
            </tr>
          </thead>
          <tbody>
            {list.packets.map((packet, place) => {
              const Icon = packet.direction === 'sent' ? ArrowUpRight : ArrowDownLeft;
              return (
                // biome-ignore lint/suspicious/noArrayIndexKey: a packet has no other name than its place
                <tr key={place}>
                  <td className="text-ink-3">
                    {formatTime(packet.timestamp, now).slice(-8)}.{packet.timestamp.slice(20, 23)}
                  </td>
                  <td>
                    <Icon
                      className={`size-3.5 ${packet.direction === 'sent' ? 'text-up' : 'text-down'}`}
                      aria-label={packet.direction}
                    />
                  </td>
                  <td className="text-right">{formatBytes(packet.length)}</td>
                  <td className="w-full max-w-0">
                    <span className="flex gap-1.5">
                      <Text value={packet.protocol} className="shrink-0 text-ink" max={16} />
                      <Text value={packet.info} max={512} />
                    </span>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <p className="mt-1 text-xs text-ink-3">
        {formatCount(list.packets.length)} kept
        {list.left_out > 0 && `, ${formatCount(list.left_out)} more passed and were only counted`}
      </p>
    </>
  );
}
