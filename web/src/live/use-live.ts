import { createContext, useContext, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { ColumnBuffer } from './column-buffer.ts';
import { emptyView, type LiveStore, type RowsView, type Topic } from './live-store.ts';

/** The page's one LiveStore. */
export const LiveContext = createContext<LiveStore | null>(null);

export function useLiveStore(): LiveStore {
  const store = useContext(LiveContext);
  if (!store) throw new Error('no live store above this component');
  return store;
}

/** A selected part of the live data; renders again only when the selected value is another one. */
export function useLive<T>(select: (store: LiveStore) => T): T {
  const store = useLiveStore();
  return useSyncExternalStore(store.listen, () => select(store));
}

/**
 * Keeps a subscription open while the component is there, and answers its id. When the topic changes the old one
 * stays on show until the first picture of the new one is here; null subscribes to nothing.
 */
export function useSubscription(topic: Topic | null): string | null {
  const store = useLiveStore();
  const [shown, setShown] = useState<string | null>(null);
  const shownRef = useRef<string | null>(null);
  const wanted = topic === null ? null : JSON.stringify(topic);
  useEffect(() => {
    if (wanted === null) {
      if (shownRef.current !== null) store.close(shownRef.current);
      shownRef.current = null;
      return;
    }
    const id = store.open(JSON.parse(wanted) as Topic);
    const show = (): void => {
      const before = shownRef.current;
      if (before !== null && before !== id) store.close(before);
      shownRef.current = id;
      setShown(id);
    };
    if (shownRef.current === null) show();
    const stop = store.listen(() => {
      if (shownRef.current === id) return;
      const view = store.view(id);
      if (view.ready || (store.samples(id)?.length ?? 0) > 0) show();
    });
    return () => {
      stop();
      if (shownRef.current !== id) store.close(id);
    };
  }, [store, wanted]);
  useEffect(
    () => () => {
      if (shownRef.current !== null) store.close(shownRef.current);
      shownRef.current = null;
    },
    [store],
  );
  return wanted === null ? null : shown;
}

/** The rows of a topic as of the newest frame. */
export function useRows<Row>(topic: Topic | null): RowsView<Row> {
  const id = useSubscription(topic);
  return useLive((store) => store.view(id)) as RowsView<Row>;
}

/** The samples of a bandwidth topic; the buffer changes in place, so read it when `listen` calls. */
export function useSamples(topic: Topic | null): () => ColumnBuffer | null {
  const store = useLiveStore();
  const id = useSubscription(topic);
  const idRef = useRef(id);
  idRef.current = id;
  const [read] = useState(() => () => store.samples(idRef.current));
  return read;
}

/** Holds a view as it was when `frozen` became true. */
export function useHeld<Row>(view: RowsView<Row>, frozen: boolean): RowsView<Row> {
  const held = useRef<RowsView<Row>>(emptyView);
  if (!frozen) held.current = view;
  return held.current;
}
