import { useCallback, useMemo, useState } from 'react';
import { type Column, fitColumns } from './table-model.ts';

/** Which columns are hidden: by the table's width, unless the reader chose; the choice is remembered under `storageKey`. */
export function useColumnChoice<Row extends object>(
  columns: readonly Column<Row>[],
  width: number,
  storageKey: string | null = null,
): [Readonly<Record<string, boolean>>, (id: string, hidden: boolean) => void] {
  const [chosen, setChosen] = useState(() => readChoice(storageKey));
  const fitting = [...fitColumns(columns, chosen, width, rem())].join();
  const hidden = useMemo(() => {
    const shown = new Set(fitting.split(','));
    return Object.fromEntries(columns.map(({ id }) => [id!, !shown.has(id!)]));
  }, [columns, fitting]);
  const choose = useCallback(
    (id: string, hide: boolean) => {
      setChosen((now) => {
        const next = { ...now, [id]: hide };
        try {
          if (storageKey) localStorage.setItem(storageKey, JSON.stringify(next));
        } catch {
          // Storage is switched off: the choice lasts as long as the page.
        }
        return next;
      });
    },
    [storageKey],
  );
  return [hidden, choose];
}

/** CSS pixels of a rem. */
function rem(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
}

function readChoice(storageKey: string | null): Record<string, boolean> {
  if (!storageKey) return {};
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storageKey) ?? '{}');
    if (typeof stored !== 'object' || stored === null) return {};
    return Object.fromEntries(Object.entries(stored).filter(([, value]) => typeof value === 'boolean'));
  } catch {
    return {};
  }
}
