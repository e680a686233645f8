import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Empty, Failed, Loading } from './message.tsx';
import { Panel } from './panel.tsx';

/** A panel with a list that is read in pages, newest first, and a button for the next one. */
export function OlderList<Page, Row>(props: {
  title: string;
  note?: ReactNode;
  className: string;
  list: UseInfiniteQueryResult<InfiniteData<Page>>;
  rowsOf: (page: Page) => readonly Row[];
  keyOf: (row: Row) => string | number;
  /** What the rows are, in the plural. */
  what: string;
  nothing: string;
  children: (row: Row) => ReactNode;
}) {
  const { title, note, className, list, rowsOf, keyOf, what, nothing, children } = props;
  const rows = list.data?.pages.flatMap(rowsOf);
  return (
    <Panel title={title} note={note} className={className}>
      {!rows &&
        (list.isError ? (
          <Failed error={list.error} retry={() => void list.refetch()} />
        ) : (
          <Loading what={what} />
        ))}
      {rows?.length === 0 && <Empty title={nothing} />}
      {rows && rows.length > 0 && (
        <ol className="mx-2 mb-2 min-h-0 divide-y divide-line overflow-y-auto">
          {rows.map((row) => (
            <li key={keyOf(row)} className="text-[0.8125rem]">
              {children(row)}
            </li>
          ))}
          {list.hasNextPage && (
            <li className="p-2">
              <button
                type="button"
                className="control"
                disabled={list.isFetchingNextPage}
                onClick={() => void list.fetchNextPage()}
              >
                Show older
              </button>
            </li>
          )}
        </ol>
      )}
    </Panel>
  );
}
