import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ErrorGroup } from '../../../src/wire/api.ts';
import { countByErrno, topDestinations, topProcesses } from './error-summary.ts';

const make = (
  remote_addr: string,
  process_name: string | null,
  error: string,
  count: number,
): ErrorGroup => ({
  remote_addr,
  remote_name: null,
  process_name,
  process_path: null,
  error,
  count,
  first_at: '2026-01-01T00:00:00.000Z',
  last_at: '2026-01-01T00:00:00.000Z',
  trend: Array.from({ length: 24 }, (_, step) => (step === 23 ? count : 0)),
});

describe('error summary', () => {
  const groups = [
    make('10.0.0.1:80', 'curl', 'ECONNREFUSED', 3),
    make('10.0.0.1:80', 'wget', 'ETIMEDOUT', 4),
    make('10.0.0.2:80', 'curl', 'ECONNREFUSED', 2),
    make('10.0.0.3:80', null, 'ECONNRESET', 1),
  ];

  it('adds failures up by destination, with their errnos and trend', () => {
    const [first, ...rest] = topDestinations(groups, 2);
    assert.equal(first.name, '10.0.0.1:80');
    assert.equal(first.count, 7);
    assert.deepEqual(first.errors, [
      ['ETIMEDOUT', 4],
      ['ECONNREFUSED', 3],
    ]);
    assert.equal(first.trend[23], 7);
    assert.deepEqual(
      rest.map((one) => one.name),
      ['10.0.0.2:80'],
    );
  });

  it('adds failures up by process, the unknown one too', () => {
    assert.deepEqual(
      topProcesses(groups, 9).map(({ name, count }) => [name, count]),
      [
        ['curl', 5],
        ['wget', 4],
        [null, 1],
      ],
    );
  });

  it('counts by errno, and nothing where there is nothing', () => {
    assert.deepEqual(countByErrno(groups), [
      ['ECONNREFUSED', 5],
      ['ETIMEDOUT', 4],
      ['ECONNRESET', 1],
    ]);
    assert.deepEqual(topProcesses([], 5), []);
  });
});
