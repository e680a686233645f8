/** The tables of tokens and certificates, for the schema. */
export const identitySchema: readonly string[] = [
  `CREATE TABLE enrollments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  created_at DATETIME NOT NULL,
  expires_at DATETIME NOT NULL,
  used_at DATETIME
)`,
  `CREATE TABLE certificates (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  serial TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  issued_at DATETIME NOT NULL,
  until DATETIME NOT NULL,
  revoked_at DATETIME
)`,
];
