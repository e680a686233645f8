import { realpathSync, statSync } from 'node:fs';
import type { CgroupOwner } from '../../decode/cgroup.ts';
import { parseStat, parseStatusUid } from '../../decode/procfs.ts';
import { maskCommandLine } from '../../rules/secrets.ts';
import { readProcBytes, readProcLink, readProcText } from '../../sys/proc.ts';
import { type Cgroups, makeCgroups } from './cgroups.ts';
import {
  nameProcess,
  type ProcessExec,
  type ProcessFacts,
  type ProcessHint,
  splitArguments,
} from './identity.ts';
import type { Parents } from './parents.ts';
import { makeUserNames, type UserNames } from './users.ts';

/** Bytes of arguments read of a living process; the rest would not be shown. */
const maxArguments = 16 * 1024;
/** Bytes of arguments that the kernel side hands over, NETMON_ARGS in bpf/netmon.h. */
const maxExecArguments = 1024;
const deletedSuffix = ' (deleted)';
const maxPath = 4096;

/** How long a program's resolved name holds, and how many are kept. */
const keepResolvedMs = 10_000;
const maxResolved = 1024;

/** Facts, with the name as the kernel has it and the parent, for those who look for a change. */
export interface FoundFacts {
  readonly facts: ProcessFacts;
  readonly comm: string;
  readonly ppid: number;
}

/** Finds out about processes, living and gone. */
export interface FactFinder {
  /** Reads /proc; null when the process that started at that tick is gone, or is a zombie. */
  ofLiving(pid: number, startTicks: number, hint: ProcessHint | null): FoundFacts | null;
  /** From the program it ran last. */
  ofExec(exec: ProcessExec, hint: ProcessHint | null): FoundFacts;
  /** From its parent, of which it is a fork that ran no program of its own. */
  ofFork(parent: ProcessFacts, hint: ProcessHint): FoundFacts;
  /** From no more than the kernel's hint. */
  ofHint(hint: ProcessHint, reason: string): FoundFacts;
}

/** Makes a finder with its own memory of users, control groups and programs. */
export function makeFactFinder(
  parents: Parents,
  users: UserNames = makeUserNames(),
  cgroups: Cgroups = makeCgroups(),
): FactFinder {
  const resolve = makeProgramResolver();
  const groupOf = (hint: ProcessHint): CgroupOwner => cgroups.ofId(hint.cgroup_id);
  const build = (
    hint: ProcessHint,
    group: CgroupOwner,
    own: Pick<
      ProcessFacts,
      'process_name' | 'process_path' | 'path_deleted' | 'command_line' | 'unknown_reason'
    >,
  ): FoundFacts => ({
    comm: hint.comm,
    ppid: hint.ppid,
    facts: {
      ...own,
      user: users.nameOf(hint.uid),
      user_id: hint.uid,
      parents: parents.chainOf(hint.ppid),
      container: group.container,
      unit: group.unit,
    },
  });
  return {
    ofLiving(pid, startTicks, hint) {
      const stat = parseStat(readProcText(`/proc/${pid}/stat`, 1024) ?? '');
      if (stat?.startTicks !== startTicks || 'ZXx'.includes(stat.state)) return null;
      const program = readProgram(pid);
      const bytes = readProcBytes(`/proc/${pid}/cmdline`, maxArguments);
      const args = bytes ? splitArguments(bytes) : [];
      const uid = hint?.uid ?? parseStatusUid(readProcText(`/proc/${pid}/status`, 2048) ?? '') ?? 0;
      const group = cgroups.ofProcess(pid, hint?.cgroup_id ?? 0);
      return build({ comm: stat.comm, ppid: stat.ppid, uid, cgroup_id: 0 }, group, {
        process_name: nameProcess(stat.comm, program.path, args[0]),
        process_path: program.path,
        path_deleted: program.deleted,
        command_line: args.length === 0 ? null : maskCommandLine(args, bytes?.length === maxArguments),
        unknown_reason: program.reason,
      });
    },
    ofExec(exec, hint) {
      const args = splitArguments(exec.args);
      const group = groupOf(exec);
      const file = programOf(exec.filename, args);
      const path = file === null || group.container !== null ? file : resolve(file);
      return build({ ...exec, comm: hint?.comm ?? exec.comm, uid: hint?.uid ?? exec.uid }, group, {
        process_name: nameProcess(hint?.comm ?? exec.comm, path, args[0]),
        process_path: path,
        path_deleted: false,
        command_line: args.length === 0 ? null : maskCommandLine(args, exec.args.length >= maxExecArguments),
        unknown_reason: path === null ? 'exited before the path of its program could be read' : null,
      });
    },
    ofFork(parent, hint) {
      return build(hint, groupOf(hint), {
        process_name: parent.process_name,
        process_path: parent.process_path,
        path_deleted: parent.path_deleted,
        command_line: parent.command_line,
        unknown_reason: parent.unknown_reason,
      });
    },
    ofHint(hint, reason) {
      return build(hint, groupOf(hint), {
        process_name: hint.comm === '' ? null : hint.comm,
        process_path: null,
        path_deleted: false,
        command_line: null,
        unknown_reason: reason,
      });
    },
  };
}

interface Program {
  readonly path: string | null;
  readonly deleted: boolean;
  readonly reason: string | null;
}

function readProgram(pid: number): Program {
  const link = `/proc/${pid}/exe`;
  const found = readProcLink(link);
  if ('error' in found) {
    // A kernel thread has none: nothing is unknown about it.
    if (found.error === 'ENOENT') return { path: null, deleted: false, reason: null };
    return { path: null, deleted: false, reason: `the path of its program may not be read (${found.error})` };
  }
  const { target } = found;
  const deleted = target.endsWith(deletedSuffix) && statSync(link, { throwIfNoEntry: false })?.nlink === 0;
  const path = deleted ? target.slice(0, -deletedSuffix.length) : target;
  return { path: path.slice(0, maxPath), deleted, reason: null };
}

/** The file that runs: for a script the interpreter, which the kernel puts before the script's own name. */
function programOf(filename: string, args: readonly string[]): string | null {
  const file = args.length > 1 && args[0] !== filename && args.indexOf(filename, 1) >= 1 ? args[0] : filename;
  return file.startsWith('/') && !/^\/(?:proc|dev\/fd)\//.test(file) ? file : null;
}

/** Follows symbolic links as the kernel does for /proc/PID/exe; a file that is gone stays as it was named. */
function makeProgramResolver(): (path: string) => string {
  const resolved = new Map<string, { readonly target: string; readonly at: number }>();
  return (path) => {
    const known = resolved.get(path);
    if (known && Date.now() - known.at < keepResolvedMs) return known.target;
    let target = path;
    try {
      target = realpathSync(path);
    } catch {
      // Gone, or in another mount namespace: the name is all there is.
    }
    if (resolved.size >= maxResolved) resolved.clear();
    resolved.set(path, { target, at: Date.now() });
    return target;
  };
}
