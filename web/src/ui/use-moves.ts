import { useCallback, useRef, useState } from 'react';
import type { KeyBindings } from '../app/keys.ts';

/**
 * Moving through a list by keys: j and k mark the next and previous row in the order shown, Enter opens the marked one.
 * The mark stays with its row wherever that moves; while details are open they follow it.
 */
export function useMoves<Row>(options: {
  /** Id of the row whose details are open. */
  opened: string | null;
  idOf: (row: Row) => string;
  onOpen: (id: string) => void;
}): { marked: string | null; onOrder: (rows: readonly Row[]) => void; keys: KeyBindings } {
  const { opened, idOf, onOpen } = options;
  const order = useRef<readonly Row[]>([]);
  const [mark, setMark] = useState<{ id: string | null; index: number }>({ id: null, index: -1 });
  const onOrder = useCallback((rows: readonly Row[]) => {
    order.current = rows;
  }, []);
  const marked = opened ?? mark.id;
  const move = (by: number): void => {
    const rows = order.current;
    if (rows.length === 0) return;
    const at = marked === null ? -1 : rows.findIndex((row) => idOf(row) === marked);
    // A row that is gone leaves its place to the one that took it.
    const from = at >= 0 || marked === null ? at : mark.index - Math.max(0, by);
    const index = Math.min(rows.length - 1, Math.max(0, from + by));
    const id = idOf(rows[index]);
    setMark({ id, index });
    if (opened !== null) onOpen(id);
  };
  const next = (): void => move(1);
  const previous = (): void => move(-1);
  const open = (): void => {
    if (marked !== null) onOpen(marked);
  };
  return { marked, onOrder, keys: { j: next, k: previous, ArrowDown: next, ArrowUp: previous, Enter: open } };
}
