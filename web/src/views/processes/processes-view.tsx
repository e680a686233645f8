import { useCallback, useMemo, useRef, useState } from 'react';
import type { ProcessRow } from '../../../../src/wire/machine.ts';
import { useKeys } from '../../app/keys.ts';
import { useAddress } from '../../app/use-address.ts';
import { formatCount } from '../../lib/format.ts';
import { useLive, useRows } from '../../live/use-live.ts';
import { DataTable } from '../../ui/data-table.tsx';
import { Disconnected, Empty, Loading } from '../../ui/message.tsx';
import type { Sort } from '../../ui/table-model.ts';
import { useColumnChoice } from '../../ui/use-column-choice.ts';
import { useMoves } from '../../ui/use-moves.ts';
import { useWidth } from '../../ui/use-size.ts';
import { processColumns } from './process-columns.tsx';
import { ProcessPanel } from './process-panel.tsx';

const keyOf = (row: ProcessRow): string => row.key;

/** Every process with traffic: its rates, its totals, and the chart of the selected one. */
export default function ProcessesView() {
  const [query, set] = useAddress();
  const view = useRows<ProcessRow>({ topic: 'processes' });
  const phase = useLive((store) => store.link.phase);
  const host = useRef<HTMLElement>(null);
  const [hidden] = useColumnChoice(processColumns, useWidth(host));
  const [sort, setSort] = useState<Sort>({ id: 'speed', desc: true });
  const search = query.get('text') ?? '';
  const selected = query.get('process');
  const rows = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    return wanted === '' ? view.rows : view.rows.filter((row) => matches(row, wanted));
  }, [view.rows, search]);
  const { marked, onOrder, keys } = useMoves<ProcessRow>({
    opened: selected,
    idOf: keyOf,
    onOpen: (key) => set('process', key),
  });
  useKeys({ ...keys, Escape: () => set('process', null) });
  const onOpen = useCallback((row: ProcessRow) => set('process', row.key), [set]);
  const current = view.rows.find((row) => row.key === selected) ?? busiest(view.rows);
  return (
    <main className="flex min-h-0 min-w-0 flex-1 flex-col gap-2.5 overflow-y-auto p-2.5 md:gap-3 md:p-3">
      {current && <ProcessPanel key={current.key} row={current} chosen={current.key === selected} />}
      <section
        ref={host}
        aria-label="Processes"
        className="panel flex min-h-[22rem] flex-1 flex-col overflow-hidden"
      >
        <div className="flex items-center gap-3 border-b border-line py-2 pr-2 pl-3.5">
          <h2 className="heading flex-1">
            {view.ready ? `${formatCount(rows.length)} processes` : 'Processes'}
          </h2>
          <input
            type="search"
            data-search
            aria-label="Search processes"
            placeholder="Name, PID, user, path"
            className="field w-64 max-w-[55%]"
            value={search}
            maxLength={256}
            onChange={(event) => set('text', event.target.value)}
          />
        </div>
        {!view.ready &&
          (phase === 'offline' ? <Disconnected what="processes" /> : <Loading what="processes" />)}
        {view.ready && rows.length === 0 && (
          <Empty title={search ? 'No process matches' : 'No process has used the network yet'} />
        )}
        {view.ready && rows.length > 0 && (
          <DataTable
            label="Processes"
            columns={processColumns}
            hidden={hidden}
            rows={rows}
            rowId={keyOf}
            sort={sort}
            onSort={setSort}
            selected={marked}
            onOpen={onOpen}
            onOrder={onOrder}
          />
        )}
      </section>
    </main>
  );
}

/** The process with most traffic, of those that run if any does. */
function busiest(rows: readonly ProcessRow[]): ProcessRow | undefined {
  let best: ProcessRow | undefined;
  for (const row of rows) if (!best || weigh(row) > weigh(best)) best = row;
  return best;
}

function weigh(row: ProcessRow): number {
  return (row.bytes_sent + row.bytes_received) * (row.exited_at === null ? 1 : Number.EPSILON);
}

function matches(row: ProcessRow, wanted: string): boolean {
  return [row.process_name, String(row.process_id), row.user, row.process_path, row.container, row.unit].some(
    (value) => value?.toLowerCase().includes(wanted),
  );
}
