import { readFileSync } from 'node:fs';
import type { Component } from './lifecycle.ts';

/** Resident bytes of this process: its own, and those of files that it maps. */
export interface Resident {
  readonly anonymous: number;
  readonly files: number;
}

/** What giving memory back consists of. */
export interface Trimming {
  /** Collects all garbage and gives emptied pages back to the kernel, which takes some 50 ms. */
  collect(): void;
  /** Lets go of pages of files that can be read again; null where that cannot be done. */
  readonly releaseFiles: (() => void) | null;
  /** Null where it is not known. */
  readResident(): Resident | null;
  /** Milliseconds of CPU that this process has used. */
  readCpuMs(): number;
  now(): number;
}

/** What the C library can do about it, of `sys/own-memory.ts`. */
export interface NativeCalls {
  readonly releaseProgramPages: () => void;
  readonly releaseFreedMemory: () => void;
}

/** How often memory is looked at. */
const checkMs = 5_000;
/** Growth that is worth a collection, or letting go of files. */
const worthwhile = 12 * 2 ** 20;
/** A process that used more than this share of a core since the last look has no time for it. */
const busyShare = 0.15;
/**
 * Between two collections passes this, and two hundred times the CPU of the last one (0.5 % of a core) where the growth is
 * just worthwhile; the more it is, the sooner.
 */
const shortestWaitMs = 15_000;
const restOverWork = 200;
/** The rest after collections that brought little doubles up to this. */
const longestWaitMs = 600_000;
/** Files' pages that are in use are back in memory after this long. */
const settleMs = 10_000;

/**
 * Gives memory back once a peak is over. V8 would keep it for good: since version 13 its own reducer of memory does not
 * start in a process that goes on allocating a little, and emptied pages stay resident until it does (measured: 80 MB
 * resident for a heap of 10).
 */
export class MemoryTrimmer implements Component {
  readonly name = 'memory';
  readonly #trimming: Trimming;
  #timer: NodeJS.Timeout | undefined;
  #checkedAt = 0;
  #cpuMs = 0;
  #leastAnonymous = 0;
  #leastFiles = 0;
  #collectedAt = Number.NEGATIVE_INFINITY;
  #restMs = shortestWaitMs;
  #releasedAt: number | null = null;

  constructor(trimming: Trimming) {
    this.#trimming = trimming;
  }

  start(): void {
    this.#checkedAt = this.#trimming.now();
    this.#cpuMs = this.#trimming.readCpuMs();
    this.#timer = setInterval(() => this.check(), checkMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Looks at what is resident, and gives back what has grown since the last time, unless the process is busy. */
  check(): void {
    const now = this.#trimming.now();
    const busy = this.#isBusy(now);
    const resident = this.#trimming.readResident();
    if (!resident) return;
    if (this.#releasedAt !== null && now - this.#releasedAt >= settleMs) {
      this.#leastFiles = resident.files;
      this.#releasedAt = null;
    }
    if (busy) return;
    if (this.#isDue(resident.anonymous, now)) this.#collect(resident.anonymous);
    this.#releaseFiles(resident.files, now);
  }

  #isBusy(now: number): boolean {
    const cpuMs = this.#trimming.readCpuMs();
    const share = (cpuMs - this.#cpuMs) / Math.max(1, now - this.#checkedAt);
    this.#checkedAt = now;
    this.#cpuMs = cpuMs;
    return share > busyShare;
  }

  #isDue(anonymous: number, now: number): boolean {
    const worth = (anonymous - this.#leastAnonymous) / worthwhile;
    const rested = now - this.#collectedAt;
    return worth >= 1 && rested >= shortestWaitMs && rested * worth >= this.#restMs;
  }

  #collect(before: number): void {
    const cpuMs = this.#trimming.readCpuMs();
    this.#trimming.collect();
    const after = this.#trimming.readResident()?.anonymous ?? before;
    this.#cpuMs = this.#trimming.readCpuMs();
    this.#collectedAt = this.#trimming.now();
    const shortest = Math.max(shortestWaitMs, (this.#cpuMs - cpuMs) * restOverWork);
    const brought = before - after >= worthwhile / 2;
    this.#restMs = brought ? shortest : Math.max(shortest, Math.min(this.#restMs * 2, longestWaitMs));
    this.#leastAnonymous = after;
  }

  #releaseFiles(files: number, now: number): void {
    const { releaseFiles } = this.#trimming;
    if (!releaseFiles || this.#releasedAt !== null || files - this.#leastFiles < worthwhile) return;
    releaseFiles();
    this.#releasedAt = now;
  }
}

/** The trimmer of this process; none where the collector cannot be called (Node without `--expose-gc`). */
export function makeMemoryTrimmer(native: NativeCalls | null): Component[] {
  const { gc } = globalThis;
  return gc ? [new MemoryTrimmer(makeTrimming(gc, native))] : [];
}

function makeTrimming(gc: NodeJS.GCFunction, native: NativeCalls | null): Trimming {
  return {
    collect() {
      gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
      native?.releaseFreedMemory();
    },
    releaseFiles: native?.releaseProgramPages ?? null,
    readResident,
    readCpuMs() {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    },
    now: () => performance.now(),
  };
}

function readResident(): Resident | null {
  let status: string;
  try {
    status = readFileSync('/proc/self/status', 'latin1');
  } catch {
    return null;
  }
  const read = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) * 1024;
  const resident = { anonymous: read('RssAnon'), files: read('RssFile') };
  return Number.isNaN(resident.anonymous + resident.files) ? null : resident;
}
