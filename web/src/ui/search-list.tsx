import { type ReactNode, useMemo, useRef, useState } from 'react';
import { useLive } from '../live/use-live.ts';
import { DataTable, type DataTableProps } from './data-table.tsx';
import { Disconnected, Empty, Loading } from './message.tsx';
import type { Sort } from './table-model.ts';
import { useColumnChoice } from './use-column-choice.ts';
import { useWidth } from './use-size.ts';

type TableProps<Row extends object> = Pick<
  DataTableProps<Row>,
  'label' | 'columns' | 'rows' | 'rowId' | 'selected' | 'onOpen' | 'onOrder'
>;

interface SearchListProps<Row extends object> extends TableProps<Row> {
  /** Name of the panel, and what stands above the table when so many rows match. */
  readonly name: string;
  readonly title: (shown: number) => ReactNode;
  /** What the rows are, in the plural. */
  readonly what: string;
  readonly ready: boolean;
  /** Said when there is nothing, and when nothing matches. */
  readonly nothing: string;
  readonly noMatch: string;
  readonly placeholder: string;
  readonly search: string;
  readonly onSearch: (text: string) => void;
  /** The texts of a row that are searched. */
  readonly textsOf: (row: Row) => readonly (string | null)[];
  readonly firstSort: Sort;
}

/** A panel with a table of live rows that are all loaded, and a search in it. */
export function SearchList<Row extends object>(props: SearchListProps<Row>) {
  const { name, title, what, ready, nothing, noMatch, placeholder, search, onSearch, ...rest } = props;
  const { textsOf, firstSort, rows, ...table } = rest;
  const host = useRef<HTMLElement>(null);
  const [hidden] = useColumnChoice(props.columns, useWidth(host));
  const [sort, setSort] = useState(firstSort);
  const phase = useLive((store) => store.link.phase);
  const shown = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    if (wanted === '') return rows;
    return rows.filter((row) => textsOf(row).some((text) => text?.toLowerCase().includes(wanted)));
  }, [rows, search, textsOf]);
  return (
    <section
      ref={host}
      aria-label={name}
      className="panel flex min-h-[22rem] flex-1 flex-col overflow-hidden"
    >
      <div className="flex items-center gap-3 border-b border-line py-2 pr-2 pl-3.5">
        <h2 className="heading flex-1">{title(shown.length)}</h2>
        <input
          type="search"
          data-search
          aria-label={`Search ${what}`}
          placeholder={placeholder}
          className="field w-64 max-w-[55%]"
          value={search}
          maxLength={256}
          onChange={(event) => onSearch(event.target.value)}
        />
      </div>
      {!ready && (phase === 'offline' ? <Disconnected what={what} /> : <Loading what={what} />)}
      {ready && shown.length === 0 && <Empty title={rows.length === 0 ? nothing : noMatch} />}
      {ready && shown.length > 0 && (
        <DataTable {...table} rows={shown} hidden={hidden} sort={sort} onSort={setSort} />
      )}
    </section>
  );
}
