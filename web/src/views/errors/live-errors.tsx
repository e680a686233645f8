import { useState } from 'react';
import type { Connection } from '../../../../src/wire/connection.ts';
import { SearchList } from '../../ui/search-list.tsx';
import { errorColumns } from './error-columns.tsx';

const idOf = (row: Connection): string => String(row.id);

interface LiveErrorsProps {
  readonly rows: readonly Connection[];
  readonly ready: boolean;
  readonly selected: string | null;
  readonly onOpen: (row: Connection) => void;
  readonly onOrder: (rows: readonly Connection[]) => void;
}

/** The newest failures, as they come. */
export function LiveErrors(props: LiveErrorsProps) {
  const [search, setSearch] = useState('');
  return (
    <SearchList
      {...props}
      name="Failures as they come"
      title={() => 'As they come'}
      what="failures"
      nothing="No failures yet"
      noMatch="No failure matches"
      placeholder="Search these failures"
      search={search}
      onSearch={setSearch}
      textsOf={textsOf}
      firstSort={{ id: 'timestamp', desc: true }}
      label="Failures"
      columns={errorColumns}
      rowId={idOf}
    />
  );
}

const textsOf = (row: Connection): (string | null)[] => [
  row.error,
  row.process_name,
  row.remote_addr,
  row.remote_name,
  row.local_addr,
  row.process_path,
];
