import { useCallback, useMemo } from 'react';
import { connectionSorts } from '../../../../src/wire/names.ts';
import { useAddress } from '../../app/use-address.ts';
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
  const [query, set, change] = useAddress();
  const narrow = useMediaQuery('(max-width: 767px)');
  const filters = useMemo(() => readFilters(query), [query]);
  const setFilters = useCallback((next: Filters) => change((now) => writeFilters(now, next)), [change]);
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
