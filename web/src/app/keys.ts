import { useEffect, useRef } from 'react';

export type KeyBindings = Readonly<Record<string, (event: KeyboardEvent) => void>>;

/** Whether a key belongs to what has the focus: a text field, a menu, a dialog; Enter also to a button or link. */
function isTaken(event: KeyboardEvent): boolean {
  const target = event.target as Element | null;
  if (
    target?.closest('input, textarea, select, [contenteditable], [role="dialog"][data-modal], [role="menu"]')
  ) {
    return true;
  }
  if (event.key === 'Enter' && target?.closest('button, a')) return true;
  return event.ctrlKey || event.metaKey || event.altKey;
}

/** Single keys (`j`, `/`, `Escape`) for as long as the component is there, except where text is typed. */
export function useKeys(bindings: KeyBindings): void {
  const latest = useRef(bindings);
  latest.current = bindings;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || isTaken(event)) return;
      const action = latest.current[event.key];
      if (!action) return;
      event.preventDefault();
      action(event);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

/** Puts the focus into the page's search field. */
export function focusSearch(): void {
  const field = document.querySelector<HTMLInputElement>('input[data-search]');
  field?.focus();
  field?.select();
}
