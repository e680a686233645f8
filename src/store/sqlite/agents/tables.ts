/** What a gap counts by kind, as JSON; null where that is not known. */
export const gapSchema: readonly string[] = ['ALTER TABLE gaps ADD COLUMN lost_by TEXT'];

/** The tables of agents, for the schema. */
export const agentSchema: readonly string[] = [
  `CREATE TABLE agents (
  agent TEXT PRIMARY KEY,
  version TEXT NOT NULL,
  kernel TEXT NOT NULL,
  os TEXT NOT NULL,
  dialled_by TEXT NOT NULL,
  address TEXT,
  tls INTEGER NOT NULL,
  first_seen DATETIME NOT NULL,
  last_seen DATETIME NOT NULL
) WITHOUT ROWID`,
  'CREATE TABLE dials (id INTEGER PRIMARY KEY AUTOINCREMENT, address TEXT NOT NULL UNIQUE)',
];
