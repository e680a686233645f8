import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { liveSchema } from './link.ts';
import { isPlainFrame } from './plain-frame.ts';

const plain = {
  kind: 'live',
  at: 1_700_000_000_000,
  full: false,
  opened: [],
  revised: [],
  changed: [[1, ...new Array<number>(14).fill(-1)]],
  closed: [7],
  samples: [[1, 2, 3.5]],
  totals: { bytes_sent: 1, bytes_received: 2, connections: 3, errors: 4 },
  interface_samples: { lo: [[1, 2, 3]] },
  process_samples: {},
  processes: [],
  processes_gone: [],
};
/** What may stand in the place of any part: hostile values as JSON can carry them. */
const oddValues: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  2 ** 60,
  Number.POSITIVE_INFINITY,
  '',
  'x',
  [],
  [[]],
  [-1],
  [1, 2, 3],
  [[1, 2, 3]],
  {},
  { lo: [[1, -2, 3]] },
  JSON.parse('{"__proto__":[[1,2,3]]}'),
  { ...plain.totals, more: 1 },
  { bytes_sent: 1 },
  { records: 1, bytes: 2, lost: 0 },
  { records: 1, bytes: -2, lost: 0 },
  { lo: 5 },
  new Array(15).fill(0),
  [new Array(15).fill('0')],
  undefined,
];
const odd = fc.constantFrom(...oddValues);

describe('a plain frame', () => {
  it('is known as one, with the size of the spool and without', () => {
    assert.equal(isPlainFrame(plain), true);
    assert.equal(isPlainFrame({ ...plain, spool: { records: 1, bytes: 2, lost: 0 } }), true);
  });

  for (const extra of [{ sync: 1 }, { full: true }, { sensors: [] }, { processes_gone: ['1-2'] }]) {
    it(`has no ${JSON.stringify(extra)}, which is left to the schema`, () => {
      assert.equal(isPlainFrame({ ...plain, ...extra }), false);
      assert.equal(liveSchema.safeParse({ ...plain, ...extra }).success, true);
    });
  }

  it('is never what the schema refuses or changes', () => {
    const names = [...Object.keys(plain), 'more', '__proto__', 'constructor', 'sync', 'spool'];
    const change = fc.tuple(fc.constantFrom(...names), odd);
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), (changes) => {
        const entries = new Map<string, unknown>([...Object.entries(plain), ...changes]);
        const text = [...entries].filter(([, value]) => value !== undefined);
        const write = (value: unknown): string =>
          value === Number.POSITIVE_INFINITY ? '1e999' : JSON.stringify(value);
        const frame: unknown = JSON.parse(`{${text.map(([k, v]) => `${JSON.stringify(k)}:${write(v)}`)}}`);
        if (!isPlainFrame(frame)) return;
        const parsed = liveSchema.safeParse(frame);
        assert.equal(parsed.success, true);
        assert.deepEqual(parsed.data, frame);
      }),
      { numRuns: 2000 },
    );
  });
});
