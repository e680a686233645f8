import { chmodSync, closeSync, constants, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { NetmonError } from '../../base/errors.ts';
import { migrate } from './schema.ts';

/** Memory for pages, in KiB. */
const cacheKib = 8192;
/** Longest wait for another process's write lock; the event loop stands still meanwhile. */
const busyTimeoutMs = 500;
const pageBytes = 4096;
/**
 * Pages in the journal after which it is brought into the file, four times SQLite's own default: pages of indexes, which
 * many commits change, are written into the file once for all of them.
 */
const checkpointPages = 4000;

/**
 * Opens the database, makes it (mode 0600, in a directory of mode 0700) where there is none, and brings its schema up to
 * date. The journal takes at most about an eighth of `maxBytes`. Throws NM_STORE that says what to do.
 */
export function openDatabase(file: string, maxBytes: number): DatabaseSync {
  const path = resolve(file);
  prepareFile(path);
  try {
    const db = new DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: false });
    try {
      const journalPages = Math.max(Math.min(checkpointPages, Math.floor(maxBytes / 8 / pageBytes)), 16);
      db.exec('PRAGMA auto_vacuum = INCREMENTAL');
      db.exec('PRAGMA journal_mode = WAL');
      db.exec('PRAGMA synchronous = FULL');
      db.exec(`PRAGMA wal_autocheckpoint = ${journalPages}`);
      db.exec(`PRAGMA journal_size_limit = ${journalPages * pageBytes}`);
      db.exec(`PRAGMA cache_size = -${cacheKib}`);
      db.exec('PRAGMA trusted_schema = OFF');
      migrate(db, path);
      return db;
    } catch (thrown) {
      db.close();
      throw thrown;
    }
  } catch (thrown) {
    throw wrapStoreError(path, thrown);
  }
}

/** Makes the file, so that it never has a laxer mode, and takes rights of others from one that has. */
function prepareFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600));
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    const reasons: Partial<Record<string, string>> = {
      EACCES: 'this user may not read and write it',
      EPERM: 'this user may not read and write it',
      EROFS: 'the file system is read-only',
      EISDIR: 'it is a directory',
      ELOOP: 'it is a symbolic link',
      ENOSPC: 'the disk is full',
    };
    throw new NetmonError(
      'NM_STORE',
      `unable to open ${path}: ${reasons[code ?? ''] ?? code}; ${otherFile}`,
      {
        cause: thrown,
      },
    );
  }
}

const otherFile = 'correct that, or name another file with --db';

/** Primary result codes of SQLite (sqlite3.h) that a user can do something about. */
const sqliteReasons: Readonly<Record<number, string>> = {
  5: 'another process is writing to it: end that one',
  6: 'another process is writing to it: end that one',
  8: 'it is read-only: change its owner or mode',
  10: 'reading or writing failed: check the disk',
  11: 'it is damaged: move it away and start again, or restore a copy',
  13: 'the disk is full: make room, or lower the limit of the database',
  14: 'the file or its directory cannot be opened: change the owner or mode',
  26: 'it is not a database: move it away, or name another file with --db',
};

/** Those that may pass by themselves, or by what somebody does meanwhile: busy, locked, I/O, full. */
const passing: readonly number[] = [5, 6, 10, 13];

/** What to do about a failure of writing that may pass; null for any other. Takes it as SQLite or as `wrapStoreError` has it. */
export function describePassing(thrown: unknown): string | null {
  const original = thrown instanceof NetmonError ? thrown.cause : thrown;
  if (!(original instanceof Error) || !('errcode' in original)) return null;
  const code = Number(original.errcode) & 0xff;
  return passing.includes(code) ? sqliteReasons[code] : null;
}

/** What SQLite threw as NM_STORE with a reason that says what to do; anything else as it is. */
export function wrapStoreError(path: string, thrown: unknown): unknown {
  if (!(thrown instanceof Error) || !('errcode' in thrown)) return thrown;
  const reason = sqliteReasons[Number(thrown.errcode) & 0xff] ?? thrown.message;
  return new NetmonError('NM_STORE', `unable to use the database ${path}: ${reason}`, { cause: thrown });
}
