import { removeLeftFilters } from '../../sys/bpf/clsact.ts';
import { inNetworkNamespace } from '../../sys/network-namespace.ts';
import { findNamespaces } from './find-namespaces.ts';
import { readLinks } from './read-links.ts';

/** Takes off all interfaces what netmons have left that ended by SIGKILL, where the kernel has no TCX; how many filters. */
export function removeAllLeftFilters(): number {
  let removed = removeHere();
  for (const path of findNamespaces(['all']).values())
    try {
      removed += inNetworkNamespace(path, removeHere);
    } catch {
      // It has gone meanwhile, or may not be entered.
    }
  return removed;
}

const removeHere = (): number => readLinks().reduce((sum, { index }) => sum + removeLeftFilters(index), 0);
