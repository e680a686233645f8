import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { NetmonError } from '../base/errors.ts';

/** A running netmon, as its pid file tells. */
export interface Instance {
  readonly pid: number;
  /** Clock ticks from boot to the start of the process, so that a pid used again is not mistaken for it. */
  readonly started: number;
}

/**
 * Makes the runtime directory (mode 0750, of this user and the group) and in it the pid file, which the answer takes
 * away again. Throws NM_ALREADY_RUNNING when another instance holds it, NM_SYSTEM when the directory cannot be had.
 */
export function claimInstance(pidFile: string, gid: number): Disposable {
  makeRuntimeDirectory(dirname(pidFile), gid);
  const self: Instance = { pid: process.pid, started: readStartTime(process.pid) ?? 0 };
  const draft = `${pidFile}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(self)}\n`, { mode: 0o644 });
  try {
    // A link appears with its whole content or not at all, so two that start at once cannot both win.
    if (!tryLink(draft, pidFile)) {
      refuseRunning(pidFile);
      rmSync(pidFile, { force: true });
      if (!tryLink(draft, pidFile)) refuseRunning(pidFile);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return { [Symbol.dispose]: () => rmSync(pidFile, { force: true }) };
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function refuseRunning(pidFile: string): void {
  const running = findInstance(pidFile);
  if (!running) return;
  throw new NetmonError(
    'NM_ALREADY_RUNNING',
    `netmon already runs as process ${running.pid}: end it with "netmon down", or give this one a --data folder of its own`,
  );
}

/** The instance that the pid file names, or null when there is none or it has ended. */
export function findInstance(pidFile: string): Instance | null {
  let text: string;
  try {
    text = readFileSync(pidFile, 'utf8');
  } catch {
    return null;
  }
  const match = /^\{"pid":(\d{1,10}),"started":(\d{1,15})\}\n$/.exec(text);
  if (!match) return null;
  const instance = { pid: Number(match[1]), started: Number(match[2]) };
  return isAlive(instance) ? instance : null;
}

/** Whether that very process still runs; a zombie does not. */
export function isAlive({ pid, started }: Instance): boolean {
  return readStartTime(pid) === started;
}

/** Field 22 of /proc/PID/stat (proc(5)); null for a process that has ended. */
function readStartTime(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : Number(fields[19]);
  } catch {
    return null;
  }
}

function makeRuntimeDirectory(path: string, gid: number): void {
  const uid = process.getuid!();
  try {
    mkdirSync(path, { recursive: true, mode: 0o750 });
    const found = lstatSync(path);
    if (!found.isDirectory() || found.uid !== uid) {
      throw new NetmonError('NM_SYSTEM', `${path} belongs to someone else or is no folder: remove it`);
    }
    if (uid === 0) chownSync(path, 0, gid);
    chmodSync(path, 0o750);
  } catch (cause) {
    if (cause instanceof NetmonError) throw cause;
    throw new NetmonError('NM_SYSTEM', `unable to make the runtime folder ${path}`, { cause });
  }
}
