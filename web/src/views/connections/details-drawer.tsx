import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { type ReactNode, useRef } from 'react';
import type { Connection } from '../../../../src/wire/connection.ts';
import type { Filters } from '../../lib/filters.ts';
import {
  formatAge,
  formatBytes,
  formatCount,
  formatMs,
  formatPercent,
  formatTime,
} from '../../lib/format.ts';
import { rest } from '../../lib/rest.ts';
import { Empty, Failed, Loading } from '../../ui/message.tsx';
import { StateBadge } from '../../ui/state-badge.tsx';
import { Text } from '../../ui/text.tsx';
import { Duration, Process, Rate } from './connection-columns.tsx';
import { History } from './history.tsx';
import { Packets } from './packets.tsx';

interface DetailsDrawerProps {
  readonly id: string;
  /** The row as the live list has it, while it does. */
  readonly live: Connection | undefined;
  readonly onClose: () => void;
  readonly onFilter: (filters: Filters) => void;
}

/** Everything known of one connection, beside the list that goes on. */
export function DetailsDrawer({ id, live, onClose, onFilter }: DetailsDrawerProps) {
  const lastLive = useRef<Connection | undefined>(undefined);
  if (live) lastLive.current = live;
  const held = String(lastLive.current?.id) === id ? lastLive.current : undefined;
  const stored = useQuery({
    queryKey: ['connection', id],
    queryFn: ({ signal }) => rest.connection(Number(id), signal),
    enabled: !live && /^\d+$/.test(id),
    retry: false,
  });
  const connection = live ?? stored.data ?? held;
  return (
    <aside
      role="dialog"
      aria-label="Connection details"
      className="z-20 flex w-[25rem] shrink-0 flex-col border-l border-line bg-panel max-lg:absolute max-lg:inset-y-0 max-lg:right-0 max-lg:shadow-2xl max-md:w-full"
    >
      <div className="flex items-center gap-2 border-b border-line px-4 py-2.5">
        <h2 className="min-w-0 flex-1 truncate text-base font-semibold">
          {connection ? <Process connection={connection} /> : 'Connection'}
        </h2>
        <button
          type="button"
          className="control w-[2.125rem] px-0"
          aria-label="Close the details"
          onClick={onClose}
        >
          <X className="size-4" aria-hidden />
        </button>
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto px-4 py-3">
        {connection ? (
          <Details connection={connection} gone={!live} onFilter={onFilter} />
        ) : stored.isLoading ? (
          <Loading what="the connection" />
        ) : stored.isError ? (
          <Failed error={stored.error} retry={() => void stored.refetch()} />
        ) : (
          <Empty title="This connection is gone" />
        )}
      </div>
    </aside>
  );
}

