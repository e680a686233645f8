import { ListFilter, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { toggleValue } from '../../lib/filters.ts';
import type { MonitorFilters } from '../../lib/monitor-list.ts';
import { kindLabels, shownKinds } from '../../lib/monitors.ts';
import { Menu } from '../../ui/menu.tsx';
import { Text } from '../../ui/text.tsx';

interface ToolbarProps {
  readonly filters: MonitorFilters;
  readonly sort: string;
  readonly group: string;
  /** Names of labels and agents that there are. */
  readonly labels: readonly string[];
  readonly agents: readonly string[];
  readonly set: (name: string, value: string | null) => void;
  /** At the end of the bar. */
  readonly children?: ReactNode;
}

const sorts = [
  ['state', 'State'],
  ['name', 'Name'],
  ['-response', 'Slowest'],
  ['-loss', 'Most loss'],
  ['uptime', 'Least uptime'],
  ['certificate', 'Certificate ends'],
  ['-since', 'Changed last'],
] as const;
/** Labels offered for grouping, those of most monitors. */
const maxLabels = 50;

/** Search, filters, order and grouping of the list. */
export function MonitorToolbar(props: ToolbarProps) {
  const { filters, sort, group, labels, set, children } = props;
  const listed = sorts.some(([value]) => value === sort);
  return (
    <div role="toolbar" aria-label="List" className="flex flex-wrap items-center gap-1.5 md:gap-2">
      <input
        type="search"
        data-search
        aria-label="Search monitors"
        placeholder="Name, target, label"
        className="field min-w-36 flex-1"
        value={filters.text}
        maxLength={256}
        spellCheck={false}
        onChange={(event) => set('text', event.target.value)}
      />
      <FilterMenu {...props} />
      <label className="control pr-1.5">
        <span className="text-ink-3 max-md:sr-only">Sort</span>
        <select
          className="bg-panel text-ink outline-none max-sm:w-20"
          value={sort}
          onChange={(event) => set('sort', event.target.value === 'state' ? null : event.target.value)}
        >
          {!listed && <option value={sort}>{sort.replace(/^-/, '')}</option>}
          {sorts.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {(labels.length > 0 || group !== '') && (
        <label className="control pr-1.5">
          <span className="text-ink-3 max-md:sr-only">Group</span>
          <select
            className="max-w-32 bg-panel text-ink outline-none max-sm:w-20"
            value={group}
            onChange={(event) => set('group', event.target.value || null)}
          >
            <option value="">No groups</option>
            {[...new Set([...labels.slice(0, maxLabels), ...(group === '' ? [] : [group])])].map((label) => (
              <option key={label} value={label}>
                {label}
              </option>
            ))}
          </select>
        </label>
      )}
      {children}
    </div>
  );
}

function FilterMenu({ filters, labels, agents, set }: ToolbarProps) {
  const { kinds, labels: chosen, agents: seenBy } = filters;
  const count = kinds.length + chosen.length + seenBy.length;
  return (
    <Menu
      title="Filter"
      on={count > 0}
      label={
        <>
          <ListFilter className="size-4" aria-hidden />
          <span className="max-md:hidden">Filter</span>
          {count > 0 && <span>{count}</span>}
        </>
      }
      className="w-[min(25rem,calc(100vw-1rem))]"
    >
      <div className="grid grid-cols-[4.5rem_minmax(0,1fr)] items-start gap-x-3 gap-y-2.5 text-[0.8125rem]">
        <Choices
          name="Kind"
          values={shownKinds}
          chosen={kinds}
          labelOf={(kind) => kindLabels[kind]}
          onToggle={(kind) => set('kind', toggleValue(kinds.join(','), kind) ?? null)}
        />
        {agents.length > 0 && (
          <Choices
            name="Agent"
            values={agents}
            chosen={seenBy}
            onToggle={(agent) => set('agent', toggleValue(seenBy.join(','), agent) ?? null)}
          />
        )}
        <label htmlFor="monitor-label" className="pt-1.5 text-ink-3">
          Label
        </label>
        <input
          id="monitor-label"
          className="field w-full"
          placeholder="name or name=value, with commas"
          list="monitor-labels"
          value={chosen.join(',')}
          maxLength={512}
          spellCheck={false}
          onChange={(event) => set('label', event.target.value)}
        />
        <datalist id="monitor-labels">
          {labels.slice(0, maxLabels).map((label) => (
            <option key={label} value={label} />
          ))}
        </datalist>
      </div>
    </Menu>
  );
}

function Choices<Value extends string>(props: {
  name: string;
  values: readonly Value[];
  chosen: readonly Value[];
  labelOf?: (value: Value) => string;
  onToggle: (value: Value) => void;
}) {
  const { name, values, chosen, labelOf = (value) => value, onToggle } = props;
  return (
    <>
      <span id={`monitor-${name}`} className="pt-0.5 text-ink-3">
        {name}
      </span>
      <fieldset aria-labelledby={`monitor-${name}`} className="flex max-h-40 flex-wrap gap-1 overflow-auto">
        {values.map((value) => (
          <button
            key={value}
            type="button"
            aria-pressed={chosen.includes(value)}
            className="rounded border border-line px-1.5 py-0.5 text-xs font-medium text-ink-2 hover:border-line-strong aria-pressed:border-accent aria-pressed:bg-accent/15 aria-pressed:text-ink"
            onClick={() => onToggle(value)}
          >
            {labelOf(value)}
          </button>
        ))}
      </fieldset>
    </>
  );
}

/** The filters that are on, each with a button to take it off. */
export function MonitorChips({ filters, set }: Pick<ToolbarProps, 'filters' | 'set'>) {
  const { kinds, labels, agents } = filters;
  const chips = [
    ...kinds.map((kind) => ({ name: 'kind', value: kind, shown: kindLabels[kind], all: kinds })),
    ...labels.map((label) => ({ name: 'label', value: label, shown: label, all: labels })),
    ...agents.map((agent) => ({ name: 'agent', value: agent, shown: agent, all: agents })),
  ];
  if (chips.length === 0) return null;
  return (
    <ul aria-label="Filters" className="flex flex-wrap gap-1.5">
      {chips.map(({ name, value, shown, all }) => (
        <li key={`${name} ${value}`} className="min-w-0">
          <button
            type="button"
            aria-label={`Remove the filter ${name} ${shown}`}
            className="flex max-w-full items-center gap-1.5 rounded-full border border-line-strong bg-raised py-0.5 pr-2 pl-2.5 text-xs hover:border-accent"
            onClick={() => set(name, all.filter((one) => one !== value).join(','))}
          >
            <span className="text-ink-3">{name}</span>
            <Text value={shown} max={60} />
            <X className="size-3 shrink-0 text-ink-3" aria-hidden />
          </button>
        </li>
      ))}
    </ul>
  );
}
