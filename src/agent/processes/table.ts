import { AgingMap } from '../../base/aging-map.ts';
import { parseStat } from '../../decode/procfs.ts';
import { readBootEpochMs } from '../../sys/clock.ts';
import { mayReadOthers, readProcText } from '../../sys/proc.ts';
import type { Losses, SensorStatus } from '../../wire/machine.ts';
import { ProcessEntry } from './entry.ts';
import { type FactFinder, type FoundFacts, makeFactFinder } from './facts.ts';
import type { ProcessExec, ProcessHint, ProcessIdentity } from './identity.ts';
import { makeParents } from './parents.ts';
import { type ProcessChanges, ProcessTotals } from './totals.ts';

/** Nanoseconds of a clock tick, in which /proc/PID/stat gives the start (USER_HZ is 100 on x86-64 and arm64). */
const tickNs = 1e7;
/** Least time between two readings of one process whose name changed. */
const rereadMs = 1000;
/** Tries at finding an entry without connections to evict. */
const evictTries = 16;

export interface ProcessTableOptions {
  /** Most living processes kept; those with connections are kept beyond that. */
  readonly maxLiving?: number;
  /** Most processes kept after their exit, with their totals. */
  readonly maxExited?: number;
  /** Most programs remembered of processes that have used no socket yet. */
  readonly maxExecs?: number;
  /** Living processes looked at each second for an exit or a new program that was not reported. */
  readonly checksPerSecond?: number;
  readonly now?: () => number;
}

/**
 * Knows the processes behind connections: reads /proc when one is first asked for and remembers what the kernel reported,
 * so that one that lived a millisecond is known as well. Adds up what each does on the network.
 */
export interface ProcessTable {
  /** Takes over the kernel's report of a new program; to be called before `identify` of the same tick. */
  exec(event: ProcessExec): void;
  exited(pid: number, startNs: number): void;
  /**
   * The process with that number which started then (CLOCK_BOOTTIME); always the same object for the same process. With
   * number 0 the owner that is not known.
   */
  identify(pid: number, startNs: number, hint: ProcessHint): ProcessIdentity;
  /** The living process with that number, whenever it started; null when there is none. */
  identifyLiving(pid: number): ProcessIdentity | null;
  /** Adds payload bytes; to be called for each changed connection, so it allocates nothing. */
  account(process: ProcessIdentity, sent: number, received: number): void;
  opened(process: ProcessIdentity): void;
  closed(process: ProcessIdentity): void;
  failed(process: ProcessIdentity, count: number): void;
  /** Closes a tick: rates, samples and the slow look for unreported exits. */
  tick(nowMs: number): void;
  /** The rows that changed since the last call, or all with `full`. */
  takeChanges(full: boolean): ProcessChanges;
  /** Programs of living processes forgotten for want of room, since the start: they may end before they are looked up. */
  losses(): Losses;
  /** How many processes are known and how many were forgotten, with their totals, and whose may be looked up. */
  status(): SensorStatus;
  /** Why the owner that is not known is not, where the sensor of sockets has a better reason. */
  explainUnknown(reason: string): void;
}

/** Makes an empty table. */
export function makeProcessTable(options: ProcessTableOptions = {}): ProcessTable {
  return new Table(options);
}

interface Remembered extends ProcessExec {
  readonly startTicks: number;
}

class Table implements ProcessTable {
  readonly #maxLiving: number;
  readonly #maxExited: number;
  readonly #maxExecs: number;
  readonly #checksPerSecond: number;
  readonly #now: () => number;
  readonly #totals = new ProcessTotals();
  readonly #finder: FactFinder;
  /** By number, least recently asked for first. */
  readonly #living = new AgingMap<number, ProcessEntry>();
  /** By `keyOf`, first exited first. */
  readonly #exited = new AgingMap<number, ProcessEntry>();
  /** The last program of each process by number, living and just exited ones apart. */
  readonly #execs = new AgingMap<number, Remembered>();
  readonly #exitedExecs = new AgingMap<number, Remembered>();
  readonly #unknown = new ProcessEntry('unknown', null, 0, null);
  #forgottenExecs = 0;
  #forgotten = 0;
  readonly #readsOthers = mayReadOthers();
  #toCheck: Iterator<ProcessEntry> | null = null;
  #checkedAtMs = 0;

