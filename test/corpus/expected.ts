import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Captures of other projects, kept beside the repository and never in it. */
export const corpusFolder = join(import.meta.dirname, '../../../shared/corpus');

/** What tcpdump and tshark say of a capture. */
export interface Expected {
  /** Path below the folder. */
  readonly file: string;
  /** Null where tcpdump stops before the end. */
  readonly packets: number | null;
  /** Method, host and target of each request. */
  readonly http: readonly (readonly [string, string, string])[];
  readonly status: readonly number[];
  /** Each name and type once. */
  readonly dns: readonly (readonly [string, string])[];
  /** Each server name once. */
  readonly sni: readonly string[];
}

/** Null where there is no corpus. */
export function readExpected(): readonly Expected[] | null {
  const file = join(corpusFolder, 'expected.ndjson');
  if (!existsSync(file)) return null;
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Expected);
}
