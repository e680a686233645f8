import type { DatabaseSync } from 'node:sqlite';
import { NetmonError } from '../../base/errors.ts';
import { agentSchema, gapSchema } from './agents/tables.ts';
import { firstColumns, inspectionColumns } from './columns.ts';
import { identitySchema } from './identities/tables.ts';
import { maintenanceSchema, monitorSchema, monitorSumsSchema } from './rounds/tables.ts';
import { alertPacketsSchema, trafficSchema } from './traffic/tables.ts';

/** The definitions of the columns after the public ones, as the first schema has them. */
const further = Object.entries(firstColumns)
  .map(([name, type]) => (name === 'count' ? `${name} ${type} NOT NULL DEFAULT 1` : `${name} ${type}`))
  .join(',\n  ');

/**
 * Each statement list brings the schema one version further. A migration that was released is never edited.
 *
 * Indexes: `timestamp` carries every list in time order; failures, which are few and asked for most, have a partial one
 * of their own that also serves their summary; `process_id` serves the history of a process. `local_key` and
 * `remote_key` hold address and port as 18 bytes; `recorded_at` (Unix ms) is the age that retention goes by, since a
 * posted connection may lie in the past.
 */
const migrations: readonly (readonly string[])[] = [
  [
    `CREATE TABLE connections (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  timestamp DATETIME NOT NULL,
  process_id INTEGER,
  process_name TEXT,
  process_path TEXT,
  local_addr TEXT NOT NULL,
  remote_addr TEXT NOT NULL,
  error TEXT,
  protocol TEXT,
  state TEXT,
  ${further},
  local_key BLOB,
  remote_key BLOB,
  recorded_at INTEGER NOT NULL DEFAULT (unixepoch() * 1000)
)`,
    'CREATE INDEX connections_timestamp ON connections (timestamp)',
    'CREATE INDEX connections_failures ON connections (timestamp, error) WHERE error IS NOT NULL',
    'CREATE INDEX connections_process ON connections (process_id, timestamp)',
    `CREATE TABLE epochs (
  agent TEXT NOT NULL,
  epoch TEXT NOT NULL,
  committed_seq INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (agent, epoch)
) WITHOUT ROWID`,
    `CREATE TABLE gaps (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  agent TEXT NOT NULL,
  epoch TEXT NOT NULL,
  at DATETIME NOT NULL,
  reason TEXT NOT NULL,
  lost INTEGER NOT NULL
)`,
    "INSERT INTO sqlite_sequence (name, seq) VALUES ('connections', 0)",
  ],
  Object.entries(inspectionColumns).map(
    ([name, type]) => `ALTER TABLE connections ADD COLUMN ${name} ${type}`,
  ),
  trafficSchema,
  monitorSchema,
  alertPacketsSchema,
  monitorSumsSchema,
  agentSchema,
  identitySchema,
  maintenanceSchema,
  gapSchema,
];

/** Brings the schema to this version, each step in a transaction; throws NM_STORE when it is from a newer one. */
export function migrate(db: DatabaseSync, path: string): void {
  db.exec(
    'CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, applied_at DATETIME NOT NULL)',
  );
  const row = db.prepare('SELECT coalesce(max(version), 0) AS version FROM migrations').get();
  const version = Number(row?.version);
  if (version > migrations.length) {
    throw new NetmonError(
      'NM_STORE',
      `${path} was written by a newer netmon (schema ${version}, this one knows ${migrations.length}): ` +
        'run that version, or name another file with --db',
    );
  }
  for (const [i, statements] of migrations.entries()) {
    if (i >= version) applyMigration(db, i + 1, statements);
  }
}

function applyMigration(db: DatabaseSync, version: number, statements: readonly string[]): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    for (const statement of statements) db.exec(statement);
    db.prepare('INSERT INTO migrations (version, applied_at) VALUES (?, ?)').run(
      version,
      new Date().toISOString(),
    );
    db.exec('COMMIT');
  } catch (thrown) {
    db.exec('ROLLBACK');
    throw thrown;
  }
}
