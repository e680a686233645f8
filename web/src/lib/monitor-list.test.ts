import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MonitorRow } from '../../../src/wire/monitor.ts';
import {
  groupByLabel,
  listLabels,
  type MonitorFilters,
  matchesMonitor,
  readMonitorFilters,
  sortMonitors,
} from './monitor-list.ts';
import { makeMonitorRow } from './monitor-row.fixture.ts';

const ids = (rows: readonly MonitorRow[]): string[] => rows.map(({ id }) => id);
const rows = [
  makeMonitorRow('b', { labels: { site: 'north', env: 'live' } }, { response_ms: 20 }),
  makeMonitorRow('a', { name: 'Router' }, { state: 'down', response_ms: null }),
  makeMonitorRow('c', { labels: { site: 'south' } }, { state: 'partial', response_ms: 5 }),
];

describe('filters of monitors', () => {
  const none: MonitorFilters = { states: [], kinds: [], labels: [], agents: [], text: '' };
  const find = (filters: Partial<MonitorFilters>): string[] =>
    ids(rows.filter((row) => matchesMonitor(row, { ...none, ...filters })));

  it('leave everything in when there is none', () => assert.deepEqual(find({}), ['b', 'a', 'c']));

  it('go by state, kind, label and text', () => {
    assert.deepEqual(find({ states: ['down', 'partial'] }), ['a', 'c']);
    assert.deepEqual(find({ kinds: ['dns'] }), []);
    assert.deepEqual(find({ labels: ['site'] }), ['b', 'c']);
    assert.deepEqual(find({ labels: ['site=north', 'env'] }), ['b']);
    assert.deepEqual(find({ text: ' ROUT' }), ['a']);
    assert.deepEqual(find({ text: 'site=so' }), ['c']);
    assert.deepEqual(find({ labels: ['constructor'] }), []);
  });

  it('are read from an address, without what is none', () => {
    const query = new URLSearchParams('state=up,bogus,down&kind=https,smtp&label=a%3D1,b&agent=x');
    assert.deepEqual(readMonitorFilters(query), {
      states: ['down', 'up'],
      kinds: ['https'],
      labels: ['a=1', 'b'],
      agents: ['x'],
      text: '',
    });
  });
});

describe('sortMonitors', () => {
  it('puts what wants attention first, and goes by name where nothing else is said', () => {
    assert.deepEqual(ids(sortMonitors(rows, 'state')), ['a', 'c', 'b']);
    assert.deepEqual(ids(sortMonitors(rows, 'constructor')), ['a', 'c', 'b']);
    assert.deepEqual(ids(sortMonitors(rows, 'interval')), ['b', 'c', 'a']);
  });

  it('has what is not known last, in either direction', () => {
    assert.deepEqual(ids(sortMonitors(rows, 'response')), ['c', 'b', 'a']);
    assert.deepEqual(ids(sortMonitors(rows, '-response')), ['b', 'c', 'a']);
  });
});

describe('groupByLabel', () => {
  it('goes by value, those without the label last', () => {
    assert.deepEqual(
      groupByLabel(rows, 'site').map(({ value, rows: members }) => [value, ids(members)]),
      [
        ['north', ['b']],
        ['south', ['c']],
        [null, ['a']],
      ],
    );
    assert.deepEqual(listLabels(rows), ['site', 'env']);
  });
});
