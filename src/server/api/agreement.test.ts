import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { makeConnectionMatcher } from '../../rules/connection-filter.ts';
import { makeConnectionComparator, parseConnectionSort } from '../../rules/connection-sort.ts';
import { makeReported, readAll } from '../../store/contract.ts';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import type { Store } from '../../store/store.ts';
import type { Connection } from '../../wire/connection.ts';
import { resolveConnectionFilter } from '../../wire/filter.ts';
import { type ConnectionFilter, connectionSorts } from '../../wire/query.ts';

/** Texts that fold, escape and order in ways in which a database and JavaScript may differ. */
const names = [
  'nginx',
  'NGINX',
  'École',
  'école',
  'a%b',
  'a_b',
  'a\\b',
  "o'b",
  '\u{1f600}',
  '\uffee',
  'ıI',
  '漢字',
  '',
];
const addresses = [
  '10.0.0.1:80',
  '10.0.0.2:443',
  '10.1.0.1:80',
  '[::1]:80',
  '[2001:db8::1]:443',
  '0.0.0.0:0',
  '[::]:0',
];
const maybe = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: null });

const rowArbitrary = fc.record({
  minute: fc.integer({ min: 0, max: 20 }),
  process_id: maybe([0, 1, 12, 123]),
  process_name: maybe(names),
  process_path: maybe(['/usr/bin/NGINX', '/opt/École/x', '/a%b']),
  local_addr: fc.constantFrom(...addresses),
  remote_addr: fc.constantFrom(...addresses),
  error: maybe(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT']),
  protocol: maybe(['tcp', 'udp'] as const),
  state: maybe(['CLOSED', 'LISTEN', 'NONE'] as const),
  direction: maybe(['inbound', 'outbound'] as const),
  user: maybe(['root', 'Root']),
  container: maybe(['ABC', 'abcdef']),
  duration_ms: maybe([0, 0.5, 1e9]),
  bytes_sent: maybe([0, 1, 2 ** 53 - 2]),
  bytes_received: maybe([0, 1]),
  upload_speed: maybe([0.1, 0.2, 3]),
  download_speed: maybe([0.1, 0.2, 3]),
  rtt_ms: maybe([0.25, 7]),
  retransmits: maybe([0, 3]),
});

const parts = [
  'n',
  'N',
  'GIN',
  'É',
  'é',
  'cole',
  '%',
  '_',
  '\\',
  "'",
  'ı',
  'i',
  '\u{1f600}',
  '12',
  '10.0',
  ':80',
  'root',
];
const part = fc.constantFrom(...parts);
const filterArbitrary: fc.Arbitrary<ConnectionFilter> = fc.record(
  {
    error: fc.subarray(['ECONNREFUSED', 'ECONNRESET', 'any', 'none'], { minLength: 1 }),
    process: part,
    pid: fc.constantFrom(0, 1, 12, 5),
    path: part,
    local: fc.constantFrom(
      '10.0.0.1',
      '10.0.0.0/8',
      '10.0.0.0/15',
      '0.0.0.0/0',
      '::/0',
      '2001:db8::/33',
      '[::1]:80',
      '10.1.0.1:80',
    ),
    remote: fc.constantFrom('10.0.0.0/30', '::1', '[::]:0', '10.0.0.2:443'),
    port: fc.constantFrom(80, 443, 0, 8),
    protocol: fc.subarray(['tcp', 'udp'] as const, { minLength: 1 }).map((list) => [...list]),
    state: fc.subarray(['CLOSED', 'LISTEN'] as const, { minLength: 1 }).map((list) => [...list]),
    direction: fc.constant(['inbound' as const]),
    active: fc.boolean(),
    agent: fc.constantFrom('a', 'A', 'b,a', ','),
    user: fc.constantFrom('root', 'ROOT'),
    container: fc.constantFrom('abc', 'ef'),
    since: fc.constantFrom('2026-01-01T00:05:00Z', '15m'),
    until: fc.constantFrom('2026-01-01T01:10:00+01:00', '10m'),
    text: part,
  },
  { requiredKeys: [] },
);
const now = Date.parse('2026-01-01T00:20:00Z');

describe('the database and the matcher', () => {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-agree-'));
  let store: Store;
  let rows: Connection[];

  before(async () => {
    store = openSqliteStore({ path: join(folder, 'netmon.db') });
    const samples = fc.sample(rowArbitrary, { numRuns: 400, seed: 7 });
    const records = samples.map(({ minute, ...fields }) => ({
      kind: 'connection' as const,
      connection: makeReported(minute, fields),
    }));
    const { ids } = await store.insertReported({ agent: 'a', epoch: 'e', first: 0, records });
    rows = await Promise.all(ids.map(async (id) => (await store.connectionById(id ?? -1))!));
  });
  after(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  it('give the same rows in the same order for any filter and sort', async () => {
    const sortArbitrary = fc.constantFrom(...connectionSorts.flatMap((sort) => [sort, `-${sort}`]));
    await fc.assert(
      fc.asyncProperty(filterArbitrary, sortArbitrary, async (filter, sort) => {
        const { descending, sort: key } = parseConnectionSort(sort);
        const query = { filter: resolveConnectionFilter(filter, now), sort: key, descending, limit: 37 };
        const found = await readAll(store, query);
        const expected = rows.filter(makeConnectionMatcher(filter, now)).sort(makeConnectionComparator(sort));
        assert.deepEqual(
          found.map(({ id }) => id),
          expected.map(({ id }) => id),
        );
      }),
      { numRuns: 400, seed: 11 },
    );
  });

  it('agree on each value of each filter alone', async () => {
    for (const field of ['process', 'text', 'path'] as const) {
      for (const value of parts) {
        const filter = { [field]: value };
        const query = {
          filter: resolveConnectionFilter(filter, now),
          sort: 'timestamp',
          descending: true,
          limit: 1000,
        } as const;
        const found = await readAll(store, query);
        assert.equal(
          found.length,
          rows.filter(makeConnectionMatcher(filter, now)).length,
          JSON.stringify(filter),
        );
      }
    }
  });
});
