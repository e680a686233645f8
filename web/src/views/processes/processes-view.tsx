import { useCallback } from 'react';
import type { ProcessRow } from '../../../../src/wire/machine.ts';
import { useKeys } from '../../app/keys.ts';
import { useAddress } from '../../app/use-address.ts';
import { useAgentChoice } from '../../app/use-agent-choice.ts';
import { formatCount } from '../../lib/format.ts';
import { useRows } from '../../live/use-live.ts';
import { SearchList } from '../../ui/search-list.tsx';
import { useMoves } from '../../ui/use-moves.ts';
import { processColumns } from './process-columns.tsx';
import { ProcessPanel } from './process-panel.tsx';

const keyOf = (row: ProcessRow): string => row.key;

/** Every process with traffic: its rates, its totals, and the chart of the selected one. */
export default function ProcessesView() {
  const [query, set] = useAddress();
  const agent = useAgentChoice();
  const view = useRows<ProcessRow>({ topic: 'processes', agent });
  const selected = query.get('process');
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
      <SearchList
        name="Processes"
        title={(shown) => (view.ready ? `${formatCount(shown)} processes` : 'Processes')}
        what="processes"
        ready={view.ready}
        nothing="No process has used the network yet"
        noMatch="No process matches"
        placeholder="Name, PID, user, path"
        search={query.get('text') ?? ''}
        onSearch={(text) => set('text', text)}
        textsOf={textsOf}
        firstSort={{ id: 'speed', desc: true }}
        label="Processes"
        columns={processColumns}
        rows={view.rows}
        rowId={keyOf}
        selected={marked}
        onOpen={onOpen}
        onOrder={onOrder}
      />
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

const textsOf = (row: ProcessRow): (string | null)[] => [
  row.process_name,
  String(row.process_id),
  row.user,
  row.process_path,
  row.container,
  row.unit,
];
