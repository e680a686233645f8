import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FlowRecord } from '../../wire/traffic.ts';
import { analyze } from '../analyze.fixture.ts';
import { buildTcp } from '../packet/build.fixture.ts';

const client = '192.0.2.1:40000';
const server = '198.51.100.2:2222';

/** `> S 1000` with the payload's length, or its text, behind it; numbers are of sequence and acknowledgment. */
function build(line: string): Uint8Array {
  const [side, flags, sequence, acknowledgment = '0', payload = ''] = line.split(' ');
  const ends = side === '>' ? { from: client, to: server } : { from: server, to: client };
  return buildTcp({
    ...ends,
    flags,
    sequence: Number(sequence) >>> 0,
    acknowledgment: Number(acknowledgment) >>> 0,
    payload: /^\d+$/.test(payload) ? 'x'.repeat(Number(payload)) : payload,
  });
}

/** A packet a line, a millisecond apart unless the line begins with `+MS`. */
function run(...lines: readonly string[]): FlowRecord[] {
  let timeMs = 0;
  const times: number[] = [];
  const frames = lines.map((line) => {
    const [, wait, rest] = /^(?:\+(\d+) )?(.*)$/.exec(line) as unknown as [
      string,
      string | undefined,
      string,
    ];
    timeMs += Number(wait ?? 1);
    times.push(timeMs);
    return build(rest);
  });
  return analyze(frames, { times }).flows;
}

const opening = ['> S 1000', '< SA 5000 1001', '> A 1001 5001'] as const;

describe('TCP connections', () => {
  const table: readonly (readonly [string, readonly string[], string, string | null])[] = [
    ['refused', ['> S 1000', '< RA 0 1001'], 'CLOSED', 'ECONNREFUSED'],
    ['unanswered', ['> S 1000', '+1000 > S 1000', '+2000 > S 1000'], 'SYN_SENT', 'ETIMEDOUT'],
    ['not answered yet', ['> S 1000'], 'SYN_SENT', null],
    ['half open', ['> S 1000', '< SA 5000 1001'], 'SYN_RECV', null],
    ['open', opening, 'ESTABLISHED', null],
    ['reset by the server', [...opening, '> PA 1001 5001 10', '< R 5001'], 'CLOSED', 'ECONNRESET'],
    ['reset by the client itself', [...opening, '> R 1001'], 'CLOSED', null],
    ['reset after the server ended', [...opening, '< FA 5001 1001', '< R 5002'], 'CLOSED', 'EPIPE'],
    ['a RST far from the window', [...opening, '< R 900000000'], 'ESTABLISHED', null],
    ['ended by the client', [...opening, '> FA 1001 5001'], 'FIN_WAIT1', null],
    ['ended by the server', [...opening, '< FA 5001 1001'], 'CLOSE_WAIT', null],
    ['ended', [...opening, '> FA 1001 5001', '< FA 5001 1002', '> A 1002 5002', '< R 5002'], 'CLOSED', null],
    [
      'opened by both at once',
      ['> S 1000', '< S 5000', '> SA 1000 5001', '< SA 5000 1001'],
      'ESTABLISHED',
      null,
    ],
    ['seen from the middle', ['> PA 7000 9000 10', '< A 9000 7010'], 'ESTABLISHED', null],
  ];
  for (const [name, lines, state, error] of table)
    it(`knows one that is ${name}`, () => {
      const flows = run(...lines);
      assert.deepEqual(
        flows.map((flow) => [flow.src, flow.state, flow.error]),
        [[client, state, error]],
      );
    });

  it('takes a SYN with another number for a new connection, and one with the same for a copy', () => {
    const over = [...opening, '> FA 1001 5001', '< FA 5001 1002', '> A 1002 5002'];
    assert.equal(run(...over, '> S 90000', '< SA 70000 90001').length, 2);
    assert.equal(run(...over, '> S 1000').length, 1);
    assert.equal(run(...opening, '> PA 1001 5001 10', '> S 90000').length, 2);
    assert.equal(run(...opening, '< A 5001 1001', '> S 1000').length, 1);
  });

  it('recognises the first payload when a SYN, or the answer to it, was not captured', () => {
    for (const without of [0, 1]) {
      const lines = opening.filter((_, i) => i !== without);
      const [flow] = run(...lines, '> PA 1001 5001 SSH-2.0-x');
      assert.deepEqual([flow.src, flow.application, flow.by], [client, 'ssh', 'payload']);
    }
  });

  it('reads payload that came with the SYN', () => {
    const [flow] = run('> S 1000 0 SSH-2.0-', '< SA 5000 1009', '> PA 1009 5001 x');
    assert.equal(flow.application, 'ssh');
  });
});

describe('quality of a TCP connection', () => {
  const quality = (...lines: readonly string[]): FlowRecord['quality'] => run(...lines)[0].quality;

  it('measures round trips on both sides of the capture', () => {
    const measured = quality(
      '> S 1000',
      '+20 < SA 5000 1001',
      '+3 > A 1001 5001',
      '> PA 1001 5001 10',
      '+21 < A 5001 1011',
      '+30 < PA 5001 1011 10',
      '+4 > A 1011 5011',
    );
    assert.deepEqual(
      [measured?.server_rtt_ms, measured?.client_rtt_ms, measured?.handshake_ms, measured?.first_byte_ms],
      [20, 3, 23, 51],
    );
    assert.ok(measured?.rtt_ms && measured.rtt_ms > 23 && measured.rtt_ms < 25);
    assert.ok(measured.jitter_ms && measured.jitter_ms < 1);
  });

  it('tells retransmissions from segments that were overtaken', () => {
    const measured = quality(
      ...opening,
      '> PA 1001 5001 10',
      '> PA 1021 5001 10',
      '> PA 1011 5001 10',
      '+300 > PA 1021 5001 10',
    );
    assert.deepEqual([measured?.retransmissions, measured?.out_of_order, measured?.loss], [1, 1, 0.25]);
  });

  it('counts what was lost before it came past as sent again', () => {
    const measured = quality(...opening, '> PA 1001 5001 10', '> PA 1021 5001 10', '+200 > PA 1011 5001 10');
    assert.deepEqual([measured?.retransmissions, measured?.out_of_order, measured?.missing_bytes], [1, 0, 0]);
  });

  it('counts repeated acknowledgments, and no keep-alives or answers to them', () => {
    const repeated = quality(
      ...opening,
      '< PA 5001 1001 10',
      '> A 1001 5011',
      '> A 1001 5011',
      '> A 1001 5011',
    );
    assert.equal(repeated?.duplicate_acks, 2);
    const alive = quality(
      ...opening,
      '> PA 1001 5001 10',
      '< A 5001 1011',
      '+9000 > A 1010 5001 1',
      '< A 5001 1011',
    );
    assert.deepEqual([alive?.duplicate_acks, alive?.retransmissions], [0, 0]);
  });

  it('counts no packet twice that was captured on two interfaces', () => {
    const data = build('> PA 1001 5001 10');
    data.set([0x12, 0x34], 14 + 4);
    const frames = [...opening.map(build), data, data];
    const twice = analyze(frames, { times: [1, 2, 3, 4, 4.2] }).flows[0];
    assert.deepEqual([twice.quality?.retransmissions, twice.packets_sent], [0, 4]);
    const later = analyze(frames, { times: [1, 2, 3, 4, 250] }).flows[0];
    assert.equal(later.quality?.retransmissions, 1);
  });
});
