import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReportedConnection } from '../../wire/connection.ts';
import { reportedConnectionSchema } from '../../wire/connection.ts';
import { defaultFoldOptions, Fold } from './fold.ts';
import { Recorder } from './recorder.ts';
import { slotFlags } from './slot-table.ts';
import { makeTracked } from './tracked.fixture.ts';

const clock = { toUnixMs: (ns: number): number => 1_700_000_000_000 + ns / 1e6 };

function makeBench() {
  const rows: ReportedConnection[] = [];
  const recorder = new Recorder(clock, new Fold(defaultFoldOptions, (row) => rows.push(row)));
  return { rows, recorder };
}

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
        [null, 'local', null],
        ['ECONNRESET', 'remote', 'established'],
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

  it('keeps no row of a socket that only listened, nor of one that was over before the start', () => {
    const { rows, recorder } = makeBench();
    recorder.ended(makeTracked(1, { direction: 'listening', state: 7, closedNs: 2e9 }), false, 1);
    recorder.ended(makeTracked(2, { found: true, state: 6, openedNs: 2e9, closedNs: 2e9 }), false, 1);
    recorder.finish(1);
    assert.deepEqual(rows, []);
  });
});
