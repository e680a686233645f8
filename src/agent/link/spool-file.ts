import { chmodSync, closeSync, constants, openSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { NetmonError } from '../../base/errors.ts';
import { maxRecordsPerFrame } from '../../wire/link.ts';
import { importanceOf, type RecordKind } from './importance.ts';

/** `PRAGMA user_version` of this layout; a file with another is set aside. */
const layoutVersion = 2;
const schema = `
  CREATE TABLE IF NOT EXISTS records (id INTEGER PRIMARY KEY, importance INTEGER NOT NULL, kind TEXT NOT NULL,
    weight INTEGER NOT NULL, record_key INTEGER, size INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS records_importance ON records (importance);
  CREATE TABLE IF NOT EXISTS epochs (first INTEGER PRIMARY KEY, epoch TEXT NOT NULL, deleted INTEGER NOT NULL,
    reserved INTEGER NOT NULL) STRICT;
  PRAGMA user_version = ${layoutVersion}`;

/** Longest wait for another process that has the file; the agent stands still meanwhile. */
const busyMs = 100;

/** Primary result codes of SQLite (sqlite3.h) of a file that will never be readable: SQLITE_CORRUPT, SQLITE_NOTADB. */
const unreadable: ReadonlySet<number> = new Set([11, 26]);

/** Runs of rows by their ids, which ascend and are not used again while one is there. */
export interface IdRange {
  readonly from: number;
  readonly to: number;
}

export interface SpooledRow {
  readonly id: number;
  readonly kind: RecordKind;
  readonly weight: number;
  readonly key: number | null;
  readonly body: string;
}

export type DroppableRow = Omit<SpooledRow, 'key'> & { readonly size: number };

/** As it is stored: the rows from `first` up to the next epoch's are numbered from `deleted` + 1 on. */
export interface StoredEpoch {
  readonly first: number;
  readonly epoch: string;
  readonly deleted: number;
  /** Numbers up to this one may have been sent. */
  readonly reserved: number;
}

const rowColumns = 'id, kind, weight, record_key AS key, body';

/** The spool's tables in one SQLite file, made with mode 0600, or in memory. What goes wrong is thrown as it comes. */
export class SpoolFile implements Disposable {
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #between: StatementSync;
  readonly #nth: StatementSync;
  readonly #sum: StatementSync;
  readonly #oldest: StatementSync;
  readonly #replace: StatementSync;
  readonly #removeBetween: StatementSync;
  readonly #remove: StatementSync;
  readonly #forgetEpochs: StatementSync;
  readonly #saveEpoch: StatementSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#insert = db.prepare(
      'INSERT INTO records (id, importance, kind, weight, record_key, size, body) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#between = db.prepare(
      `SELECT ${rowColumns} FROM records WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?`,
    );
    this.#nth = db.prepare('SELECT id FROM records WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 1 OFFSET ?');
    this.#sum = db.prepare(
      'SELECT count(*) AS records, total(size) AS bytes FROM records WHERE id BETWEEN ? AND ?',
    );
    this.#oldest = db.prepare(
      `SELECT id, kind, weight, size, iif(kind = 'gap', body, '') AS body FROM records
       WHERE importance = ? AND id BETWEEN ? AND ? ORDER BY id`,
    );
    this.#replace = db.prepare(
      "UPDATE records SET importance = ?, kind = 'gap', weight = 0, record_key = NULL, size = ?, body = ? WHERE id = ?",
    );
    this.#removeBetween = db.prepare('DELETE FROM records WHERE id BETWEEN ? AND ?');
    this.#remove = db.prepare('DELETE FROM records WHERE id = ?');
    this.#forgetEpochs = db.prepare('DELETE FROM epochs');
    this.#saveEpoch = db.prepare('INSERT INTO epochs (first, epoch, deleted, reserved) VALUES (?, ?, ?, ?)');
  }

  /**
   * Runs `work` in a transaction. One that is `durable` is on disk when this returns, power cut or not, with all that came
   * before it; others survive the process alone.
   */
  transaction<T>(work: () => T, isDurable = false): T {
    if (isDurable) this.#db.exec('PRAGMA synchronous = FULL');
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      const result = work();
      this.#db.exec('COMMIT');
      return result;
    } catch (thrown) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw thrown;
    } finally {
      if (isDurable) this.#db.exec('PRAGMA synchronous = NORMAL');
    }
  }

  insert(row: SpooledRow): void {
    this.#insert.run(
      row.id,
      importanceOf(row.kind),
      row.kind,
      row.weight,
      row.key,
      row.body.length,
      row.body,
    );
  }

  /** Rows in the order of their ids. */
  rows({ from, to }: IdRange, limit = maxRecordsPerFrame): Iterable<SpooledRow> {
    return this.#between.iterate(from, to, limit) as unknown as Iterable<SpooledRow>;
  }

  /** The id of the row that has so many before it in the range; null when there is none. */
  nth({ from, to }: IdRange, before: number): number | null {
    const row = this.#nth.get(from, to, before);
    return row ? Number(row.id) : null;
  }

  /** How many there are, and the length of their texts. */
  sum({ from, to }: IdRange): { records: number; bytes: number } {
    const { records, bytes } = this.#sum.get(from, to)!;
    return { records: Number(records), bytes: Number(bytes) };
  }

  /** Rows of one importance, the oldest first, with the text of gaps alone. None may be removed while this is read. */
  oldest(importance: number, { from, to }: IdRange): Iterable<DroppableRow> {
    return this.#oldest.iterate(importance, from, to) as unknown as Iterable<DroppableRow>;
  }

  /** Puts a gap in the place of a row. */
  replaceByGap(id: number, body: string): void {
    this.#replace.run(importanceOf('gap'), body.length, body, id);
  }

  removeBetween({ from, to }: IdRange): void {
    this.#removeBetween.run(from, to);
  }

  remove(id: number): void {
    this.#remove.run(id);
  }

  /** The highest id, -1 for none. */
  lastId(): number {
    return Number(this.#db.prepare('SELECT ifnull(max(id), -1) AS id FROM records').get()!.id);
  }

  epochs(): StoredEpoch[] {
    const rows = this.#db.prepare('SELECT first, epoch, deleted, reserved FROM epochs ORDER BY first').all();
    return rows as unknown as StoredEpoch[];
  }

  saveEpochs(epochs: readonly StoredEpoch[]): void {
    this.#forgetEpochs.run();
    for (const { first, epoch, deleted, reserved } of epochs) {
      this.#saveEpoch.run(first, epoch, deleted, reserved);
    }
  }

  [Symbol.dispose](): void {
    if (this.#db.isOpen) this.#db.close();
  }
}

/**
 * Opens the file, or with null one in memory; one that is no spool of this layout is set aside under `.bad` and a new one
 * begun. Throws NM_SYSTEM.
 */
export function openSpoolFile(path: string | null): {
  readonly file: SpoolFile;
  readonly discarded: string | null;
} {
  if (path === null) return { file: openDatabase(':memory:'), discarded: null };
  try {
    closeSync(openSync(path, constants.O_CREAT | constants.O_RDWR | constants.O_NOFOLLOW, 0o600));
    chmodSync(path, 0o600);
    try {
      return { file: openDatabase(path), discarded: null };
    } catch (thrown) {
      if (!isUnreadable(thrown)) throw thrown;
      const aside = `${path}.bad`;
      renameSync(path, aside);
      for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
      closeSync(openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, 0o600));
      return { file: openDatabase(path), discarded: `${aside}: ${(thrown as Error).message}` };
    }
  } catch (cause) {
    throw new NetmonError('NM_SYSTEM', `unable to open the spool ${path}`, { cause });
  }
}

class ForeignLayout extends Error {}

function isUnreadable(thrown: unknown): boolean {
  if (thrown instanceof ForeignLayout) return true;
  return unreadable.has(Number((thrown as { errcode?: number }).errcode) & 0xff);
}

function openDatabase(path: string): SpoolFile {
  const db = new DatabaseSync(path, { timeout: busyMs });
  try {
    // Exclusive, or else SQLite maps a file of its own into memory, and writing there on a full disk kills the process.
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL');
    db.exec('PRAGMA synchronous = NORMAL; PRAGMA cache_size = -512');
    const version = Number(db.prepare('PRAGMA user_version').get()!.user_version);
    if (version !== 0 && version !== layoutVersion) throw new ForeignLayout(`a spool of layout ${version}`);
    if (version === 0) db.exec(`BEGIN; ${schema}; COMMIT`);
    return new SpoolFile(db);
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}
