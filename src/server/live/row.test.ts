import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reported } from '../../wire/reported.fixture.ts';
import { applyChange, canonicalEndpoint, canonicalTime, makeRow, reviseRow, TextPool } from './row.ts';

describe('a live row', () => {
  const endpoints: ReadonlyArray<readonly [string, string]> = [
    ['10.0.0.1:80', '10.0.0.1:80'],
    ['10.0.0.1:0', '10.0.0.1:0'],
    ['10.0.0.1:0080', '10.0.0.1:80'],
    ['[2001:DB8:0::1]:443', '[2001:db8::1]:443'],
    ['[::ffff:10.0.0.1]:443', '10.0.0.1:443'],
  ];
  for (const [text, expected] of endpoints) {
    it(`holds the endpoint ${text} as ${expected}`, () => assert.equal(canonicalEndpoint(text), expected));
  }

  const times: ReadonlyArray<readonly [string, string]> = [
    ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z'],
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000Z'],
    ['2026-01-01T01:00:00.5+01:00', '2026-01-01T00:00:00.500Z'],
    ['2026-01-01T00:00:00.1234Z', '2026-01-01T00:00:00.123Z'],
  ];
  for (const [text, expected] of times) {
    it(`holds the time ${text} as ${expected}`, () => assert.equal(canonicalTime(text), expected));
  }

  it('takes a change by position, -1 being unknown', () => {
    const row = makeRow(1, 'box', reported(), new TextPool());
    assert.equal(applyChange(row, [9, 7, 10, 20, 1, 2, 3.5, 4.5, 1500, 900, 40, 2, 5, 6, 2]), true);
    assert.deepEqual(
      [row.state, row.bytes_sent, row.bytes_received, row.packets_sent, row.packets_received],
      ['CLOSE_WAIT', 10, 20, 1, 2],
    );
    assert.deepEqual([row.upload_speed, row.download_speed], [3.5, 4.5]);
    assert.deepEqual([row.rtt_ms, row.min_rtt_ms, row.jitter_ms], [1.5, 0.9, 0.04]);
    assert.deepEqual(
      [row.retransmits, row.send_queue, row.receive_queue, row.limited_by],
      [2, 5, 6, 'network'],
    );
    assert.equal(applyChange(row, [9, ...new Array<number>(14).fill(-1)]), true);
    assert.deepEqual([row.state, row.bytes_sent, row.rtt_ms, row.limited_by], [null, null, null, null]);
  });

  it('keeps its name when revised, unless the address is another one', () => {
    const pool = new TextPool();
    const row = makeRow(1, 'box', reported(), pool);
    row.remote_name = 'web.example';
    reviseRow(row, reported({ process_name: 'wget' }), pool);
    assert.deepEqual([row.id, row.process_name, row.remote_name], [1, 'wget', 'web.example']);
    reviseRow(row, reported({ remote_addr: '10.9.9.9:1' }), pool);
    assert.equal(row.remote_name, null);
  });
});
