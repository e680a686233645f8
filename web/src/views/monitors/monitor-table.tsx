import { useCallback, useMemo, useRef, useState } from 'react';
import type { MonitorRow } from '../../../../src/wire/monitor.ts';
import { formatCount } from '../../lib/format.ts';
import { groupByLabel, type MonitorGroup } from '../../lib/monitor-list.ts';
import { countStates, monitorLooks, statesByWeight } from '../../lib/monitors.ts';
import { DataTable } from '../../ui/data-table.tsx';
import type { Item, Sort } from '../../ui/table-model.ts';
import { Text } from '../../ui/text.tsx';
import { useColumnChoice } from '../../ui/use-column-choice.ts';
import { useWidth } from '../../ui/use-size.ts';
import { monitorColumns } from './monitor-columns.tsx';

const idOf = (row: MonitorRow): string => row.id;
const isOff = (row: MonitorRow): boolean => row.status.state === 'stopped';

/** Monitors as rows in the order that they come in, in groups where a label is given. */
export function MonitorTable(props: {
  rows: readonly MonitorRow[];
  group: string;
  sort: string;
  onSort: (sort: string) => void;
  selected: string | null;
  onOpen: (row: MonitorRow) => void;
  onOrder: (rows: readonly MonitorRow[]) => void;
}) {
  const { rows, group, onSort } = props;
  const host = useRef<HTMLDivElement>(null);
  const [hidden] = useColumnChoice(monitorColumns, useWidth(host));
  const items = useGroupItems(rows, group);
  const sort = useMemo(
    (): Sort => ({ id: props.sort.replace(/^-/, ''), desc: props.sort.startsWith('-') }),
    [props.sort],
  );
  const sortBy = useCallback((next: Sort) => onSort(`${next.desc ? '-' : ''}${next.id}`), [onSort]);
  const place = useMemo(() => ({ offset: 0, total: rows.length }), [rows.length]);
  return (
    <div ref={host} className="flex min-h-0 flex-1 flex-col">
      <DataTable
        label="Monitors"
        columns={monitorColumns}
        hidden={hidden}
        rows={rows}
        rowId={idOf}
        sort={sort}
        onSort={sortBy}
        window={place}
        items={items}
        selected={props.selected}
        faded={isOff}
        onOpen={props.onOpen}
        onOrder={props.onOrder}
      />
    </div>
  );
}

function useGroupItems(rows: readonly MonitorRow[], label: string): readonly Item<MonitorRow>[] | undefined {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const toggle = useCallback((key: string) => {
    setClosed((now) => {
      const next = new Set(now);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  }, []);
  return useMemo(() => {
    if (label === '') return undefined;
    return groupByLabel(rows, label).flatMap((group): Item<MonitorRow>[] => {
      const key = group.value === null ? 'none' : `=${group.value}`;
      const open = !closed.has(key);
      const content = <GroupTitle key={key} group={group} label={label} />;
      return [
        { head: { key, open, content, onToggle: () => toggle(key) } },
        ...(open ? group.rows.map((row) => ({ row })) : []),
      ];
    });
  }, [rows, label, closed, toggle]);
}

function GroupTitle({ group, label }: { group: MonitorGroup; label: string }) {
  const counts = countStates(group.rows);
  return (
    <>
      <Text
        value={group.value ?? `without ${label}`}
        className={`font-semibold ${group.value === null ? 'text-ink-3 italic' : ''}`}
      />
      <span className="rounded-full bg-panel px-2 text-xs text-ink-2">{formatCount(group.rows.length)}</span>
      <span className="ml-auto flex gap-3 text-xs whitespace-nowrap">
        {statesByWeight
          .filter((state) => counts[state] > 0)
          .map((state) => (
            <span key={state} className={`tone-${monitorLooks[state].tone} text-(--tone)`}>
              {formatCount(counts[state])} {monitorLooks[state].label.toLowerCase()}
            </span>
          ))}
      </span>
    </>
  );
}
