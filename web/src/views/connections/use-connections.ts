import { useCallback, useEffect, useRef, useState } from 'react';
import type { Connection } from '../../../../src/wire/connection.ts';
import { type Filters, toWireFilter } from '../../lib/filters.ts';
import { maxGrouped } from '../../lib/groups.ts';
import type { RowsView } from '../../live/live-store.ts';
import { useHeld, useRows } from '../../live/use-live.ts';

/** Windows start and end at multiples of this, so that a little scrolling asks for nothing new. */
const step = 50;
/** Rows kept loaded before and after those in sight. */
const margin = 25;
/** How long scrolling must rest before another window is asked for, in milliseconds. */
const restMs = 60;

/** The live connections that match, of which only a window around the rows in sight is loaded. */
export function useConnections(
  filters: Filters,
  sort: string,
  whole: boolean,
  frozen: boolean,
): { view: RowsView<Connection>; onRange: (first: number, last: number) => void } {
  const [range, setRange] = useState({ offset: 0, limit: 2 * step });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const onRange = useCallback((first: number, last: number) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      const offset = Math.floor(Math.max(0, first - margin) / step) * step;
      const limit = Math.min(maxGrouped, Math.ceil((last + 1 + margin) / step) * step - offset);
      setRange((now) => (now.offset === offset && now.limit === limit ? now : { offset, limit }));
    }, restMs);
  }, []);
  useEffect(() => () => clearTimeout(timer.current), []);
  const window = whole ? { offset: 0, limit: maxGrouped } : range;
  const live = useRows<Connection>({ topic: 'connections', filter: toWireFilter(filters), sort, ...window });
  return { view: useHeld(live, frozen), onRange };
}
