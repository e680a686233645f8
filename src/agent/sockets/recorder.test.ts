import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReportedConnection } from '../../wire/connection.ts';
import { reportedConnectionSchema } from '../../wire/connection.ts';
import { defaultFoldOptions, type FoldOptions } from './fold.ts';
import { Recorder } from './recorder.ts';
import { slotFlags } from './slot-table.ts';
import { makeTracked, testOwner } from './tracked.fixture.ts';

const clock = { toUnixMs: (ns: number): number => 1_700_000_000_000 + ns / 1e6 };

function makeBench(options: FoldOptions = defaultFoldOptions) {
  const rows: ReportedConnection[] = [];
  const keys: (number | null)[] = [];
  const recorder = new Recorder(clock, options, (row, key) => {
    rows.push(row);
    keys.push(key);
  });
  return { rows, keys, recorder };
}

/** No rows to spare: everything alike folds. */
const flooded: FoldOptions = { burstRows: 0, rowsPerSecond: 0, windowMs: 1000, maxOpen: 3 };
const over = { state: 7, closedNs: 2e9 };

describe('recorder', () => {
  it('keeps one row of a TCP connection, with how and when it failed', () => {
    const { rows, recorder } = makeBench();
    const connection = makeTracked(1, {
      state: 7,
      closedNs: 4e9,
      errors: 1,
      errno: 110,
      errorState: 2,
      synRetries: 3,
    });
    recorder.failed(connection, 1, 4000);
    recorder.ended(connection, false, 4000);
    recorder.finish(4000);
    assert.equal(rows.length, 1);
    const [row] = rows;
    reportedConnectionSchema.parse(row);
    assert.deepEqual(
      [row.error, row.phase, row.syn_retries, row.duration_ms, row.state],
      ['ETIMEDOUT', 'connecting', 3, 3000, 'CLOSED'],
    );
  });

  it('says who sent the RST', () => {
    const { rows, recorder } = makeBench();
    const end = { state: 7, closedNs: 2e9, errors: 1, errno: 104, errorState: 1 };
    recorder.ended(makeTracked(1, { ...end, flags: slotFlags.rstReceived }), false, 1);
    recorder.ended(makeTracked(2, { state: 7, closedNs: 2e9, flags: slotFlags.rstSent }), false, 1);
    recorder.finish(1);
    assert.deepEqual(
      rows.map(({ error, reset_by, phase }) => [error, reset_by, phase]),
      [
        ['ECONNRESET', 'remote', 'established'],
        [null, 'local', null],
      ],
    );
  });

  it('makes one row of a UDP socket that fails and ends at once, with its totals', () => {
    const { rows, recorder } = makeBench();
    const socket = makeTracked(1, { protocol: 'udp', errors: 2, errno: 111, errorState: 1, bytesSent: 9 });
    recorder.failed(socket, 2, 1000);
    recorder.tick(1100);
    socket.closedNs = 2e9;
    recorder.ended(socket, false, 1200);
    recorder.finish(1200);
    assert.deepEqual(
      rows.map(({ error, count, bytes_sent }) => [error, count, bytes_sent]),
      [['ECONNREFUSED', 2, 9]],
    );
  });

  it('tells of a failure of a UDP socket that goes on, and counts its bytes when it ends', () => {
    const { rows, recorder } = makeBench();
    const socket = makeTracked(1, { protocol: 'udp', errors: 1, errno: 111, errorState: 1, bytesSent: 9 });
    recorder.failed(socket, 1, 1000);
    recorder.tick(1400);
    recorder.tick(3000);
    socket.closedNs = 9e9;
    recorder.ended(socket, false, 9000);
    recorder.finish(9000);
    assert.deepEqual(
      rows.map(({ error, count, bytes_sent }) => [error, count, bytes_sent]),
      [
        ['ECONNREFUSED', 1, 0],
        [null, 1, 9],
      ],
    );
  });

  it('names the live connection of a row where one is on show, or stays in TIME_WAIT', () => {
    const { keys, recorder } = makeBench();
    recorder.ended(makeTracked(1, over), false, 1);
    recorder.ended(makeTracked(2, { ...over, announced: true }), false, 1);
    recorder.ended(makeTracked(3, over), true, 1);
    assert.deepEqual(keys, [null, 2, 3]);
  });

  it('adds up the like connections of a flood: service, not the ports that change with each', () => {
    const { rows, recorder } = makeBench(flooded);
    const flags = slotFlags.passive;
    const accepted = {
      ...over,
      flags,
      direction: 'inbound',
      localPort: 80,
      bytesSent: 3,
      bytesReceived: 5,
    } as const;
    for (let i = 0; i < 1000; i++)
      recorder.ended(makeTracked(i, { ...accepted, remotePort: 1000 + i }), false, 1);
    recorder.ended(makeTracked(1, { ...accepted, localPort: 81 }), false, 1);
    recorder.finish(1);
    assert.deepEqual(
      rows.map((row) => [row.local_addr, row.count, row.bytes_sent, row.bytes_received, row.process_id]),
      [
        ['10.0.0.1:80', 1000, 3000, 5000, 7],
        ['10.0.0.1:81', 1, 3, 5, 7],
      ],
    );
  });

  it('keeps program and count of processes that differ, and says that they do', () => {
    const { rows, recorder } = makeBench(flooded);
    for (const process_id of [7, 8]) {
      recorder.ended(
        makeTracked(1, { ...over, identity: { ...testOwner, process_id, key: `${process_id}` } }),
        false,
        1,
      );
    }
    recorder.finish(1);
    const [row] = rows;
    assert.deepEqual([row.process_id, row.process_name, row.count], [null, 'client', 2]);
    assert.match(row.owner_unknown_reason ?? '', /several processes/);
  });

  it('gives up the destination, not the count, when more kinds come than it gathers', () => {
    const { rows, recorder } = makeBench(flooded);
    for (let i = 0; i < 100; i++)
      recorder.ended(makeTracked(1, { ...over, remoteIp: `10.0.${i}.1`, bytesSent: 1 }), false, 1);
    recorder.finish(1);
    assert.equal(rows.length, 4);
    assert.deepEqual([rows[3].remote_addr, rows[3].count], ['0.0.0.0:0', 97]);
    assert.equal(
      rows.reduce((sum, row) => sum + (row.bytes_sent ?? 0), 0),
      100,
    );
  });

  it('keeps no row of a socket that only listened, nor of one that was over before the start', () => {
    const { rows, recorder } = makeBench();
    recorder.ended(makeTracked(1, { direction: 'listening', state: 7, closedNs: 2e9 }), false, 1);
    recorder.ended(makeTracked(2, { found: true, state: 6, openedNs: 2e9, closedNs: 2e9 }), false, 1);
    recorder.finish(1);
    assert.deepEqual(rows, []);
  });
});
