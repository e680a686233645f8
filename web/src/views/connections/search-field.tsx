import { Search } from 'lucide-react';
import { type KeyboardEvent, useEffect, useState } from 'react';
import { type Filters, parseSearch } from '../../lib/filters.ts';

/** How long typing must rest before it filters, in milliseconds. */
const restMs = 200;

/**
 * Filters while one types: words are looked for in any field, and `process:curl` becomes a filter of its own with
 * Enter. Escape gives the focus back.
 */
export function SearchField({
  filters,
  onFilters,
}: {
  filters: Filters;
  onFilters: (filters: Filters) => void;
}) {
  const [draft, setDraft] = useState<string | null>(null);
  const shown = draft ?? filters.text ?? '';
  useEffect(() => {
    if (draft === null || parseSearch(draft).text === filters.text) return;
    const onlyText = Object.keys(parseSearch(draft)).every((name) => name === 'text');
    if (!onlyText) return;
    const timer = setTimeout(() => onFilters({ ...filters, text: parseSearch(draft).text }), restMs);
    return () => clearTimeout(timer);
  }, [draft, filters, onFilters]);

  const commit = (): void => {
    if (draft === null) return;
    onFilters({ ...filters, text: undefined, ...parseSearch(draft) });
    setDraft(null);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.key === 'Enter') commit();
    if (event.key === 'Enter' || event.key === 'Escape') event.currentTarget.blur();
  };
  return (
    <label className="relative flex min-w-0 flex-1 items-center @max-[46rem]/main:-order-2 @max-[46rem]/main:basis-[calc(100%-3.5rem)]">
      <Search className="pointer-events-none absolute left-2.5 size-4 text-ink-3" aria-hidden />
      <input
        type="search"
        data-search
        aria-label="Search connections"
        placeholder="Search, or process:curl state:listen port:443"
        spellCheck={false}
        maxLength={1024}
        className="field w-full pr-8 pl-8.5"
        value={shown}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={onKeyDown}
        onBlur={commit}
      />
      {shown === '' && (
        <span className="kbd pointer-events-none absolute right-2.5 @max-[46rem]/main:hidden" aria-hidden>
          /
        </span>
      )}
    </label>
  );
}
