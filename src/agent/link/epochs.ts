import type { IdRange, SpoolFile, StoredEpoch } from './spool-file.ts';

/**
 * A run of records whose numbers one process gave: the place of a record among those of its epoch, counted on over those
 * that were deleted.
 */
export interface Epoch extends StoredEpoch {
  epoch: string;
  /** The lowest id that its rows may have; they end where the next epoch's begin. */
  first: number;
  /** The last number that is in the file no more. */
  deleted: number;
  reserved: number;
  acknowledged: number;
  sent: number;
  /** Rows in the file. */
  records: number;
}

/** An epoch under a name that no other has. */
export function makeEpoch(): Epoch {
  const epoch = crypto.randomUUID();
  return { epoch, first: 0, deleted: -1, reserved: -1, acknowledged: -1, sent: -1, records: 0 };
}

/** The last number in the file, or that was. */
export function lastOf({ deleted, records }: Epoch): number {
  return deleted + records;
}

export function isDrained(epoch: Epoch): boolean {
  return epoch.acknowledged >= lastOf(epoch);
}

/** The ids of an epoch's rows. */
export function rangeOf(epochs: readonly Epoch[], epoch: Epoch): IdRange {
  const next = epochs[epochs.indexOf(epoch) + 1];
  return { from: epoch.first, to: next ? next.first - 1 : Number.MAX_SAFE_INTEGER };
}

/** What earlier processes left in the file, the oldest first; then `own`, behind it, and the length of all texts. */
export function readEpochs(file: SpoolFile, own: Epoch): { epochs: Epoch[]; bytes: number } {
  const stored = file.epochs();
  own.first = Math.max(file.lastId(), stored.at(-1)?.first ?? -1) + 1;
  let total = 0;
  const earlier = stored.map((known, i): Epoch => {
    const to = (stored[i + 1] ?? own).first - 1;
    const { records, bytes } = file.sum({ from: known.first, to });
    const epoch = { ...makeEpoch(), ...known, records, acknowledged: known.deleted };
    epoch.sent = Math.min(epoch.reserved, lastOf(epoch));
    total += bytes;
    return epoch;
  });
  return { epochs: [...earlier.filter(({ records }) => records > 0), own], bytes: total };
}
