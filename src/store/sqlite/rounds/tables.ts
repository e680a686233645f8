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

/**
 * Sums of rounds and what was made of them. A step of `round_sums` is a monitor's at one agent; `uptime` is of a monitor
 * as a whole, in hours and days.
 */
export const monitorSumsSchema: readonly string[] = [
  `CREATE TABLE round_sums (
  length INTEGER NOT NULL,
  monitor INTEGER NOT NULL,
  at INTEGER NOT NULL,
  agent INTEGER NOT NULL,
  up INTEGER NOT NULL,
  degraded INTEGER NOT NULL,
  down INTEGER NOT NULL,
  unknown INTEGER NOT NULL,
  echoes INTEGER NOT NULL,
  lost INTEGER NOT NULL,
  least REAL,
  most REAL,
  total REAL NOT NULL,
  latency TEXT NOT NULL,
  phases TEXT NOT NULL,
  PRIMARY KEY (length, monitor, at, agent)
) WITHOUT ROWID`,
  `CREATE TABLE uptime (
  length INTEGER NOT NULL,
  monitor INTEGER NOT NULL,
  at INTEGER NOT NULL,
  known REAL NOT NULL,
  down REAL NOT NULL,
  PRIMARY KEY (length, monitor, at)
) WITHOUT ROWID`,
  `CREATE TABLE incidents (
  id INTEGER PRIMARY KEY,
  monitor INTEGER NOT NULL,
  state TEXT NOT NULL,
  started_at DATETIME NOT NULL,
  ended_at DATETIME,
  duration_ms REAL,
  reason TEXT,
  agents TEXT NOT NULL,
  silenced TEXT
)`,
  'CREATE INDEX incidents_monitor ON incidents (monitor, id)',
  'CREATE TABLE monitor_states (monitor INTEGER PRIMARY KEY, state TEXT NOT NULL)',
];

/**
 * Maintenance: `planned_rounds` has of an hour's sums those rounds that began in a window, `weekly_plans` the weekly windows
 * with when they came into force, and `stale_uptimes` the times that windows which were changed cover or covered.
 */
export const maintenanceSchema: readonly string[] = [
  `CREATE TABLE planned_rounds (
  monitor INTEGER NOT NULL,
  at INTEGER NOT NULL,
  agent INTEGER NOT NULL,
  rounds INTEGER NOT NULL,
  down INTEGER NOT NULL,
  PRIMARY KEY (monitor, at, agent)
) WITHOUT ROWID`,
  `CREATE TABLE weekly_plans (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  monitor INTEGER NOT NULL,
  since INTEGER NOT NULL,
  windows TEXT NOT NULL
)`,
  'CREATE INDEX weekly_plans_monitor ON weekly_plans (monitor, id)',
  `CREATE TABLE stale_uptimes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  monitor INTEGER NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER NOT NULL
)`,
];

/** Steps of the sums, and how long those of each length are kept where there is room. */
export const sumLevels = [
  { lengthMs: 60_000, keptMs: 6 * 3_600_000 },
  { lengthMs: 600_000, keptMs: 3 * 86_400_000 },
  { lengthMs: 3_600_000, keptMs: 30 * 86_400_000 },
  { lengthMs: 86_400_000, keptMs: 400 * 86_400_000 },
] as const;

export const hourMs = 3_600_000;
export const dayMs = 86_400_000;
/** How long the uptimes of hours and of days are kept. */
export const keptUptimeHoursMs = 8 * dayMs;
export const keptUptimeDaysMs = 400 * dayMs;
