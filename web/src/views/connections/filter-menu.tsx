import { ListFilter, X } from 'lucide-react';
import { type FilterField, type Filters, filterFields, toggleValue } from '../../lib/filters.ts';
import { Menu } from '../../ui/menu.tsx';
import { Text } from '../../ui/text.tsx';

interface FilterProps {
  readonly filters: Filters;
  readonly onFilters: (filters: Filters) => void;
}

/** A form with every filter. */
export function FilterMenu({ filters, onFilters }: FilterProps) {
  const count = Object.keys(filters).length;
  return (
    <Menu
      title="Filter"
      on={count > 0}
      label={
        <>
          <ListFilter className="size-4" aria-hidden />
          <span className="@max-[46rem]/main:hidden">Filter</span>
          {count > 0 && <span>{count}</span>}
        </>
      }
      className="w-[min(27rem,calc(100vw-1rem))]"
    >
      <div className="grid grid-cols-[5.5rem_minmax(0,1fr)] items-center gap-x-3 gap-y-2 text-[0.8125rem]">
        {filterFields
          .filter(({ name }) => name !== 'text')
          .map((field) => (
            <FilterLine key={field.name} field={field} filters={filters} onFilters={onFilters} />
          ))}
      </div>
      <div className="mt-3 flex justify-end">
        <button type="button" className="control" disabled={count === 0} onClick={() => onFilters({})}>
          Clear all
        </button>
      </div>
    </Menu>
  );
}

function FilterLine({ field, filters, onFilters }: FilterProps & { field: FilterField }) {
  const { name, label, hint, values } = field;
  const id = `filter-${name}`;
  const set = (value: string | undefined): void => onFilters({ ...filters, [name]: value });
  if (values) {
    const on = new Set(filters[name]?.split(','));
    return (
      <>
        <span id={id} className="self-start pt-1 text-ink-3">
          {label}
        </span>
        <fieldset aria-labelledby={id} className="flex flex-wrap gap-1">
          {values.map((value) => (
            <button
              key={value}
              type="button"
              aria-pressed={on.has(value)}
              className="rounded border border-line px-1.5 py-0.5 text-2xs font-medium text-ink-2 hover:border-line-strong aria-pressed:border-accent aria-pressed:bg-accent/15 aria-pressed:text-ink"
              onClick={() => set(toggleValue(filters[name], value))}
            >
              {value}
            </button>
          ))}
        </fieldset>
      </>
    );
  }
  return (
    <>
      <label htmlFor={id} className="text-ink-3">
        {label}
      </label>
      <input
        id={id}
        className="field w-full"
        placeholder={hint}
        value={filters[name] ?? ''}
        maxLength={256}
        spellCheck={false}
        onChange={(event) => set(event.target.value || undefined)}
      />
    </>
  );
}

/** The filters that are on, each with a button to take it off. */
export function FilterChips({ filters, onFilters }: FilterProps) {
  const on = filterFields.filter(({ name }) => name !== 'text' && filters[name]);
  if (on.length === 0) return null;
  return (
    <ul aria-label="Filters" className="flex flex-wrap gap-1.5">
      {on.map(({ name, label }) => (
        <li key={name} className="min-w-0">
          <button
            type="button"
            aria-label={`Remove the filter ${label}`}
            className="flex max-w-full items-center gap-1.5 rounded-full border border-line-strong bg-raised py-0.5 pr-2 pl-2.5 text-xs hover:border-accent"
            onClick={() => onFilters({ ...filters, [name]: undefined })}
          >
            <span className="text-ink-3">{label}</span>
            <Text value={filters[name]} max={60} />
            <X className="size-3 shrink-0 text-ink-3" aria-hidden />
          </button>
        </li>
      ))}
    </ul>
  );
}
