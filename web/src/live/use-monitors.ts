import { createContext, useCallback, useContext, useEffect, useSyncExternalStore } from 'react';
import type { MonitorRow } from '../../../src/wire/monitor.ts';
import { monitorRest } from '../lib/rest.ts';
import { type MonitorStore, type MonitorsPicture, maxRounds, type Round } from './monitor-store.ts';

/** The page's one MonitorStore. */
export const MonitorContext = createContext<MonitorStore | null>(null);

export function useMonitorStore(): MonitorStore {
  const store = useContext(MonitorContext);
  if (!store) throw new Error('no store of monitors above this component');
  return store;
}

/** All monitors, as of the newest news. */
export function useMonitors(): MonitorsPicture {
  const store = useMonitorStore();
  return useSyncExternalStore(store.listen, store.picture);
}

/** One monitor; undefined where there is none of that id. */
export function useMonitor(id: string): MonitorRow | undefined {
  const store = useMonitorStore();
  return useSyncExternalStore(
    store.listen,
    useCallback(() => store.row(id), [store, id]),
  );
}

/** A row that is scrolled past asks for nothing. */
const restMs = 150;

/** The newest rounds of a monitor, oldest first; undefined until they are here. */
export function useRounds(id: string): readonly Round[] | undefined {
  const store = useMonitorStore();
  const rounds = useSyncExternalStore(
    store.listen,
    useCallback(() => store.rounds(id), [store, id]),
  );
  const missing = rounds === undefined;
  useEffect(() => {
    if (!missing) return;
    const gone = new AbortController();
    const timer = setTimeout(() => {
      store.awaitRounds(id);
      monitorRest.results(id, { limit: maxRounds }, gone.signal).then(
        ({ results }) => store.keepRounds(id, results),
        () => {},
      );
    }, restMs);
    return () => {
      clearTimeout(timer);
      gone.abort();
    };
  }, [store, id, missing]);
  return rounds;
}
