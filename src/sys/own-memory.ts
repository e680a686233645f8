import { readFileSync } from 'node:fs';
import koffi from 'koffi';

/** MADV_DONTNEED of madvise(2). */
const dontNeed = 4;

/**
 * Lets go of the resident pages of this process's program and libraries, of which a start needs far more than what comes
 * after it. They stay in the kernel's cache, and those in use are mapped again at once: 30 MB less resident for some
 * hundred page faults. Only mappings that were never written to are touched; none where they may not be read.
 */
export function releaseProgramPages(): void {
  const { madvise } = bind();
  let smaps: string;
  try {
    smaps = readFileSync('/proc/self/smaps', 'latin1');
  } catch {
    return;
  }
  for (const { start, bytes } of findProgramMappings(smaps)) madvise(start, bytes, dontNeed);
}

/** Has the C library give freed memory back that lies between what is in use (malloc_trim(3)); musl needs no such call. */
export function releaseFreedMemory(): void {
  bind().trim?.(0);
}

export interface ProgramMapping {
  readonly start: number;
  readonly bytes: number;
}

/** The private read-only mappings of files in proc_pid_smaps(5) that hold no page of the process's own. */
export function findProgramMappings(smaps: string): ProgramMapping[] {
  const found: ProgramMapping[] = [];
  let mapping: ProgramMapping | null = null;
  for (const line of smaps.split('\n')) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \d+\s*(.*)$/.exec(line);
    if (head) {
      const [, from, to, permissions, file] = head;
      const start = Number.parseInt(from, 16);
      const isProgram = /^r-[x-]p$/.test(permissions) && file.startsWith('/');
      mapping = isProgram ? { start, bytes: Number.parseInt(to, 16) - start } : null;
    } else if (mapping && /^Anonymous:\s+0 kB$/.test(line)) found.push(mapping);
  }
  return found;
}

interface Calls {
  readonly madvise: (start: number, bytes: number, advice: number) => number;
  readonly trim: ((pad: number) => number) | null;
}

let calls: Calls | undefined;

function bind(): Calls {
  if (calls) return calls;
  const library = koffi.load(null);
  let trim: Calls['trim'] = null;
  try {
    trim = library.func('int malloc_trim(size_t pad)');
  } catch {
    // Not glibc.
  }
  calls = { madvise: library.func('int madvise(uintptr_t start, size_t bytes, int advice)'), trim };
  return calls;
}
