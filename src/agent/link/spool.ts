/**
 * The agent's durable records until a server has committed them. Order of a record's life:
 *
 * 1. `add`: in memory, at most until the next `flush`
 * 2. `flush`: in the file, one transaction for all that came since
 * 3. `read`, `markSent`, `acknowledge`: sent, committed by the server, deleted by the flush after
 *
 * A record is known to servers by its epoch and its number in it, which is its place among the epoch's records. Each
 * opening begins an epoch for what it adds, so that only this process gives numbers in it, and what an earlier one left
 * keeps its own: neither a spool that was set back nor a copy of it takes another record's number.
 *
 * Beyond the cap the least important records that were not sent give way to one `gap` record that counts them by kind.
 * Those after them move up, which nobody knows of, so numbers have no holes. A record that may have been sent is never
 * dropped: how far that is, is on disk before it is true, in steps, so that a power cut does not make it forgotten.
 */
import { NetmonError } from '../../base/errors.ts';
import { type DurableRecord, durableRecordSchema } from '../../wire/link.ts';
import { chooseRows, type Excess } from './choose.ts';
import { type Epoch, isDrained, lastOf, makeEpoch, rangeOf, readEpochs } from './epochs.ts';
import { LossTally } from './loss-tally.ts';
import { describeFailure, isPassing } from './spool-failure.ts';
import { type IdRange, openSpoolFile, type SpooledRow, type SpoolFile } from './spool-file.ts';
import { sizeOf, Waiting } from './waiting.ts';

export interface SpoolOptions {
  /** A file, made with mode 0600; null keeps the records in memory. */
  readonly path: string | null;
  readonly maxBytes?: number;
  readonly maxRecords?: number;
  readonly now?: () => number;
}

/** Records of consecutive numbers, as the JSON text of an array. */
export interface SpoolBatch {
  readonly first: number;
  readonly last: number;
  readonly text: string;
}

/** About 100,000 records; half a day of a busy machine without a server. */
const defaultMaxBytes = 128 * 1024 * 1024;
const defaultMaxRecords = 200_000;
/** Records after which no flush is waited for, and those of one transaction. */
const mostAtOnce = 5_000;
const perTransaction = 500;
/** Longest batch in UTF-16 units, far below the server's limit of a frame in bytes. */
export const maxBatchLength = 4 * 1024 * 1024;
/** What is dropped beyond the excess, as a share of the cap, so that a full spool is not trimmed at each flush. */
const slack = 0.02;
/** Numbers, as a share of the cap, that are noted as sent ahead of those that are. */
const reserveShare = 0.025;

/** A record reaches the disk at the next `flush`, which throws NM_SYSTEM when it cannot and keeps what it has. */
export class Spool implements Disposable {
  readonly #options: SpoolOptions;
  readonly #maxBytes: number;
  readonly #maxRecords: number;
  readonly #now: () => number;
  /** Null while it cannot be opened. */
  #file: SpoolFile | null = null;
  /** The oldest first; the last one is that of this process. */
  #epochs: Epoch[];
  readonly #own: Epoch = makeEpoch();
  /** Whether the file knows the epoch of this process. */
  #isOwnSaved = false;
  #nextId = 0;
  /** Where the record of a number lies that will be asked for next. */
  #cursor: { readonly epoch: Epoch; readonly seq: number; readonly id: number } | null = null;
  #bytes = 0;
  readonly #waiting = new Waiting();
  readonly #lost = new LossTally();
  /** The gap that tells what a full spool gave up, while it has not been sent. */
  #gap: { readonly id: number; readonly size: number; readonly tally: LossTally } | null = null;
  #discarded: string | null = null;
  #problem: string | null = null;

