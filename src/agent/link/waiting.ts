import type { DurableRecord } from '../../wire/link.ts';
import { importanceOf, importances, kindOf, weightOf } from './importance.ts';
import { LossTally } from './loss-tally.ts';
import type { SpooledRow } from './spool-file.ts';

/** A record that is not in the file yet. */
export interface WaitingRow extends Omit<SpooledRow, 'id'> {}

/** Records, and the length of their texts, that wait in memory while the file cannot be written. */
const maxRows = 20_000;
const maxBytes = 32 * 1024 * 1024;
/** What is left where that is exceeded. */
const keptShare = 0.9;

/** Records on their way to the spool's file. Beyond their cap the least important ones are counted and given up. */
export class Waiting {
  #rows: WaitingRow[] = [];
  #bytes = 0;
  /** What was given up, until a gap tells of it. */
  #lost: LossTally | null = null;

  /** Rows that `take` would give in all. */
  get length(): number {
    return this.#rows.length + (this.#lost ? 1 : 0);
  }
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a record, and gives what was given up for it to `onLost`. */
  add(record: DurableRecord, onLost: (lost: LossTally) => void): void {
    const row = makeRow(record);
    this.#rows.push(row);
    this.#bytes += row.body.length;
    if (this.#rows.length > maxRows || this.#bytes > maxBytes) onLost(this.#drop());
  }

  /** The oldest rows, and how many they are without the gap before them, which `makeGap` writes. */
  take(count: number, makeGap: (lost: LossTally) => string): { rows: WaitingRow[]; taken: number } {
    const rows = this.#rows.slice(0, count);
    const taken = rows.length;
    if (this.#lost) rows.unshift({ kind: 'gap', weight: 0, key: null, body: makeGap(this.#lost) });
    return { rows, taken };
  }

  /** The rows that `take` gave are in the file. */
  remove(taken: number): void {
    this.#bytes -= sizeOf(this.#rows.splice(0, taken));
    this.#lost = null;
  }

  #drop(): LossTally {
    const lost = new LossTally();
    const dropped = new Set<WaitingRow>();
    let bytes = this.#bytes;
    for (const importance of importances) {
      for (const row of this.#rows) {
        if (bytes <= maxBytes * keptShare && this.#rows.length - dropped.size <= maxRows * keptShare) break;
        if (importanceOf(row.kind) !== importance) continue;
        dropped.add(row);
        bytes -= row.body.length;
        lost.addRecord(row.kind, row.weight, row.body);
      }
    }
    this.#rows = this.#rows.filter((row) => !dropped.has(row));
    this.#bytes = bytes;
    this.#lost ??= new LossTally();
    this.#lost.addAll(lost);
    return lost;
  }
}

/** The length of the texts of rows. */
export function sizeOf(rows: readonly { readonly body: string }[]): number {
  return rows.reduce((sum, { body }) => sum + body.length, 0);
}

function makeRow(record: DurableRecord): WaitingRow {
  const kind = kindOf(record);
  const weight = weightOf(record);
  if (record.kind !== 'connection') return { kind, weight, key: null, body: JSON.stringify(record) };
  return { kind, weight, key: record.key, body: JSON.stringify(record.connection) };
}
