import { chmodSync, closeSync, constants, openSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { NetmonError } from '../../base/errors.ts';
import { type DurableRecord, durableRecordSchema, maxRecordsPerFrame } from '../../wire/link.ts';

/**
 * The agent's durable records until a server has committed them. Order of a record's life:
 *
 * 1. `add`: in memory, at most until the next `flush`
 * 2. `flush`: in the file with its sequence number, one transaction for all that came since
 * 3. `read`, `markSent`, `acknowledge`: sent, committed by the server, deleted by the flush after
 *
 * Beyond the cap the oldest records that were not sent yet give way to one `gap` record that takes the number of the
 * last of them and counts what they stood for. A sent record is never dropped, since the server may have it: so the
 * count is exact, and a hole in the numbers is always followed by the gap that explains it.
 */
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
/** Records that wait in memory while the file cannot be written. */
const maxPending = 20_000;
/** Longest batch in UTF-16 units, far below the server's limit of a frame in bytes. */
export const maxBatchLength = 4 * 1024 * 1024;
/** What is dropped at once beyond the excess, as a share of the cap, so that a full spool is not trimmed at each flush. */
const slack = 0.05;
/** `PRAGMA user_version` of this layout; a file with another is set aside. */
const layoutVersion = 1;

/** What the body of a row is: a connection alone, which is sent with its key, or a whole record. */
const bodies = { connection: 0, gap: 1, record: 2 } as const;
type Body = (typeof bodies)[keyof typeof bodies];

interface Pending {
  readonly key: number | null;
  readonly weight: number;
  readonly of: Body;
  readonly body: string;
}

interface Statements {
  readonly insert: StatementSync;
  readonly read: StatementSync;
  readonly between: StatementSync;
  readonly replace: StatementSync;
  readonly oldest: StatementSync;
  readonly removeTo: StatementSync;
  readonly removeBetween: StatementSync;
  readonly saveMeta: StatementSync;
}

/** A record reaches the disk at the next `flush`, which throws NM_SYSTEM when it cannot and keeps what it has. */
export class Spool implements Disposable {
  readonly #options: SpoolOptions;
  readonly #maxBytes: number;
  readonly #maxRecords: number;
  readonly #now: () => number;
  readonly #db: DatabaseSync;
  readonly #statements: Statements;
  /** Numbers below this were given by an earlier process, whose keys name nothing now. */
  readonly #firstOwn: number;
  /** What was set aside because it could not be read, null for nothing. */
  readonly discarded: string | null;
  #epoch: string;
  #next: number;
  #sent: number;
  #acknowledged: number;
  #deleted: number;
  #records: number;
  #bytes: number;
  #pending: Pending[] = [];
  #lost = 0;

  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#maxBytes = options.maxBytes ?? defaultMaxBytes;
    this.#maxRecords = options.maxRecords ?? defaultMaxRecords;
    this.#now = options.now ?? Date.now;
    const opened = openOrReplace(options.path);
    this.#db = opened.db;
    this.discarded = opened.discarded;
    this.#statements = prepare(this.#db);
    const meta = readMeta(this.#db);
    this.#epoch = meta.epoch ?? crypto.randomUUID();
    this.#next = meta.next;
    this.#sent = meta.sent;
    this.#acknowledged = meta.acknowledged;
    this.#deleted = -1;
    this.#firstOwn = this.#next;
    const sum = this.#db.prepare('SELECT count(*) AS n, total(length(body)) AS b FROM records').get()!;
    this.#records = Number(sum.n);
    this.#bytes = Number(sum.b);
    this.#saveMeta();
  }

  get epoch(): string {
    return this.#epoch;
  }
  /** The last number in the file, -1 before the first. */
  get last(): number {
    return this.#next - 1;
  }
  get acknowledged(): number {
    return this.#acknowledged;
  }
  /** Whether a flush would write something. */
  get dirty(): boolean {
    return this.#pending.length > 0 || this.#deleted < this.#acknowledged;
  }
  /** Records that wait for a flush, and would be lost with the process. */
  get unwritten(): number {
    return this.#pending.length;
  }
  /** Records not yet acknowledged, and the length of their text. */
  get size(): { readonly records: number; readonly bytes: number } {
    return { records: this.#records + this.#pending.length, bytes: this.#bytes };
  }
  /** Connections that gave way to gaps since the spool was opened. */
  get lost(): number {
    return this.#lost;
  }

  add(record: DurableRecord): void {
    this.#pending.push(makePending(record));
    if (this.#pending.length > maxPending) this.#dropPending();
  }

  /** Writes what was added, deletes what was acknowledged and keeps the cap, in one transaction. */
  flush(): void {
    if (!this.dirty) return;
    const before = [this.#next, this.#records, this.#bytes, this.#deleted, this.#lost] as const;
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      for (const pending of this.#pending) this.#insert(this.#next++, pending);
      this.#deleteAcknowledged();
      this.#keepCap();
      this.#saveMeta();
      this.#db.exec('COMMIT');
      this.#pending = [];
    } catch (cause) {
      [this.#next, this.#records, this.#bytes, this.#deleted, this.#lost] = before;
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw new NetmonError('NM_SYSTEM', `unable to write the spool ${this.#options.path ?? '(memory)'}`, {
        cause,
      });
    }
  }

  /**
   * The records from number `from` on, up to a hole, 1000 of them or a text of that length, but one at least; null when
   * there is none.
   */
  read(from: number, maxLength = maxBatchLength): SpoolBatch | null {
    const texts: string[] = [];
    let first = -1;
    let length = 1;
    for (const row of this.#statements.read.iterate(from)) {
      const seq = Number(row.seq);
      const text = this.#recordText(seq, row);
      length += text.length + 1;
      if (first < 0) first = seq;
      else if (seq !== first + texts.length || length > maxLength) break;
      texts.push(text);
    }
    return first < 0 ? null : { first, last: first + texts.length - 1, text: `[${texts.join(',')}]` };
  }

  /** Notes, before they are sent, that the records up to this number may from now on be known to a server. */
  markSent(seq: number): void {
    if (seq <= this.#sent) return;
    this.#sent = seq;
    this.#saveMeta();
  }

  /** Whether the number is one that may have been acknowledged; the records up to it are deleted by the next flush. */
  acknowledge(seq: number): boolean {
    if (seq > this.#sent) return false;
    if (seq > this.#acknowledged) this.#acknowledged = seq;
    return true;
  }

  /**
   * Replaces by gaps those of the sent records that no server would take, since one of them would keep all others from
   * being stored. The number of them.
   */
  replaceInvalid(): number {
    let replaced = 0;
    for (const row of this.#statements.between.all(this.#acknowledged, this.#sent)) {
      const seq = Number(row.seq);
      if (isValidRecord(this.#recordText(seq, row))) continue;
      const { weight, body } = this.#makeGap(Number(row.weight), 'the record was not valid');
      this.#statements.replace.run(body, seq);
      this.#bytes += body.length - String(row.body).length;
      this.#lost += weight;
      replaced++;
    }
    return replaced;
  }

  /** Starts a new epoch, for a server that knows more of this one than the spool does. */
  renew(): void {
    this.#epoch = crypto.randomUUID();
    this.#saveMeta();
  }

  [Symbol.dispose](): void {
    if (this.#db.isOpen) this.#db.close();
  }

  #insert(seq: number, { key, weight, of, body }: Pending): void {
    this.#statements.insert.run(seq, weight, of, key, body);
    this.#records++;
    this.#bytes += body.length;
  }

  #recordText(seq: number, row: Record<string, unknown>): string {
    if (row.gap !== bodies.connection) return row.body as string;
    const key = seq < this.#firstOwn ? null : row.record_key;
    return `{"kind":"connection","key":${key},"connection":${row.body}}`;
  }

  #deleteAcknowledged(): void {
    if (this.#deleted >= this.#acknowledged) return;
    for (const row of this.#statements.removeTo.iterate(this.#acknowledged)) {
      this.#records--;
      this.#bytes -= Number(row.length);
    }
    this.#deleted = this.#acknowledged;
  }

  #keepCap(): void {
    if (this.#records <= this.#maxRecords && this.#bytes <= this.#maxBytes) return;
    const keepRecords = this.#maxRecords * (1 - slack);
    const keepBytes = this.#maxBytes * (1 - slack);
    let weight = 0;
    let last = -1;
    for (const row of this.#statements.oldest.iterate(this.#sent)) {
      if (this.#records <= keepRecords && this.#bytes <= keepBytes) break;
      weight += Number(row.weight);
      if (row.gap !== bodies.gap) this.#lost += Number(row.weight);
      last = Number(row.seq);
      this.#records--;
      this.#bytes -= Number(row.length);
    }
    if (last < 0) return;
    this.#statements.removeBetween.run(this.#sent, last);
    this.#insert(last, this.#makeGap(weight, 'the spool was full: no server took the records in time'));
  }

  /** The disk cannot be written: the older half of what waits in memory becomes a gap. */
  #dropPending(): void {
    const dropped = this.#pending.splice(0, maxPending / 2);
    let weight = 0;
    for (const pending of dropped) {
      weight += pending.weight;
      if (pending.of !== bodies.gap) this.#lost += pending.weight;
    }
    this.#pending.unshift(this.#makeGap(weight, 'the spool could not be written'));
  }

  #makeGap(lost: number, reason: string): Pending {
    const record = { kind: 'gap', at: new Date(this.#now()).toISOString(), reason, lost };
    return { key: null, weight: Math.max(1, lost), of: bodies.gap, body: JSON.stringify(record) };
  }

  #saveMeta(): void {
    this.#statements.saveMeta.run(this.#epoch, this.#next, this.#sent, this.#acknowledged);
  }
}

function makePending(record: DurableRecord): Pending {
  if (record.kind === 'connection') {
    const { key, connection } = record;
    return { key, weight: connection.count, of: bodies.connection, body: JSON.stringify(connection) };
  }
  const body = JSON.stringify(record);
  if (record.kind !== 'gap') return { key: null, weight: 1, of: bodies.record, body };
  return { key: null, weight: Math.max(1, record.lost), of: bodies.gap, body };
}

function isValidRecord(text: string): boolean {
  return durableRecordSchema.safeParse(JSON.parse(text)).success;
}

/** Opens the file; one that is no spool of this layout is set aside under `.bad` and a new one begun. */
function openOrReplace(path: string | null): { db: DatabaseSync; discarded: string | null } {
  if (path === null) return { db: openDatabase(':memory:'), discarded: null };
  try {
    closeSync(openSync(path, constants.O_CREAT | constants.O_RDWR | constants.O_NOFOLLOW, 0o600));
    chmodSync(path, 0o600);
  } catch (cause) {
    throw new NetmonError('NM_SYSTEM', `unable to open the spool ${path}`, { cause });
  }
  try {
    return { db: openDatabase(path), discarded: null };
  } catch (thrown) {
    const aside = `${path}.bad`;
    renameSync(path, aside);
    for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
    closeSync(openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, 0o600));
    return { db: openDatabase(path), discarded: `${aside}: ${(thrown as Error).message}` };
  }
}

function openDatabase(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 1000 });
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -512');
    const version = Number(db.prepare('PRAGMA user_version').get()!.user_version);
    if (version !== 0 && version !== layoutVersion) throw new Error(`a spool of layout ${version}`);
    db.exec(`
      CREATE TABLE IF NOT EXISTS records (seq INTEGER PRIMARY KEY, weight INTEGER NOT NULL, gap INTEGER NOT NULL,
        record_key INTEGER, body TEXT NOT NULL) STRICT;
      CREATE TABLE IF NOT EXISTS meta (one INTEGER PRIMARY KEY CHECK (one = 1), epoch TEXT NOT NULL,
        next INTEGER NOT NULL, sent INTEGER NOT NULL, acknowledged INTEGER NOT NULL) STRICT;
      PRAGMA user_version = ${layoutVersion}`);
    return db;
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}

function readMeta(db: DatabaseSync): {
  epoch: string | null;
  next: number;
  sent: number;
  acknowledged: number;
} {
  const row = db.prepare('SELECT epoch, next, sent, acknowledged FROM meta').get();
  if (!row) return { epoch: null, next: 0, sent: -1, acknowledged: -1 };
  return {
    epoch: String(row.epoch),
    next: Number(row.next),
    sent: Number(row.sent),
    acknowledged: Number(row.acknowledged),
  };
}

function prepare(db: DatabaseSync): Statements {
  return {
    insert: db.prepare('INSERT INTO records (seq, weight, gap, record_key, body) VALUES (?, ?, ?, ?, ?)'),
    read: db.prepare(
      `SELECT seq, gap, record_key, body FROM records WHERE seq >= ? ORDER BY seq LIMIT ${maxRecordsPerFrame}`,
    ),
    between: db.prepare(
      'SELECT seq, weight, gap, record_key, body FROM records WHERE seq > ? AND seq <= ? ORDER BY seq',
    ),
    replace: db.prepare('UPDATE records SET gap = 1, record_key = NULL, body = ? WHERE seq = ?'),
    oldest: db.prepare(
      'SELECT seq, weight, gap, length(body) AS length FROM records WHERE seq > ? ORDER BY seq',
    ),
    removeTo: db.prepare('DELETE FROM records WHERE seq <= ? RETURNING length(body) AS length'),
    removeBetween: db.prepare('DELETE FROM records WHERE seq > ? AND seq <= ?'),
    saveMeta: db.prepare(`INSERT INTO meta VALUES (1, ?, ?, ?, ?) ON CONFLICT (one) DO UPDATE
      SET epoch = excluded.epoch, next = excluded.next, sent = excluded.sent, acknowledged = excluded.acknowledged`),
  };
}
