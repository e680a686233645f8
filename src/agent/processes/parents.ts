import { parseStat } from '../../decode/procfs.ts';
import { readProcText } from '../../sys/proc.ts';

/** Most ancestors told; deeper ones are left out. */
const maxParents = 32;
/** How long what was read of an ancestor holds: its number may go to another process after that. */
const keepMs = 1000;
const maxKept = 1024;

/** What was remembered of a process that may be gone. */
export type Ancestor = { readonly name: string; readonly ppid: number };

/** Ancestors of processes. */
export interface Parents {
  /** `name (pid)` of the process numbered `ppid`, its parent and so on to the first, nearest first. */
  chainOf(ppid: number): readonly string[];
}

/** Makes a reader; `recall` tells what is remembered of a process that /proc no longer has. */
export function makeParents(recall: (pid: number) => Ancestor | null, now: () => number = Date.now): Parents {
  const kept = new Map<number, { readonly at: number; readonly chain: readonly string[] }>();
  const read = (pid: number): Ancestor | null => {
    const stat = parseStat(readProcText(`/proc/${pid}/stat`) ?? '');
    return stat ? { name: stat.comm, ppid: stat.ppid } : recall(pid);
  };
  const follow = (first: number): string[] => {
    const chain: string[] = [];
    const seen = new Set<number>();
    for (let pid = first; pid > 0 && chain.length < maxParents && !seen.has(pid); ) {
      const ancestor = read(pid);
      if (!ancestor) break;
      seen.add(pid);
      chain.push(`${ancestor.name} (${pid})`);
      pid = ancestor.ppid;
    }
    return chain;
  };
  return {
    chainOf(ppid) {
      const known = kept.get(ppid);
      if (known && now() - known.at < keepMs) return known.chain;
      if (kept.size >= maxKept) kept.clear();
      const chain = follow(ppid);
      kept.set(ppid, { at: now(), chain });
      return chain;
    },
  };
}
