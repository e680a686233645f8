import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router';
import { connectionSorts } from '../../../../src/wire/names.ts';
import { type Filters, readFilters, writeFilters } from '../../lib/filters.ts';
import { type Grouping, groupings } from '../../lib/groups.ts';
import { useMediaQuery } from '../../ui/use-size.ts';

export type Layout = 'table' | 'cards';

/** Everything that makes up a view of connections; all of it lives in the URL. */
export interface ViewState {
  readonly filters: Filters;
  readonly sort: string;
  readonly group: Grouping | null;
  readonly layout: Layout;
  /** Id of the connection whose details are open. */
  readonly selected: string | null;
  readonly setFilters: (filters: Filters) => void;
  /** Writes one parameter; null or the default takes it out. */
  readonly set: (name: 'sort' | 'group' | 'view' | 'id', value: string | null) => void;
}

/** Fastest first. */
export const defaultSort = '-speed';

export function useViewState(): ViewState {
  const [query, setQuery] = useSearchParams();
  const narrow = useMediaQuery('(max-width: 767px)');
  const filters = useMemo(() => readFilters(query), [query]);
  const setFilters = useCallback(
    (next: Filters) => setQuery((now) => writeFilters(now, next), { replace: true }),
    [setQuery],
  );
  const set = useCallback(
    (name: string, value: string | null) =>
      setQuery(
        (now) => {
          const next = new URLSearchParams(now);
          if (value === null) next.delete(name);
          else next.set(name, value);
          return next;
        },
        { replace: true },
      ),
    [setQuery],
  );
  const sort = query.get('sort') ?? '';
  const group = query.get('group');
  const view = query.get('view');
  return {
    filters,
    sort: isSort(sort) ? sort : defaultSort,
    group: groupings.find((one) => one === group) ?? null,
    layout: view === 'cards' || view === 'table' ? view : narrow ? 'cards' : 'table',
    selected: query.get('id'),
    setFilters,
    set,
  };
}

function isSort(value: string): boolean {
  return (connectionSorts as readonly string[]).includes(value.replace(/^-/, ''));
}
