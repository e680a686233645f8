import { type TrafficFamily, trafficFamilies } from '../../traffic.ts';

/**
 * Sums are kept three times, each in stretches of another length: short ones for a short while, long ones as long as
 * everything else. A question is answered from the shortest that reach back far enough and are not too many.
 */
export const levels = [
  { lengthMs: 10_000, keptMs: 30 * 60_000, longestMs: 15 * 60_000 },
  { lengthMs: 60_000, keptMs: 6 * 3_600_000, longestMs: 3 * 3_600_000 },
  { lengthMs: 3_600_000, keptMs: Number.POSITIVE_INFINITY, longestMs: Number.POSITIVE_INFINITY },
] as const;

/** Rows of one family for one agent in one stretch; what has none is added to the row of `otherName`. */
export const maxStretchRows = 1000;

/** A family's table. */
export function tableOf(family: TrafficFamily): string {
  return `${family}_traffic`;
}

/** The statements that make the tables, for the schema. */
export const trafficSchema: readonly string[] = [
  ...(Object.keys(trafficFamilies) as TrafficFamily[]).map(createTable),
  `CREATE TABLE requests (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  timestamp DATETIME NOT NULL,
  type TEXT NOT NULL,
  agent TEXT NOT NULL,
  process_id INTEGER,
  process_name TEXT,
  site TEXT,
  method TEXT,
  result TEXT,
  record TEXT NOT NULL
)`,
  'CREATE INDEX requests_type ON requests (type, id)',
  `CREATE TABLE alerts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  agent TEXT NOT NULL,
  kind TEXT NOT NULL,
  scope TEXT NOT NULL,
  raised_at DATETIME NOT NULL,
  recovered_at DATETIME,
  duration_ms REAL,
  value REAL NOT NULL,
  recovered_value REAL,
  threshold REAL NOT NULL,
  window_ms REAL NOT NULL,
  message TEXT NOT NULL,
  recovered_message TEXT
)`,
  'CREATE INDEX alerts_open ON alerts (agent, kind, scope) WHERE recovered_at IS NULL',
  'CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID',
];

/** What became of an alert's packets: how many were saved in how many bytes, or why none. */
export const alertPacketsSchema: readonly string[] = [
  'ALTER TABLE alerts ADD COLUMN packets INTEGER',
  'ALTER TABLE alerts ADD COLUMN packet_bytes INTEGER',
  'ALTER TABLE alerts ADD COLUMN packets_left_out INTEGER',
  'ALTER TABLE alerts ADD COLUMN packets_reason TEXT',
];

function createTable(family: TrafficFamily): string {
  const { names, sums, latency } = trafficFamilies[family];
  return `CREATE TABLE ${tableOf(family)} (
  length INTEGER NOT NULL,
  at INTEGER NOT NULL,
  agent TEXT NOT NULL,
  ${[...names.map((name) => `${name} TEXT NOT NULL`), ...sums.map((sum) => `${sum} INTEGER NOT NULL`)].join(',\n  ')},
  ${latency ? 'latency TEXT NOT NULL,\n  ' : ''}PRIMARY KEY (length, at, agent, ${names.join(', ')})
) WITHOUT ROWID`;
}
