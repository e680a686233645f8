/** Totals of something, which only grow while it is the same. */
interface Counters {
  /** Names the thing; another one is counted anew. */
  readonly key: string;
  readonly bytes_sent: number;
  readonly bytes_received: number;
}
export type InterfaceCounters = Omit<Counters, 'key'> & { readonly name: string; readonly kind?: string };
export type ProcessCounters = Counters & { readonly process_name: string };

/** What was not counted for this long has no rate now: what passed meanwhile is not told of. */
const staleMs = 5_000;
/** Things that are remembered; beyond it all are counted anew. */
const maxRemembered = 20_000;

/** Turns totals into what was added since the last time. */
export class ByteDeltas<Row extends Counters> {
  /** When the last totals came. */
  countedMs = 0;
  readonly #before = new Map<string, number>();

  /** Calls `added` for each row whose bytes grew; a row that is new counts from here on. */
  count(rows: readonly Row[], nowMs: number, added: (row: Row, bytes: number) => void): void {
    if (nowMs - this.countedMs > staleMs || this.#before.size > maxRemembered) this.#before.clear();
    this.countedMs = nowMs;
    for (const row of rows) {
      const bytes = row.bytes_sent + row.bytes_received;
      const before = this.#before.get(row.key);
      this.#before.set(row.key, bytes);
      if (before !== undefined && bytes > before) added(row, bytes - before);
    }
  }
}
