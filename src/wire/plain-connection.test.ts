import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { reportedConnectionSchema } from './connection.ts';
import { isPlainConnection } from './plain-connection.ts';
import { reported } from './reported.fixture.ts';

const plain = reported({
  error: 'ECONNREFUSED',
  rtt_ms: 0.25,
  remote_name: 'example.org',
  site: 'example.org',
});
/** What may stand in the place of any field: hostile values as JSON can carry them, and such as are nearly right. */
const oddValues: readonly unknown[] = [
  undefined,
  null,
  true,
  -1,
  0,
  0.5,
  2 ** 53,
  Number.POSITIVE_INFINITY,
  '',
  'x'.repeat(4097),
  'x'.repeat(256),
  'x'.repeat(129),
  'tcp',
  'EPERM',
  'E',
  'CLOSED',
  'outbound',
  '127.0.0.1:80',
  '127.0.0.1:080',
  '127.00.0.1:80',
  '256.0.0.1:80',
  '127.0.0.1:65536',
  '127.0.0.1:',
  '127.0.0.1:80 ',
  '127.0.0:80',
  '1.2.3.4.5:80',
  '[::1]:80',
  '[::g]:80',
  '2024-02-29T00:00:00.000Z',
  '2023-02-29T00:00:00.000Z',
  '2023-04-31T00:00:00.000Z',
  '2023-12-31T23:59:59.999Z',
  '2023-12-31T24:00:00.000Z',
  '2023-12-31T23:59:60.000Z',
  '2023-12-31T23:59:59.999+',
  '0000-01-01T00:00:00.000Z',
  '2023-1-011T00:00:00.000Z',
  [],
  ['init (1)'],
  ['x'.repeat(129)],
  [1],
  new Array(33).fill('x'),
  {},
  { length: 1 },
];

describe('a plain connection', () => {
  it('is what an agent reports', () => {
    assert.equal(isPlainConnection(plain), true);
    assert.equal(isPlainConnection({ ...plain, local_addr: '[2001:db8::1]:443', parents: null }), true);
  });

  it('lacks no field, which the schema would add for an older agent', () => {
    const { remote_name_at, ...older } = plain;
    assert.equal(isPlainConnection(older), false);
    assert.equal(isPlainConnection({ ...older, more: null }), false);
    assert.equal(reportedConnectionSchema.safeParse(older).success, true);
  });

  it('is never what the schema refuses or changes', () => {
    const names = [...Object.keys(plain), 'more', '__proto__', 'constructor', 'id'];
    const change = fc.tuple(fc.constantFrom(...names), fc.constantFrom(...oddValues));
    let taken = 0;
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 2 }), (changes) => {
        const entries = new Map<string, unknown>([...Object.entries(plain), ...changes]);
        const fields = [...entries].filter(([, value]) => value !== undefined);
        const write = (value: unknown): string =>
          value === Number.POSITIVE_INFINITY ? '1e999' : JSON.stringify(value);
        const value: unknown = JSON.parse(`{${fields.map(([k, v]) => `${JSON.stringify(k)}:${write(v)}`)}}`);
        if (!isPlainConnection(value)) return;
        taken++;
        const parsed = reportedConnectionSchema.safeParse(value);
        assert.equal(parsed.success, true, JSON.stringify(changes));
        assert.deepEqual(parsed.data, value);
      }),
      { numRuns: 5000 },
    );
    assert.ok(taken > 100, `${taken} were plain`);
  });
});