  /** Throws NM_SYSTEM for a file that cannot be used; one on a full or broken disk is opened when that is over. */
  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#maxBytes = options.maxBytes ?? defaultMaxBytes;
    this.#maxRecords = options.maxRecords ?? defaultMaxRecords;
    this.#now = options.now ?? Date.now;
    this.#epochs = [this.#own];
    try {
      this.#open();
    } catch (thrown) {
      if (!isPassing(thrown)) throw thrown;
      this.#problem = describeFailure(thrown);
    }
  }

  /** Of the oldest records that a server has not acknowledged, or else of those that will be added. */
  get epoch(): string {
    return this.#sending.epoch;
  }
  /** The last number of the epoch in the file, -1 before the first. */
  get last(): number {
    return lastOf(this.#sending);
  }
  get acknowledged(): number {
    return this.#sending.acknowledged;
  }
  /** Whether everything in the file is acknowledged. */
  get drained(): boolean {
    return isDrained(this.#sending);
  }
  /** Whether a flush would write something. */
  get dirty(): boolean {
    return this.unwritten > 0 || this.#epochs.some(({ deleted, acknowledged }) => deleted < acknowledged);
  }
  /** Records that wait for a flush, and would be lost with the process. */
  get unwritten(): number {
    return this.#waiting.length;
  }
  /** Records not yet acknowledged, and the length of their text. */
  get size(): { readonly records: number; readonly bytes: number } {
    const records = this.#records + this.unwritten;
    return { records, bytes: this.#bytes + this.#waiting.bytes };
  }
  /** What records that gave way to gaps stood for, since the spool was opened. */
  get lost(): number {
    return this.#lost.lost;
  }
  /** Why the file cannot be written, null while it can. */
  get problem(): string | null {
    return this.#problem;
  }
  /** What was set aside because it could not be read, null for nothing. */
  get discarded(): string | null {
    return this.#discarded;
  }

  add(record: DurableRecord): void {
    this.#waiting.add(record, (lost) => this.#lost.addAll(lost));
    if (this.#waiting.length < mostAtOnce || this.#problem !== null) return;
    try {
      this.flush();
    } catch {
      // `problem` says so from now on, and records wait for the next flush.
    }
  }

  /** Writes what was added, deletes what was acknowledged and keeps the cap. */
  flush(): void {
    if (!this.dirty) return;
    try {
      const file = this.#file ?? this.#open();
      this.#deleteAcknowledged(file);
      while (this.unwritten > 0) this.#write(file);
      this.#keepCap(file);
      this.#problem = null;
    } catch (cause) {
      this.#problem = describeFailure(cause);
      const where = this.#options.path ?? '(memory)';
      throw new NetmonError('NM_SYSTEM', `unable to write the spool ${where}: ${this.#problem}`, { cause });
    }
  }

  /**
   * The records of the epoch from a number on, 1000 or a text of that length, but one at least; null for none, or where the
   * disk fails.
   */
  read(from: number, maxLength = maxBatchLength): SpoolBatch | null {
    try {
      return this.#readBatch(from, maxLength);
    } catch (thrown) {
      this.#problem = describeFailure(thrown);
      return null;
    }
  }

  /** Notes, before they are sent, that the records up to this number may from now on be known to a server. */
  markSent(seq: number): void {
    const epoch = this.#sending;
    epoch.sent = Math.max(epoch.sent, seq);
    const { reserved } = epoch;
    if (seq <= reserved) return;
    epoch.reserved = seq + Math.ceil(this.#maxRecords * reserveShare);
    // A disk that takes nothing is no reason to send nothing: numbers only change where records are dropped, and that
    // says again what was sent.
    if (!this.#saveEpochs()) epoch.reserved = Math.max(reserved, seq);
  }

  /** Whether the number is one that may have been acknowledged; the records up to it are deleted by the next flush. */
  acknowledge(seq: number): boolean {
    const epoch = this.#sending;
    if (seq > epoch.sent) return false;
    epoch.acknowledged = Math.max(epoch.acknowledged, seq);
    return true;
  }

  /**
   * Takes what a server has committed of the epoch (-1 for nothing) as acknowledged. False where it knows other records
   * by these numbers, since this machine or the server was set back or copied: then their epoch has another name.
   */
  agree(committed: number): boolean {
    const epoch = this.#sending;
    const isAhead = epoch === this.#own && committed > epoch.sent;
    if (isAhead) epoch.acknowledged = epoch.sent;
    if (isAhead || (committed >= 0 && committed < epoch.acknowledged)) {
      const gone = epoch.acknowledged - committed;
      epoch.epoch = crypto.randomUUID();
      if (isAhead || !this.#tellSetBack(epoch, gone)) this.#saveEpochs();
      return false;
    }
    const known = Math.min(committed, lastOf(epoch));
    epoch.sent = Math.max(epoch.sent, known);
    epoch.acknowledged = Math.max(epoch.acknowledged, known);
    return true;
  }

  /**
   * Replaces by gaps those of the sent records that no server would take, since one of them would keep all others from
   * being stored. The number of them.
   */
  replaceInvalid(): number {
    const { acknowledged, sent } = this.#sending;
    const file = this.#file;
    const from = this.#startOf(this.#sending, acknowledged + 1);
    if (!file || from === null || sent <= acknowledged) return 0;
    const rows = [...file.rows({ ...this.#rangeOf(this.#sending), from }, sent - acknowledged)];
    const invalid = rows.filter((row) => !isValidRecord(this.#recordText(row)));
    for (const { id, kind, weight, body } of invalid) {
      const tally = new LossTally();
      tally.addRecord(kind, weight, body);
      const gap = this.#writeGap(tally, 'the record was not valid');
      file.replaceByGap(id, gap);
      this.#bytes += gap.length - body.length;
      this.#lost.addAll(tally);
    }
    return invalid.length;
  }

  [Symbol.dispose](): void {
    this.#file?.[Symbol.dispose]();
  }

  get #records(): number {
    return this.#epochs.reduce((sum, { records }) => sum + records, 0);
  }

  get #sending(): Epoch {
    return this.#epochs.find((epoch) => !isDrained(epoch)) ?? this.#own;
  }

  #open(): SpoolFile {
    const { file, discarded } = openSpoolFile(this.#options.path);
    try {
      const { epochs, bytes } = readEpochs(file, this.#own);
      this.#epochs = epochs;
      this.#bytes = bytes;
      this.#nextId = this.#own.first;
    } catch (thrown) {
      file[Symbol.dispose]();
      throw thrown;
    }
    this.#file = file;
    if (discarded !== null) {
      this.#discarded = discarded;
      const reason = 'the spool was unreadable; what it held is not counted';
      this.add({ kind: 'gap', at: new Date(this.#now()).toISOString(), reason, lost: 0 });
    }
    return file;
  }

  #readBatch(from: number, maxLength: number): SpoolBatch | null {
    const epoch = this.#sending;
    const first = Math.max(from, epoch.deleted + 1);
    const id = this.#startOf(epoch, first);
    if (!this.#file || id === null) return null;
    const texts: string[] = [];
    let length = 1;
    let next = id;
    for (const row of this.#file.rows({ ...this.#rangeOf(epoch), from: id })) {
      const text = this.#recordText(row);
      length += text.length + 1;
      if (texts.length > 0 && length > maxLength) break;
      texts.push(text);
      next = row.id + 1;
    }
    if (texts.length === 0) return null;
    this.#cursor = { epoch, seq: first + texts.length, id: next };
    return { first, last: first + texts.length - 1, text: `[${texts.join(',')}]` };
  }

  #write(file: SpoolFile): void {
    const { rows, taken } = this.#waiting.take(perTransaction, (lost) => {
      return this.#writeGap(lost, `the spool could not be written: ${this.#problem ?? 'it was busy'}`);
    });
    file.transaction(() => {
      if (!this.#isOwnSaved) file.saveEpochs(this.#epochs);
      for (const [i, row] of rows.entries()) file.insert({ id: this.#nextId + i, ...row });
    });
    this.#isOwnSaved = true;
    this.#nextId += rows.length;
    this.#own.records += rows.length;
    this.#bytes += sizeOf(rows);
    this.#waiting.remove(taken);
  }

  #deleteAcknowledged(file: SpoolFile): void {
    for (const epoch of this.#epochs) {
      while (epoch.deleted < epoch.acknowledged) this.#deleteSome(file, epoch);
    }
    this.#forgetEmptyEpochs();
  }

  /** A few at a time, since deleting takes room first. */
  #deleteSome(file: SpoolFile, epoch: Epoch): void {
    const { deleted } = epoch;
    const last = Math.min(epoch.acknowledged, deleted + perTransaction);
    const range = { from: epoch.first, to: this.#idOf(epoch, last)! };
    const { records, bytes } = file.sum(range);
    epoch.deleted = last;
    try {
      file.transaction(() => {
        file.removeBetween(range);
        file.saveEpochs(this.#epochs);
      });
    } catch (thrown) {
      epoch.deleted = deleted;
      throw thrown;
    }
    epoch.records -= records;
    this.#bytes -= bytes;
  }

  #keepCap(file: SpoolFile): void {
    const records = this.#records;
    if (records <= this.#maxRecords && this.#bytes <= this.#maxBytes) return;
    this.#trim(file, {
      records: records - this.#maxRecords * (1 - slack),
      bytes: this.#bytes - this.#maxBytes * (1 - slack),
    });
  }

  /** Drops at least that much of what was not sent, if there is so much, and has a gap tell of it. */
  #trim(file: SpoolFile, excess: Excess): void {
    const ranges = this.#epochs.map((epoch) => this.#unsentOf(epoch));
    const known = this.#gap;
    const gap = known && ranges.some(({ from, to }) => known.id >= from && known.id <= to) ? known : null;
    const dropped = chooseRows(file, { excess, ranges, keep: gap?.id });
    if (dropped.length === 0) return;
    const tally = new LossTally();
    for (const { kind, weight, body } of dropped) tally.addRecord(kind, weight, body);
    if (gap) tally.addAll(gap.tally);
    const body = this.#writeGap(tally, 'the spool was full: no server took the records in time');
    const id = gap?.id ?? dropped[0].id;
    file.transaction(() => {
      for (const row of dropped) if (row.id !== id) file.remove(row.id);
      file.replaceByGap(id, body);
      file.saveEpochs(this.#epochs);
    }, true);
    for (const row of dropped) {
      if (row.kind !== 'gap') this.#lost.add(row.kind, row.weight);
      if (row.id !== id) this.#epochs.findLast(({ first }) => first <= row.id)!.records--;
    }
    const given = dropped.reduce((sum, { size }) => sum + size, gap?.size ?? 0);
    this.#bytes += body.length - given;
    this.#gap = { id, size: body.length, tally };
    this.#forgetEmptyEpochs();
  }

  /**
   * Has a gap take the number of the last acknowledged record, so that the server counts what it lost, not all that came
   * before. Whether the file has it, and the epochs as they are.
   */
  #tellSetBack(epoch: Epoch, lost: number): boolean {
    const file = this.#file;
    if (!file) return false;
    const reason = 'the server was set back: it had acknowledged what it lacks now';
    const body = JSON.stringify({ kind: 'gap', at: new Date(this.#now()).toISOString(), reason, lost });
    const { acknowledged, deleted, records } = epoch;
    const bytes = this.#bytes;
    try {
      file.transaction(() => {
        const id = this.#idOf(epoch, acknowledged);
        if (id === null) {
          // It is deleted, so the number before that of the next row is free.
          const next = this.#idOf(epoch, acknowledged + 1) ?? this.#nextId;
          file.insert({ id: next - 1, kind: 'gap', weight: lost, key: null, body });
          epoch.deleted--;
          epoch.records++;
          this.#bytes += body.length;
        } else {
          this.#bytes += body.length - file.sum({ from: id, to: id }).bytes;
          file.replaceByGap(id, body);
        }
        epoch.acknowledged--;
        file.saveEpochs(this.#epochs);
      }, true);
      this.#cursor = null;
      return true;
    } catch (thrown) {
      Object.assign(epoch, { acknowledged, deleted, records });
      this.#bytes = bytes;
      this.#problem = describeFailure(thrown);
      return false;
    }
  }

  #writeGap(tally: LossTally, reason: string): string {
    return JSON.stringify(tally.toGap(this.#now(), reason));
  }

  /** Has the file know the epochs as they are, power cut or not; whether it does. */
  #saveEpochs(): boolean {
    const file = this.#file;
    try {
      file?.transaction(() => file.saveEpochs(this.#epochs), true);
      return true;
    } catch (thrown) {
      this.#problem = describeFailure(thrown);
      return false;
    }
  }

  #forgetEmptyEpochs(): void {
    this.#epochs = this.#epochs.filter((epoch) => epoch.records > 0 || epoch === this.#own);
  }

  /** The ids of the epoch's rows that were not sent. */
  #unsentOf(epoch: Epoch): IdRange {
    const { to } = this.#rangeOf(epoch);
    return { from: this.#startOf(epoch, epoch.sent + 1) ?? to + 1, to };
  }

  #rangeOf(epoch: Epoch): IdRange {
    return rangeOf(this.#epochs, epoch);
  }

  /** An id between those of the record of that number and the one before it. */
  #startOf(epoch: Epoch, seq: number): number | null {
    if (this.#cursor?.epoch === epoch && this.#cursor.seq === seq) return this.#cursor.id;
    return this.#idOf(epoch, seq);
  }

  /** The id of the record of that number in the file; null when there is none. */
  #idOf(epoch: Epoch, seq: number): number | null {
    if (seq <= epoch.deleted || seq > lastOf(epoch)) return null;
    return this.#file!.nth(this.#rangeOf(epoch), seq - epoch.deleted - 1);
  }

  #recordText({ id, kind, key, body }: SpooledRow): string {
    if (kind !== 'connection' && kind !== 'failure') return body;
    // Keys of an earlier process name nothing now.
    return `{"kind":"connection","key":${id < this.#own.first ? null : key},"connection":${body}}`;
  }
}

function isValidRecord(text: string): boolean {
  return durableRecordSchema.safeParse(JSON.parse(text)).success;
}
