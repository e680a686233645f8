import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SqlValue } from './columns.ts';
import { describePassing, wrapStoreError } from './open.ts';

/** Statements kept ready; the texts of filters vary. */
const maxStatements = 128;

/** A database with its prepared statements, which are made once and used again. Errors come as NM_STORE. */
export class Session {
  readonly db: DatabaseSync;
  readonly path: string;
  readonly #statements = new Map<string, StatementSync>();
  #problem: string | null = null;

  constructor(db: DatabaseSync, path: string) {
    this.db = db;
    this.path = path;
  }

  /** Why the last transaction could not be written, where that may pass; null when it was. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Rows as arrays in the order of the columns. */
  all(sql: string, ...values: readonly SqlValue[]): unknown[][] {
    return this.attempt(() => this.#prepare(sql).all(...values) as unknown as unknown[][]);
  }

  get(sql: string, ...values: readonly SqlValue[]): unknown[] | undefined {
    return this.attempt(() => this.#prepare(sql).get(...values) as unknown as unknown[] | undefined);
  }

  /** Rows changed, and the id of the last one inserted. */
  run(sql: string, ...values: readonly SqlValue[]): { changes: number; id: number } {
    return this.attempt(() => {
      const { changes, lastInsertRowid } = this.#prepare(sql).run(...values);
      return { changes: Number(changes), id: Number(lastInsertRowid) };
    });
  }

  /** Runs `work` in a transaction that is on disk when this returns, or has left nothing when it throws. */
  transaction<T>(work: () => T): T {
    return this.attempt(() => {
      try {
        const result = this.#transact(work);
        this.#problem = null;
        return result;
      } catch (thrown) {
        this.#problem = describePassing(thrown);
        throw thrown;
      }
    });
  }

  #transact<T>(work: () => T): T {
    this.db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.db.exec('COMMIT');
      return result;
    } catch (thrown) {
      if (this.db.isTransaction) this.db.exec('ROLLBACK');
      throw thrown;
    }
  }

  attempt<T>(work: () => T): T {
    try {
      return work();
    } catch (thrown) {
      throw wrapStoreError(this.path, thrown);
    }
  }

  close(): void {
    this.#statements.clear();
    if (this.db.isOpen) this.db.close();
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const oldest = this.#statements.keys().next();
    if (this.#statements.size >= maxStatements && !oldest.done) this.#statements.delete(oldest.value);
    const statement = this.db.prepare(sql);
    statement.setReturnArrays(true);
    this.#statements.set(sql, statement);
    return statement;
  }
}