function Details(props: { connection: Connection; gone: boolean; onFilter: (filters: Filters) => void }) {
  const { connection: c, gone, onFilter } = props;
  const now = Date.now();
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-2">
        <StateBadge state={c.state} />
        {c.error !== null && (
          <span className="tone tone-red rounded px-1.5 text-2xs font-semibold">{c.error}</span>
        )}
        {gone && <span className="text-xs text-ink-3">No longer in the list; as last seen.</span>}
        {c.count > 1 && <span className="text-xs text-ink-3">{formatCount(c.count)} alike, sums</span>}
      </div>
      <Section title="Ends">
        <Fact name="Remote">
          <Text value={c.remote_addr} wrap className="text-ink" />
        </Fact>
        <Fact name="Name" skip={c.remote_name === null}>
          <Text value={c.remote_name} wrap />{' '}
          <span className="text-ink-3">
            ({c.remote_name_source}
            {c.remote_name_at !== null && `, ${formatAge(now - Date.parse(c.remote_name_at))} ago`})
          </span>
        </Fact>
        <Fact name="Local">
          <Text value={c.local_addr} wrap />
        </Fact>
        <Fact name="Protocol">{[c.protocol, c.direction].filter(Boolean).join(', ') || '–'}</Fact>
        <Fact name="Owner" skip={c.organization === null && c.country === null}>
          <Text value={[c.organization, c.asn && `AS${c.asn}`, c.country].filter(Boolean).join(' · ')} wrap />
        </Fact>
      </Section>
      <Section title="Inside" skip={!isInspected(c)}>
        <Fact name="Application" skip={c.application === null}>
          <Text value={c.application} wrap />{' '}
          {c.application_by !== null && (
            <span className="text-ink-3">
              ({c.application_by === 'port' ? 'by its port alone' : 'proved by its payload'})
            </span>
          )}
        </Fact>
        <Fact name="Site" skip={c.site === null}>
          <Text value={c.site} wrap />
        </Fact>
        <Fact name="Server name" skip={c.sni === null}>
          <Text value={c.sni} wrap />
        </Fact>
        <Fact name="TLS" skip={c.tls_version === null && c.alpn === null}>
          <Text value={[c.tls_version, c.alpn && `ALPN ${c.alpn}`].filter(Boolean).join(', ')} wrap />
        </Fact>
        <Fact name="JA4" skip={c.ja4 === null}>
          <Text value={c.ja4} wrap />
        </Fact>
      </Section>
      <Section title="Traffic">
        <Fact name="Download">
          <Rate value={c.download_speed} kind="down" /> · {formatBytes(c.bytes_received)} in{' '}
          {formatCount(c.packets_received)} packets
        </Fact>
        <Fact name="Upload">
          <Rate value={c.upload_speed} kind="up" /> · {formatBytes(c.bytes_sent)} in{' '}
          {formatCount(c.packets_sent)} packets
        </Fact>
        <Fact name="Opened">{formatTime(c.opened_at, now)}</Fact>
        <Fact name="Closed" skip={c.closed_at === null}>
          {formatTime(c.closed_at, now)}
        </Fact>
        <Fact name="Duration">
          <Duration connection={c} />
        </Fact>
      </Section>
      <Section title="Quality">
        <Fact name="Round trip">
          {formatMs(c.rtt_ms)} · jitter {formatMs(c.jitter_ms)} · least {formatMs(c.min_rtt_ms)}
        </Fact>
        <Fact name="Retransmits">
          {formatCount(c.retransmits)} · loss{' '}
          {formatPercent(c.loss_ratio === null ? null : c.loss_ratio * 100)}
        </Fact>
        <Fact name="Queues">
          {formatBytes(c.send_queue)} to send, {formatBytes(c.receive_queue)} to read
        </Fact>
        <Fact name="Limited by">{c.limited_by?.replace('_', ' ') ?? '–'}</Fact>
        <Fact name="Failed while" skip={c.phase === null}>
          {c.phase}
          {c.reset_by !== null && `, reset by the ${c.reset_by} end`}
        </Fact>
        <Fact name="SYN retries" skip={!c.syn_retries}>
          {formatCount(c.syn_retries)}
        </Fact>
      </Section>
      <ProcessSection connection={c} />
      <Section title="Risk" skip={c.risk_level === null}>
        <Fact name="Level">
          <Text value={c.risk_level} /> ({formatCount(c.risk_score)})
        </Fact>
        {c.risk_reasons?.map((reason) => (
          <Fact key={reason} name="">
            <Text value={reason} wrap />
          </Fact>
        ))}
      </Section>
      {c.direction !== 'listening' && <Packets key={c.id} id={c.id} />}
      <History connection={c} onFilter={onFilter} />
    </>
  );
}

function isInspected({ application, site, sni, tls_version, alpn, ja4 }: Connection): boolean {
  return [application, site, sni, tls_version, alpn, ja4].some((value) => value !== null);
}

function ProcessSection({ connection: c }: { connection: Connection }) {
  return (
    <Section title="Process">
      <Fact name="PID">{c.process_id ?? '–'}</Fact>
      <Fact name="Path">
        <Text value={c.process_path} wrap max={4096} />
      </Fact>
      <Fact name="Command">
        <Text value={c.command_line} wrap max={4096} />
      </Fact>
      <Fact name="User">
        <Text value={c.user} wrap /> {c.user_id !== null && <span className="text-ink-3">({c.user_id})</span>}
      </Fact>
      <Fact name="Parents" skip={!c.parents?.length}>
        <Text value={c.parents?.join(' ← ')} wrap max={4096} />
      </Fact>
      <Fact name="Container" skip={c.container === null}>
        <Text value={c.container} wrap />
      </Fact>
      <Fact name="Unit" skip={c.unit === null}>
        <Text value={c.unit} wrap />
      </Fact>
      <Fact name="Started">{formatTime(c.process_started_at, Date.now())}</Fact>
      <Fact name="Namespace">{c.network_namespace ?? '–'}</Fact>
      <Fact name="Agent">
        <Text value={c.agent} wrap />
      </Fact>
      <Fact name="Unknown" skip={c.owner_unknown_reason === null}>
        <Text value={c.owner_unknown_reason} wrap />
      </Fact>
    </Section>
  );
}

function Section({ title, skip = false, children }: { title: string; skip?: boolean; children: ReactNode }) {
  if (skip) return null;
  return (
    <section className="mb-4">
      <h3 className="heading mb-1.5">{title}</h3>
      <dl className="grid grid-cols-[5.8rem_minmax(0,1fr)] gap-x-3 gap-y-1 text-[0.8125rem]">{children}</dl>
    </section>
  );
}

function Fact({ name, skip = false, children }: { name: string; skip?: boolean; children: ReactNode }) {
  if (skip) return null;
  return (
    <>
      <dt className="text-ink-3">{name}</dt>
      <dd className="min-w-0 text-ink-2">{children}</dd>
    </>
  );
}