  constructor(options: ProcessTableOptions) {
    this.#maxLiving = options.maxLiving ?? 8192;
    this.#maxExited = options.maxExited ?? 2000;
    this.#maxExecs = options.maxExecs ?? 4096;
    this.#checksPerSecond = options.checksPerSecond ?? 20;
    this.#now = options.now ?? Date.now;
    this.#finder = makeFactFinder(makeParents((pid) => this.#recall(pid), this.#now));
    this.#unknown.unknown_reason =
      'opened by the kernel, or by a process that was gone before it could be looked up';
  }

  exec(event: ProcessExec): void {
    const remembered = { ...event, startTicks: toTicks(event.start_ns) };
    this.#execs.delete(event.pid);
    if (this.#execs.size >= this.#maxExecs) {
      this.#execs.removeOldest();
      this.#forgottenExecs++;
    }
    this.#execs.set(event.pid, remembered);
    const entry = this.#living.get(event.pid);
    if (entry?.startTicks === remembered.startTicks) this.#reread(entry);
  }

  exited(pid: number, startNs: number): void {
    const startTicks = toTicks(startNs);
    const exec = this.#execs.get(pid);
    if (exec?.startTicks === startTicks) {
      this.#execs.delete(pid);
      this.#exitedExecs.delete(pid);
      if (this.#exitedExecs.size >= this.#maxExecs) this.#exitedExecs.removeOldest();
      this.#exitedExecs.set(pid, exec);
    }
    const entry = this.#living.get(pid);
    if (entry?.startTicks === startTicks) this.#retire(entry);
  }

  identify(pid: number, startNs: number, hint: ProcessHint): ProcessIdentity {
    if (pid === 0) return this.#unknown;
    const startTicks = toTicks(startNs);
    const known = this.#living.get(pid);
    if (known?.startTicks === startTicks) {
      if (known.comm !== hint.comm && this.#now() - known.readAtMs >= rereadMs) this.#reread(known);
      this.#living.delete(pid);
      this.#living.set(pid, known);
      return known;
    }
    return this.#exited.get(keyOf(pid, startTicks)) ?? this.#add(pid, startTicks, hint);
  }

  identifyLiving(pid: number): ProcessIdentity | null {
    const stat = parseStat(readProcText(`/proc/${pid}/stat`, 1024) ?? '');
    if (!stat) return null;
    const known = this.#living.get(pid);
    if (known?.startTicks === stat.startTicks) return known;
    const found = this.#finder.ofLiving(pid, stat.startTicks, null);
    return found ? this.#insert(pid, stat.startTicks, found) : null;
  }

  account(process: ProcessIdentity, sent: number, received: number): void {
    if (process !== this.#unknown) this.#totals.account(process as ProcessEntry, sent, received);
  }

  opened(process: ProcessIdentity): void {
    if (process !== this.#unknown) this.#totals.opened(process as ProcessEntry);
  }

  closed(process: ProcessIdentity): void {
    if (process !== this.#unknown) this.#totals.closed(process as ProcessEntry);
  }

  failed(process: ProcessIdentity, count: number): void {
    if (process !== this.#unknown) this.#totals.failed(process as ProcessEntry, count);
  }

  tick(nowMs: number): void {
    this.#totals.tick(nowMs);
    if (nowMs - this.#checkedAtMs < 1000) return;
    this.#checkedAtMs = nowMs;
    this.#check();
  }

  takeChanges(full: boolean): ProcessChanges {
    return this.#totals.take(full, this.#now(), this.#all());
  }

  losses(): Losses {
    return { exec_events: this.#forgottenExecs };
  }

  status(): SensorStatus {
    return {
      name: 'processes',
      level: this.#readsOthers ? 'full' : 'proc',
      detail: `${this.#living.size} living, ${this.#exited.size} that exited, ${this.#forgotten} forgotten since`,
      reason: this.#readsOthers ? null : 'the programs of other users’ processes may not be read',
      remedy: this.#readsOthers ? null : 'run netmon as root, or with the capability CAP_SYS_PTRACE',
    };
  }

  explainUnknown(reason: string): void {
    this.#unknown.unknown_reason = reason;
  }

  *#all(): Iterable<ProcessEntry> {
    yield* this.#living.values();
    yield* this.#exited.values();
  }

  /** Finds out about a process that is not in the table: alive, or from what is remembered of it or its parent. */
  #add(pid: number, startTicks: number, hint: ProcessHint): ProcessEntry {
    const gone = this.#exitedExecs.get(pid);
    const ended = gone?.startTicks === startTicks;
    const living = ended ? null : this.#finder.ofLiving(pid, startTicks, hint);
    if (living) return this.#insert(pid, startTicks, living);
    const exec = ended ? gone : this.#execs.get(pid);
    const found =
      exec?.startTicks === startTicks
        ? this.#finder.ofExec(exec, hint)
        : this.#findByParent(hint, startTicks);
    return this.#insertExited(this.#make(pid, startTicks, found));
  }

  /** A fork that ran no program of its own is what its parent was, if it still bears the parent's name. */
  #findByParent(hint: ProcessHint, startTicks: number): FoundFacts {
    const { ppid } = hint;
    const parent = this.#living.get(ppid) ?? (this.identifyLiving(ppid) as ProcessEntry | null);
    if (parent && parent.comm === hint.comm && parent.startTicks <= startTicks) {
      return this.#finder.ofFork(parent, hint);
    }
    const exec = this.#execs.get(ppid) ?? this.#exitedExecs.get(ppid);
    if (exec && exec.comm === hint.comm && exec.startTicks <= startTicks) {
      return this.#finder.ofFork(this.#finder.ofExec(exec, null).facts, hint);
    }
    return this.#finder.ofHint(hint, 'exited before it could be looked up');
  }

  #make(pid: number, startTicks: number, found: FoundFacts): ProcessEntry {
    const startedMs = readBootEpochMs() + startTicks * (tickNs / 1e6);
    const entry = new ProcessEntry(
      `${pid}-${startTicks}`,
      pid,
      startTicks,
      new Date(startedMs).toISOString(),
    );
    entry.setFacts(found.facts);
    entry.comm = found.comm;
    entry.readAtMs = this.#now();
    return entry;
  }

  #insert(pid: number, startTicks: number, found: FoundFacts): ProcessEntry {
    const former = this.#living.get(pid);
    if (former) this.#retire(former);
    const entry = this.#make(pid, startTicks, found);
    if (this.#living.size >= this.#maxLiving) this.#evict(this.#living);
    this.#living.set(pid, entry);
    return entry;
  }

  #retire(entry: ProcessEntry): void {
    this.#living.delete(entry.process_id!);
    this.#insertExited(entry);
  }

  #insertExited(entry: ProcessEntry): ProcessEntry {
    entry.exited_at = new Date(this.#now()).toISOString();
    if (entry.connectionsTotal > 0) this.#totals.touch(entry);
    if (this.#exited.size >= this.#maxExited) this.#evict(this.#exited);
    this.#exited.set(keyOf(entry.process_id!, entry.startTicks), entry);
    return entry;
  }

  /** Drops the first entry without a connection; one with connections is held by them anyhow and goes to the end. */
  #evict(entries: AgingMap<number, ProcessEntry>): void {
    for (let i = 0; i < evictTries; i++) {
      const entry = entries.removeOldest();
      if (!entry) return;
      if (entry.connections <= 0) {
        this.#totals.drop(entry);
        this.#forgotten++;
        return;
      }
      entries.set(keyOf(entry.process_id!, entry.startTicks), entry);
    }
  }

  #reread(entry: ProcessEntry): void {
    entry.readAtMs = this.#now();
    const pid = entry.process_id!;
    const exec = this.#execs.get(pid);
    const found =
      this.#finder.ofLiving(pid, entry.startTicks, null) ??
      (exec?.startTicks === entry.startTicks ? this.#finder.ofExec(exec, null) : null);
    if (!found) return;
    entry.comm = found.comm;
    entry.setFacts(found.facts);
    if (entry.connectionsTotal > 0) this.#totals.touch(entry);
  }

  /** Looks at a few living processes, in turn. */
  #check(): void {
    for (let left = Math.min(this.#checksPerSecond, this.#living.size); left > 0; left--) {
      this.#toCheck ??= this.#living.values();
      const { value: entry, done } = this.#toCheck.next();
      if (done) {
        this.#toCheck = null;
        continue;
      }
      const stat = parseStat(readProcText(`/proc/${entry.process_id}/stat`, 1024) ?? '');
      if (stat?.startTicks !== entry.startTicks || stat.state === 'Z') this.#retire(entry);
      else if (stat.comm !== entry.comm) this.#reread(entry);
    }
  }

  #recall(pid: number): { name: string; ppid: number } | null {
    const exec = this.#execs.get(pid) ?? this.#exitedExecs.get(pid);
    return exec ? { name: exec.comm, ppid: exec.ppid } : null;
  }
}

function toTicks(startNs: number): number {
  return Math.floor(startNs / tickNs);
}

/** One number for a process number (below 2^22, PID_MAX_LIMIT) and a start in ticks, unique for 248 days. */
function keyOf(pid: number, startTicks: number): number {
  return (startTicks % 2 ** 31) * 2 ** 22 + pid;
}
