import { ArrowDown, ArrowUp } from 'lucide-react';
import { memo } from 'react';
import type { Connection } from '../../../../src/wire/connection.ts';
import { StateBadge } from '../../ui/state-badge.tsx';
import { Text } from '../../ui/text.tsx';
import { Duration, hasNoPeer, Process, Rate, Remote } from './connection-columns.tsx';

/** Height of a card in CSS pixels, with the gap below it. */
export const cardHeight = 122;

/** One connection as a card. */
export const ConnectionCard = memo(function ConnectionCard(props: {
  connection: Connection;
  selected: boolean;
  onOpen: (connection: Connection) => void;
}) {
  const { connection, selected, onOpen } = props;
  const alone = hasNoPeer(connection);
  return (
    <button
      type="button"
      aria-pressed={selected}
      data-id={connection.id}
      data-faded={!connection.active || undefined}
      onClick={() => onOpen(connection)}
      className="panel flex h-[112px] min-w-0 flex-col justify-between px-3 py-2.5 text-left text-[0.8125rem] hover:border-line-strong data-faded:opacity-75 aria-pressed:border-accent"
    >
      <span className="flex w-full min-w-0 items-center gap-2">
        <span className="flex min-w-0 flex-1 items-baseline gap-2 text-sm">
          <Process connection={connection} />
          {connection.process_id !== null && (
            <span className="text-xs text-ink-3">{connection.process_id}</span>
          )}
        </span>
        <StateBadge state={connection.state} error={connection.error} />
      </span>
      <span className="flex w-full min-w-0 flex-col leading-5">
        {alone ? (
          <Text value={connection.local_addr} className="text-ink" />
        ) : (
          <Remote connection={connection} />
        )}
        <span className="flex min-w-0 items-baseline gap-1.5 text-xs text-ink-3">
          <span className="uppercase">{connection.protocol}</span>
          <span>{alone ? (connection.direction ?? 'without a peer') : (connection.direction ?? 'from')}</span>
          {!alone && <Text value={connection.local_addr} />}
        </span>
      </span>
      <span className="flex w-full items-center gap-4">
        <span className="flex items-center gap-1">
          <ArrowDown className="size-3.5 text-ink-3" aria-label="Download" />
          <Rate value={connection.download_speed} kind="down" />
        </span>
        <span className="flex items-center gap-1">
          <ArrowUp className="size-3.5 text-ink-3" aria-label="Upload" />
          <Rate value={connection.upload_speed} kind="up" />
        </span>
        <span className="ml-auto text-xs text-ink-3">
          <Duration connection={connection} />
        </span>
      </span>
    </button>
  );
});
