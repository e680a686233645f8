import { useCallback } from 'react';
import { useSearchParams } from 'react-router';

/**
 * The query of the page's address, and a way to write one parameter of it; null or '' takes that out. A change starts
 * from the address as it is, so that of two that come before the next picture neither is lost.
 */
export function useAddress(): readonly [
  query: URLSearchParams,
  set: (name: string, value: string | null) => void,
  change: (edit: (query: URLSearchParams) => URLSearchParams) => void,
] {
  const [query, setQuery] = useSearchParams();
  const change = useCallback(
    (edit: (query: URLSearchParams) => URLSearchParams) =>
      setQuery(edit(new URLSearchParams(window.location.search)), { replace: true }),
    [setQuery],
  );
  const set = useCallback(
    (name: string, value: string | null) =>
      change((now) => {
        const next = new URLSearchParams(now);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      }),
    [change],
  );
  return [query, set, change];
}
