import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareKeys } from '../base/order.ts';
import { makeConnection } from './connection.fixture.ts';
import { makeConnectionComparator } from './connection-sort.ts';

describe('connection sort', () => {
  it('puts unknown values last when descending, and equal ones by id', () => {
    const rows = [null, 5, 7, 5].map((rtt_ms, id) => makeConnection({ id, rtt_ms }));
    assert.deepEqual(
      rows.toSorted(makeConnectionComparator('-rtt')).map((row) => row.id),
      [2, 3, 1, 0],
    );
    assert.deepEqual(
      rows.toSorted(makeConnectionComparator('rtt')).map((row) => row.id),
      [0, 1, 3, 2],
    );
  });

  it('orders addresses by number, not by their text', () => {
    const remotes = ['10.0.0.1:80', '9.0.0.1:80', '10.0.0.1:9', '[::1]:1', '[2001:db8::1]:1'];
    const rows = remotes.map((remote_addr, id) => makeConnection({ id, remote_addr }));
    assert.deepEqual(
      rows.toSorted(makeConnectionComparator('remote')).map((row) => row.remote_addr),
      ['[::1]:1', '9.0.0.1:80', '10.0.0.1:9', '10.0.0.1:80', '[2001:db8::1]:1'],
    );
  });

  it('orders text by code point', () => {
    assert.ok(compareKeys('\u{1f600}', '\uffee') > 0);
    assert.ok(compareKeys('a', 'ab') < 0);
  });

  it('adds both directions for speed and bytes', () => {
    const rows = [
      makeConnection({ id: 1, upload_speed: 5, download_speed: null, bytes_sent: 10, bytes_received: 10 }),
      makeConnection({ id: 2, upload_speed: 3, download_speed: 3, bytes_sent: 15 }),
    ];
    assert.deepEqual(
      rows.toSorted(makeConnectionComparator('-speed')).map((row) => row.id),
      [2, 1],
    );
    assert.deepEqual(
      rows.toSorted(makeConnectionComparator('-bytes')).map((row) => row.id),
      [1, 2],
    );
  });
});
