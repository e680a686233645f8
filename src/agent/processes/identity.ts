/** Who a process is. One object a process and life: whoever holds it sees later changes (a new program, the exit). */
export interface ProcessIdentity {
  /** `pid-starttime`, the start in clock ticks since boot; unique while the machine runs. */
  readonly key: string;
  /** Null for an owner that is not known at all. */
  readonly process_id: number | null;
  readonly process_name: string | null;
  /** The program's file as the process itself sees it. */
  readonly process_path: string | null;
  /** Whether that file was removed or replaced since. */
  readonly path_deleted: boolean;
  /** With secrets masked. */
  readonly command_line: string | null;
  readonly user: string | null;
  readonly user_id: number | null;
  /** Ancestors as `name (pid)`, nearest first. */
  readonly parents: readonly string[];
  readonly container: string | null;
  readonly unit: string | null;
  /** RFC 3339. */
  readonly started_at: string | null;
  readonly exited_at: string | null;
  /** Why fields above are null; null when they are known. */
  readonly unknown_reason: string | null;
}

/** What the kernel said of a process when it made a socket, for when it can no longer be asked. */
export interface ProcessHint {
  readonly comm: string;
  readonly ppid: number;
  readonly uid: number;
  /** 0 for unknown. */
  readonly cgroup_id: number;
}

/** The kernel's report that a process runs a new program. `args` are NUL-separated and may be cut. */
export interface ProcessExec extends ProcessHint {
  readonly pid: number;
  /** CLOCK_BOOTTIME nanoseconds. */
  readonly start_ns: number;
  readonly filename: string;
  readonly args: Uint8Array;
}

/** What is found out about a process, apart from who it is. */
export type ProcessFacts = Omit<ProcessIdentity, 'key' | 'process_id' | 'started_at' | 'exited_at'>;

/** Longest name kept; the kernel's own is at most 15 bytes, the file's may be longer. */
const maxName = 64;
/** Kernel's limit of a name, TASK_COMM_LEN less its end. */
const maxComm = 15;

/** What runtimes call their main thread (Node.js, Firefox), which says nothing of the program. */
const threadNames = new Set(['MainThread', 'GeckoMain']);

/**
 * A process's name: that of its main thread, in full where the kernel cut it and the program's file begins so; the
 * file's where the thread's says nothing.
 */
export function nameProcess(comm: string, path: string | null, firstArgument: string | undefined): string {
  if (threadNames.has(comm) && path !== null)
    return path
      .slice(path.lastIndexOf('/') + 1)
      .slice(0, maxName)
      .toWellFormed();
  if (Buffer.byteLength(comm) < maxComm) return comm.slice(0, maxName);
  for (const candidate of [path, firstArgument]) {
    const base = candidate?.slice(candidate.lastIndexOf('/') + 1);
    if (base?.startsWith(comm)) return base.slice(0, maxName).toWellFormed();
  }
  return comm.slice(0, maxName);
}

/** The arguments in bytes separated by NUL; a title that a process wrote over them is one argument. */
export function splitArguments(bytes: Uint8Array): string[] {
  const args = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8').split('\0');
  while (args.length > 0 && args[args.length - 1] === '') args.pop();
  return args;
}
