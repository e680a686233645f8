import type { ProcessRow, Sample } from '../../wire/machine.ts';
import { type ProcessEntry, windowTicks } from './entry.ts';

/** Rates are taken over about this long. */
const windowMs = 500;
/** A row of which only bytes and rates changed is told of at most this often; its samples come each time. */
const tellEveryMs = 500;
/** Most samples of one process kept until a frame takes them. */
const maxSamples = 100;

/** What a live frame says of processes. */
export interface ProcessChanges {
  readonly processes: ProcessRow[];
  readonly processes_gone: string[];
  readonly process_samples: Record<string, Sample[]>;
}

/**
 * Adds up what processes do on the network. `account` runs for each changed connection of each tick: it allocates
 * nothing, and a tick costs in proportion to the processes that moved bytes in the last half second.
 */
export class ProcessTotals {
  readonly #moving: ProcessEntry[] = [];
  #changed: ProcessEntry[] = [];
  #gone: string[] = [];
  #ticks = 0;
  #lastTickMs = 0;

  account(entry: ProcessEntry, sent: number, received: number): void {
    entry.bytesSent += sent;
    entry.bytesReceived += received;
    entry.tickSent += sent;
    entry.tickReceived += received;
    if (!entry.moving) {
      entry.moving = true;
      entry.window ??= new Float64Array(2 * windowTicks);
      this.#moving.push(entry);
    }
  }

  opened(entry: ProcessEntry): void {
    entry.connections++;
    entry.connectionsTotal++;
    this.touch(entry);
  }

  closed(entry: ProcessEntry): void {
    entry.connections--;
    this.touch(entry);
  }

  failed(entry: ProcessEntry, count: number): void {
    entry.errors += count;
    this.touch(entry);
  }

  /** Has the next frame tell of the process. */
  touch(entry: ProcessEntry): void {
    entry.urgent = true;
    this.#markChanged(entry);
  }

  /** Has the next frame say that the process is no longer kept, if any frame ever told of it. */
  drop(entry: ProcessEntry): void {
    entry.changed = true;
    entry.connectionsTotal = -1;
    if (entry.toldAtMs > 0) this.#gone.push(entry.key);
  }

  /** Closes the tick: rates and samples of those that moved. `nowMs` is Unix time. */
  tick(nowMs: number): void {
    const elapsedMs = Math.max(1, nowMs - this.#lastTickMs);
    this.#lastTickMs = nowMs;
    const slot = this.#ticks++ % windowTicks;
    const ticks = Math.max(1, Math.min(windowTicks, Math.round(windowMs / elapsedMs)));
    let kept = 0;
    for (const entry of this.#moving) {
      this.#measure(entry, slot, ticks, elapsedMs, nowMs);
      if (entry.moving) this.#moving[kept++] = entry;
    }
    this.#moving.length = kept;
  }

  /** What changed since the last call, of all of `entries` when `full`. */
  take(full: boolean, nowMs: number, entries: Iterable<ProcessEntry>): ProcessChanges {
    const changes: ProcessChanges = { processes: [], processes_gone: this.#gone, process_samples: {} };
    this.#gone = [];
    if (full) for (const entry of entries) if (entry.connectionsTotal > 0) this.touch(entry);
    const waiting: ProcessEntry[] = [];
    for (const entry of this.#changed) {
      if (entry.connectionsTotal < 0) continue;
      if (entry.urgent || nowMs - entry.toldAtMs >= tellEveryMs) {
        entry.changed = false;
        entry.urgent = false;
        entry.toldAtMs = nowMs;
        changes.processes.push(entry.toRow());
      } else waiting.push(entry);
      if (entry.samples.length > 0) {
        changes.process_samples[entry.key] = entry.samples;
        entry.samples = [];
      }
    }
    this.#changed = waiting;
    return changes;
  }

  #measure(entry: ProcessEntry, slot: number, ticks: number, elapsedMs: number, nowMs: number): void {
    const window = entry.window!;
    window[slot] = entry.tickSent;
    window[windowTicks + slot] = entry.tickReceived;
    let sent = 0;
    let received = 0;
    for (let i = 0; i < ticks; i++) {
      const at = (slot - i + windowTicks) % windowTicks;
      sent += window[at];
      received += window[windowTicks + at];
    }
    const perSecond = 1000 / (ticks * elapsedMs);
    entry.uploadSpeed = sent * perSecond;
    entry.downloadSpeed = received * perSecond;
    if (entry.samples.length >= maxSamples) entry.samples.shift();
    const tickPerSecond = 1000 / elapsedMs;
    entry.samples.push([
      nowMs,
      Math.round(entry.tickSent * tickPerSecond),
      Math.round(entry.tickReceived * tickPerSecond),
    ]);
    entry.tickSent = 0;
    entry.tickReceived = 0;
    entry.moving = sent + received > 0;
    if (!entry.moving) window.fill(0);
    this.#markChanged(entry);
  }

  #markChanged(entry: ProcessEntry): void {
    if (entry.changed) return;
    entry.changed = true;
    this.#changed.push(entry);
  }
}
