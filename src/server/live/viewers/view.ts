import type { Connection } from '../../../wire/connection.ts';
import type { Sample } from '../../../wire/machine.ts';
import type { SampleRing } from '../history.ts';
import type { LiveRow } from '../row.ts';
import type { ViewIndex } from '../view-index.ts';
import { encodeDiff, encodeSnapshot, type Fields, RowDiffer } from './row-differ.ts';
import { copyRow, durationAt, patchCounters, patchRow } from './told-row.ts';

/** One look of all views at the live state. */
export interface Tick {
  readonly now: number;
  /** Whether a connection may have changed since the last tick, and whether in more than what a LinkChange holds. */
  readonly touched: (row: Connection) => boolean;
  readonly revised: (row: Connection) => boolean;
}

/**
 * What viewers with the same subscription see. Each update is found and encoded once; the texts are the fields of a
 * LiveUpdate without braces and id.
 */
export interface View {
  /** Looks again. What changed since the last time, null for nothing. */
  refresh(tick: Tick): string | null;
  /** All of it as of the last refresh. */
  snapshot(): string;
}

/** A window on the connections of an index. */
export class ConnectionView implements View {
  readonly #index: ViewIndex;
  readonly #offset: number;
  readonly #limit: number;
  readonly #differ: RowDiffer;
  #tick: Tick = { now: 0, touched: () => true, revised: () => true };
  #total = 0;
  #version = -1;
  #rows: Connection[] = [];

  constructor(index: ViewIndex, offset: number, limit: number) {
    this.#index = index;
    this.#offset = offset;
    this.#limit = limit;
    this.#differ = new RowDiffer('id', {
      copy: (row) => copyRow(row as Connection, this.#tick.now),
      patch: (told, row) => this.#patch(told as LiveRow, row as Connection),
    });
  }

  refresh(tick: Tick): string | null {
    this.#tick = tick;
    if (this.#index.version !== this.#version) {
      this.#rows = this.#index.window(this.#offset, this.#limit);
      this.#version = this.#index.version;
    }
    const diff = this.#differ.update(this.#rows);
    const total = this.#index.size === this.#total ? null : this.#index.size;
    this.#total = this.#index.size;
    return encodeDiff(diff, total);
  }

  snapshot(): string {
    for (const told of this.#differ.rows() as LiveRow[]) told.duration_ms = durationAt(told, this.#tick.now);
    return encodeSnapshot(this.#differ, this.#total);
  }

  #patch(told: LiveRow, row: Connection): Fields | null {
    if (!this.#tick.touched(row)) return null;
    return this.#tick.revised(row) ? patchRow(told, row) : patchCounters(told, row);
  }
}

/** Rows that come as new objects when they changed: processes, interfaces, failures, agents. */
export class ListView implements View {
  readonly #rows: () => readonly object[];
  readonly #everyMs: number;
  readonly #differ: RowDiffer;
  #total = 0;
  #refreshedAt = Number.NEGATIVE_INFINITY;

  /** `everyMs` is the shortest time between two looks. */
  constructor(key: string, rows: () => readonly object[], everyMs = 0) {
    this.#rows = rows;
    this.#everyMs = everyMs;
    this.#differ = new RowDiffer(key);
  }

  refresh(tick: Tick): string | null {
    if (Math.abs(tick.now - this.#refreshedAt) < this.#everyMs) return null;
    this.#refreshedAt = tick.now;
    const rows = this.#rows();
    const diff = this.#differ.update(rows);
    const total = rows.length === this.#total ? null : rows.length;
    this.#total = rows.length;
    return encodeDiff(diff, total);
  }

  snapshot(): string {
    return encodeSnapshot(this.#differ, this.#total);
  }
}

/** Where a bandwidth subscription's points come from: a ring, and all samples from a number on. */
export interface SampleSource {
  /** Changes when the numbers begin anew. */
  readonly identity: unknown;
  readonly end: number;
  from(start: number): Sample[];
}

/** The points of a bandwidth chart. */
export class SampleView implements View {
  readonly #source: () => SampleSource | undefined;
  #identity: unknown;
  #end = 0;
  #samples: Sample[] = [];

  constructor(source: () => SampleSource | undefined) {
    this.#source = source;
  }

  refresh(): string | null {
    const source = this.#source();
    if (!source) return null;
    if (source.identity !== this.#identity) {
      this.#identity = source.identity;
      this.#samples = source.from(0);
      this.#end = source.end;
      return this.snapshot();
    }
    if (source.end === this.#end) return null;
    const fresh = source.from(this.#end);
    this.#end = source.end;
    this.#samples = source.from(0);
    return `"samples":${encodeSamples(fresh)}`;
  }

  snapshot(): string {
    return `"snapshot":true,"samples":${encodeSamples(this.#samples)}`;
  }
}

/** The points of one ring. */
export function ringSource(ring: SampleRing | undefined): SampleSource | undefined {
  return ring && { identity: ring, end: ring.end, from: (start) => ring.from(start) };
}

function encodeSamples(samples: readonly Sample[]): string {
  return JSON.stringify(samples.map(([at, up, down]) => [Math.round(at), Math.round(up), Math.round(down)]));
}
