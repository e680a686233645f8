import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { makeConnection } from '../../rules/connection.fixture.ts';
import { makeConnectionMatcher } from '../../rules/connection-filter.ts';
import { makeConnectionComparator } from '../../rules/connection-sort.ts';
import type { Connection } from '../../wire/connection.ts';
import type { ConnectionFilter } from '../../wire/query.ts';
import { type Listed, SortedList } from './sorted-list.ts';
import { ViewIndex } from './view-index.ts';

const filters: readonly ConnectionFilter[] = [
  {},
  { process: 'cu' },
  { state: ['ESTABLISHED'] },
  { active: true },
];
const sorts = ['-speed', 'speed', 'process', '-remote', 'state', '-timestamp', 'bytes'];

type Mutable = { -readonly [Field in keyof Connection]: Connection[Field] };

const row = fc.record({
  process_name: fc.constantFrom(null, 'curl', 'Curl', 'sshd'),
  upload_speed: fc.constantFrom(null, 0, 1, 5, 5.5, 1e9),
  download_speed: fc.constantFrom(0, 3),
  bytes_sent: fc.nat(5),
  state: fc.constantFrom('ESTABLISHED' as const, 'LISTEN' as const),
  remote_addr: fc.constantFrom('10.0.0.1:80', '9.0.0.1:80', '[2001:db8::1]:443'),
  active: fc.boolean(),
});
const step = fc.record({ id: fc.nat(60), kind: fc.constantFrom('put', 'put', 'put', 'remove'), row });

describe('ViewIndex', () => {
  for (const filter of filters) {
    for (const sort of sorts) {
      it(`holds what a re-sort would, for ${JSON.stringify(filter)} by ${sort}`, () => {
        fc.assert(
          fc.property(fc.array(fc.array(step, { maxLength: 12 }), { maxLength: 12 }), (ticks) => {
            const rows = new Map<number, Mutable>();
            const index = new ViewIndex(filter, sort, [], 0);
            for (const steps of ticks) {
              const touched = new Set<Connection>();
              const gone = new Set<Connection>();
              for (const { id, kind, row: fields } of steps) {
                const known = rows.get(id);
                if (kind === 'remove') {
                  if (!known) continue;
                  rows.delete(id);
                  touched.delete(known);
                  gone.add(known);
                } else {
                  const changed = known ?? makeConnection({ id });
                  Object.assign(changed, fields);
                  rows.set(id, changed);
                  touched.add(changed);
                }
              }
              index.update(touched, gone, () => rows.values(), 0);
              const matches = makeConnectionMatcher(filter, 0);
              const naive = [...rows.values()].filter(matches).sort(makeConnectionComparator(sort));
              assert.deepEqual(
                index.window(0, 1000).map(({ id }) => id),
                naive.map(({ id }) => id),
              );
              assert.deepEqual(index.window(3, 5), naive.slice(3, 8));
              assert.equal(index.size, naive.length);
            }
          }),
          { numRuns: 40 },
        );
      });
    }
  }

  it('lets rows fall out of a filter with a time before now as it passes', () => {
    const old = makeConnection({ id: 1, timestamp: '2026-01-01T00:00:00.000Z' });
    const at = Date.parse(old.timestamp);
    const index = new ViewIndex({ since: '1m' }, 'timestamp', [old], at);
    assert.equal(index.size, 1);
    index.update([], [], () => [old], at + 65_000);
    assert.equal(index.size, 0);
  });

  it('orders open connections by when they were opened, whatever the time', () => {
    const opened = (id: number, time: string): Connection =>
      makeConnection({ id, active: true, opened_at: `2026-01-01T${time}.000Z` });
    const rows = [opened(1, '00:00:10'), opened(2, '00:00:05'), opened(3, '00:00:20')];
    const index = new ViewIndex({}, '-duration', rows, Date.parse('2026-01-01T00:01:00Z'));
    assert.deepEqual(
      index.window(0, 9).map(({ id }) => id),
      [2, 1, 3],
    );
  });
});

describe('SortedList', () => {
  it('keeps thousands of values in order over batches that cut and empty chunks', () => {
    const list = new SortedList<Listed & { value: number }>((a, b) => a.value - b.value);
    const held = new Map<number, Listed & { value: number }>();
    let seed = 1;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed;
    };
    for (const size of [3000, 1, 1, 400, 6000, 2, 9000, 50, 1500, 9000]) {
      const coming = new Map<number, Listed & { value: number }>();
      const going = new Set<Listed & { value: number }>();
      for (let i = 0; i < size; i++) {
        const value = random() % 10_000;
        const known = held.get(value);
        if (known) going.add(known);
        else coming.set(value, { value, leaving: false });
      }
      list.removeAll([...going]);
      list.insertAll([...coming.values()]);
      for (const { value } of going) held.delete(value);
      for (const [value, entry] of coming) held.set(value, entry);
      const sorted = [...held.values()].sort((a, b) => a.value - b.value);
      assert.deepEqual(list.slice(0, 20_000), sorted);
      assert.deepEqual(list.slice(1500, 100), sorted.slice(1500, 1600));
      assert.equal(list.size, sorted.length);
    }
    list.removeAll([...held.values()]);
    assert.deepEqual(list.slice(0, 10), []);
  });
});
