import { useMemo, useRef, useState } from 'react';
import type { Connection } from '../../../../src/wire/connection.ts';
import { useLive } from '../../live/use-live.ts';
import { DataTable } from '../../ui/data-table.tsx';
import { Disconnected, Empty, Loading } from '../../ui/message.tsx';
import type { Sort } from '../../ui/table-model.ts';
import { useColumnChoice } from '../../ui/use-column-choice.ts';
import { useWidth } from '../../ui/use-size.ts';
import { errorColumns } from './error-columns.tsx';

const idOf = (row: Connection): string => String(row.id);

interface LiveErrorsProps {
  readonly rows: readonly Connection[];
  readonly ready: boolean;
  readonly selected: string | null;
  readonly onOpen: (row: Connection) => void;
  readonly onOrder: (rows: readonly Connection[]) => void;
}

/** The newest failures, as they come. */
export function LiveErrors({ rows, ready, selected, onOpen, onOrder }: LiveErrorsProps) {
  const host = useRef<HTMLElement>(null);
  const [hidden] = useColumnChoice(errorColumns, useWidth(host));
  const [sort, setSort] = useState<Sort>({ id: 'timestamp', desc: true });
  const [search, setSearch] = useState('');
  const phase = useLive((store) => store.link.phase);
  const shown = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    return wanted === '' ? rows : rows.filter((row) => matches(row, wanted));
  }, [rows, search]);
  return (
    <section
      ref={host}
      aria-label="Failures as they come"
      className="panel flex min-h-[24rem] flex-1 flex-col overflow-hidden"
    >
      <div className="flex items-center gap-3 border-b border-line py-2 pr-2 pl-3.5">
        <h2 className="heading flex-1">As they come</h2>
        <input
          type="search"
          data-search
          aria-label="Search failures"
          placeholder="Search these failures"
          className="field w-64 max-w-[55%]"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </div>
      {!ready && (phase === 'offline' ? <Disconnected what="failures" /> : <Loading what="failures" />)}
      {ready && shown.length === 0 && (
        <Empty title={rows.length === 0 ? 'No failures yet' : 'No failure matches'} />
      )}
      {ready && shown.length > 0 && (
        <DataTable
          label="Failures"
          columns={errorColumns}
          hidden={hidden}
          rows={shown}
          rowId={idOf}
          sort={sort}
          onSort={setSort}
          selected={selected}
          onOpen={onOpen}
          onOrder={onOrder}
        />
      )}
    </section>
  );
}

function matches(row: Connection, wanted: string): boolean {
  return [
    row.error,
    row.process_name,
    row.remote_addr,
    row.remote_name,
    row.local_addr,
    row.process_path,
  ].some((value) => value?.toLowerCase().includes(wanted));
}
