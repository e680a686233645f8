import { Columns3, LayoutGrid, Snowflake, Table2 } from 'lucide-react';
import { groupings } from '../../lib/groups.ts';
import { Menu } from '../../ui/menu.tsx';
import { connectionColumns } from './connection-columns.tsx';
import { FilterMenu } from './filter-menu.tsx';
import { SearchField } from './search-field.tsx';
import { defaultSort, type ViewState } from './use-view-state.ts';

const sorts: ReadonlyArray<readonly [string, string]> = [
  ['-speed', 'Fastest'],
  ['process', 'Process'],
  ['protocol', 'Protocol'],
  ['state', 'State'],
  ['-duration', 'Longest'],
  ['duration', 'Newest'],
  ['-bytes', 'Most bytes'],
  ['-download_speed', 'Download'],
  ['-upload_speed', 'Upload'],
  ['-rtt', 'Slowest RTT'],
  ['-retransmits', 'Retransmits'],
  ['remote', 'Remote'],
  ['local', 'Local'],
  ['pid', 'PID'],
  ['user', 'User'],
  ['container', 'Container'],
  ['direction', 'Direction'],
  ['-error', 'Error'],
];
const groupLabels = {
  process: 'Process',
  remote: 'Remote host',
  container: 'Container',
  user: 'User',
} as const;

interface ToolbarProps {
  readonly state: ViewState;
  readonly hidden: Readonly<Record<string, boolean>>;
  readonly onColumn: (id: string, hidden: boolean) => void;
  readonly frozen: boolean;
  readonly onFreeze: () => void;
}

/** Search, filters, order, grouping, layout and freeze. */
export function Toolbar({ state, hidden, onColumn, frozen, onFreeze }: ToolbarProps) {
  const { filters, setFilters, set, layout } = state;
  const listed = sorts.some(([value]) => value === state.sort);
  return (
    <div
      role="toolbar"
      aria-label="List"
      className="flex flex-wrap items-center gap-1.5 @min-[46rem]/main:gap-2"
    >
      <SearchField filters={filters} onFilters={setFilters} />
      <FilterMenu filters={filters} onFilters={setFilters} />
      <label className="control pr-1.5 @max-[46rem]/main:px-1.5">
        <span className="text-ink-3 @max-[62rem]/main:sr-only">Sort</span>
        <select
          className="bg-panel text-ink outline-none @max-[30rem]/main:w-[4.6rem]"
          value={state.sort}
          onChange={(event) => set('sort', event.target.value === defaultSort ? null : event.target.value)}
        >
          {!listed && <option value={state.sort}>{state.sort.replace(/^-/, '').replaceAll('_', ' ')}</option>}
          {sorts.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <label className="control pr-1.5 @max-[46rem]/main:px-1.5">
        <span className="text-ink-3 @max-[62rem]/main:sr-only">Group</span>
        <select
          className="bg-panel text-ink outline-none @max-[30rem]/main:w-[4.6rem]"
          value={state.group ?? ''}
          onChange={(event) => set('group', event.target.value || null)}
        >
          <option value="">No groups</option>
          {groupings.map((group) => (
            <option key={group} value={group}>
              {groupLabels[group]}
            </option>
          ))}
        </select>
      </label>
      <fieldset aria-label="Layout" className="flex">
        <LayoutButton
          icon={Table2}
          label="Table"
          on={layout === 'table'}
          onClick={() => set('view', 'table')}
        />
        <LayoutButton
          icon={LayoutGrid}
          label="Cards"
          on={layout === 'cards'}
          onClick={() => set('view', 'cards')}
        />
      </fieldset>
      {layout === 'table' && <ColumnMenu hidden={hidden} onColumn={onColumn} />}
      <button
        type="button"
        className="control @max-[46rem]/main:-order-1"
        aria-pressed={frozen}
        aria-label="Freeze the list"
        onClick={onFreeze}
      >
        <Snowflake className="size-4" aria-hidden />
        <span className="@max-[46rem]/main:hidden">{frozen ? 'Frozen' : 'Freeze'}</span>
      </button>
    </div>
  );
}

function LayoutButton(props: { icon: typeof Table2; label: string; on: boolean; onClick: () => void }) {
  const Icon = props.icon;
  return (
    <button
      type="button"
      aria-label={props.label}
      title={props.label}
      aria-pressed={props.on}
      className="control first:rounded-r-none last:-ml-px last:rounded-l-none aria-pressed:z-1"
      onClick={props.onClick}
    >
      <Icon className="size-4" aria-hidden />
    </button>
  );
}

function ColumnMenu({ hidden, onColumn }: Pick<ToolbarProps, 'hidden' | 'onColumn'>) {
  return (
    <Menu title="Columns" className="w-48" label={<Columns3 className="size-4" aria-hidden />}>
      <div className="flex flex-col gap-1 text-[0.8125rem]">
        {connectionColumns.map(({ id, header, meta }) => (
          <label
            key={id}
            className="flex cursor-pointer items-center gap-2.5 rounded px-1 py-0.5 hover:bg-raised"
          >
            <input
              type="checkbox"
              className="accent-(--accent)"
              checked={!hidden[id!]}
              onChange={(event) => onColumn(id!, !event.target.checked)}
            />
            {meta?.label ?? String(header)}
          </label>
        ))}
      </div>
    </Menu>
  );
}
