import { useEffect, useRef } from 'react';

/** Brings the selected row into sight when another is selected, but not when it moves; `find` answers -1 for none. */
export function useScrollTo(
  selected: string | null,
  scrollToIndex: (index: number) => void,
  find: (id: string) => number,
): void {
  const shown = useRef<string | null>(null);
  useEffect(() => {
    if (selected === shown.current) return;
    const index = selected === null ? -1 : find(selected);
    if (selected !== null && index < 0) return;
    shown.current = selected;
    if (index >= 0) scrollToIndex(index);
  });
}
