/**
 * The tables of monitors, for the schema.
 *
 * `monitors.key` is never given twice, so that what is left of a removed monitor can go bit by bit. Rounds come in the
 * order of storing; `rounds_monitor` carries the lists of one monitor in the order of time.
 */
export const monitorSchema: readonly string[] = [
  `CREATE TABLE monitors (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  monitor TEXT NOT NULL
)`,
  'CREATE TABLE round_agents (key INTEGER PRIMARY KEY AUTOINCREMENT, agent TEXT NOT NULL UNIQUE)',
  `CREATE TABLE rounds (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  monitor INTEGER NOT NULL,
  agent INTEGER NOT NULL,
  at INTEGER NOT NULL,
  result TEXT NOT NULL
)`,
  'CREATE INDEX rounds_monitor ON rounds (monitor, at)',
];
