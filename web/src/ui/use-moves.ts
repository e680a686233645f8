import { useCallback, useRef } from 'react';
import type { KeyBindings } from '../app/keys.ts';

/** Selecting rows by j and k in the order shown; the selection follows its row wherever that moves. */
export function useMoves<Row>(options: {
  selected: string | null;
  idOf: (row: Row) => string;
  onSelect: (id: string) => void;
}): { onOrder: (rows: readonly Row[]) => void; keys: KeyBindings } {
  const order = useRef<readonly Row[]>([]);
  const lastIndex = useRef(-1);
  const onOrder = useCallback((rows: readonly Row[]) => {
    order.current = rows;
  }, []);
  const move = (by: number): void => {
    const rows = order.current;
    if (rows.length === 0) return;
    const at = rows.findIndex((row) => options.idOf(row) === options.selected);
    // A row that is gone leaves its place to the one that took it.
    const from = at >= 0 ? at : options.selected === null ? -1 : lastIndex.current - Math.max(0, by);
    const next = Math.min(rows.length - 1, Math.max(0, from + by));
    lastIndex.current = next;
    options.onSelect(options.idOf(rows[next]));
  };
  return {
    onOrder,
    keys: { j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1) },
  };
}
