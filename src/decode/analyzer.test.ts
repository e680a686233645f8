import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeCiphers } from '../platform/ciphers.ts';
import { analyze } from './analyze.fixture.ts';
import { Analyzer } from './analyzer.ts';
import { buildConnection, buildTcp, buildUdp } from './packet/build.fixture.ts';
import { linkTypes } from './packet/link.ts';

const ends = { from: '192.0.2.1:40000', to: '198.51.100.2:22' };
const back = { from: ends.to, to: ends.from };

describe('analyzer', () => {
  it('tells of a connection with who opened it, what passed and what application it proved to be', () => {
    const { flows, analyzer } = analyze(
      buildConnection(
        [
          ['<', 'SSH-2.0-OpenSSH_9.2\r\n'],
          ['>', 'SSH-2.0-client\r\n'],
        ],
        { to: '198.51.100.2:2222' },
      ),
    );
    assert.equal(flows.length, 1);
    const [{ ts: _ts, quality, ...flow }] = flows;
    assert.deepEqual(flow, {
      type: 'flow',
      src: '192.0.2.1:40000',
      dst: '198.51.100.2:2222',
      protocol: 'tcp',
      application: 'ssh',
      by: 'payload',
      packets_sent: 4,
      packets_received: 3,
      bytes_sent: 4 * 40 + 16,
      bytes_received: 3 * 40 + 21,
      duration_ms: 6,
      state: 'CLOSED',
      error: null,
    });
    assert.deepEqual([quality?.handshake_ms, quality?.server_rtt_ms, quality?.client_rtt_ms], [2, 1, 1]);
    assert.deepEqual(analyzer.counters, { packets: 7, bytes: 7 * 54 + 37, malformed: 0, flows: 1 });
  });

  it('waits for the rest of a greeting that comes byte by byte', () => {
    const { flows } = analyze(buildConnection([['<', 'SSH-2.0-x\r\n']], { mss: 1, to: '198.51.100.2:9' }));
    assert.deepEqual([flows[0].application, flows[0].by], ['ssh', 'payload']);
  });

  it('names an application by its port where no payload spoke, and says so', () => {
    const { flows } = analyze(buildConnection([], { to: ends.to }));
    assert.deepEqual([flows[0].application, flows[0].by], ['ssh', 'port']);
  });

  it('takes a refused connection for what the client was told', () => {
    const { flows } = analyze([
      buildTcp({ ...ends, sequence: 7, flags: 'S' }),
      buildTcp({ ...back, sequence: 0, acknowledgment: 8, flags: 'RA' }),
    ]);
    assert.deepEqual([flows[0].state, flows[0].error], ['CLOSED', 'ECONNREFUSED']);
  });

  it('begins a flow anew when ports are used again', () => {
    const one = buildConnection([['>', 'SSH-2.0-x\r\n']], ends);
    const two = buildConnection([['>', 'SSH-2.0-y\r\n']], ends).map((packet) => {
      const changed = packet.slice();
      // Another initial sequence number for both sides.
      changed[14 + 20 + 4] ^= 0x10;
      if (changed[14 + 20 + 13] & 16) changed[14 + 20 + 8] ^= 0x10;
      return changed;
    });
    assert.equal(analyze([...one, ...two]).flows.length, 2);
  });

  it('keeps both directions of a UDP exchange together, whichever family', () => {
    for (const [from, to] of [
      ['192.0.2.1:5000', '192.0.2.2:6000'],
      ['[2001:db8::1]:5000', '[2001:db8::2]:6000'],
    ]) {
      const { flows } = analyze([buildUdp({ from, to }, 'a'), buildUdp({ from: to, to: from }, 'bc')]);
      assert.deepEqual(
        flows.map(({ src, dst, packets_sent, packets_received }) => [
          src,
          dst,
          packets_sent,
          packets_received,
        ]),
        [[from, to, 1, 1]],
      );
    }
  });

  it('takes what was not handed in of sparse input for missing as soon as a later segment comes', () => {
    const frames = buildConnection(
      [
        ['>', 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n'],
        ['<', `HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n${'x'.repeat(9_000)}`],
        ['>', 'GET /b HTTP/1.1\r\nHost: x\r\n\r\n'],
        ['<', 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'],
      ],
      { mss: 1_000 },
    );
    const told: (string | null)[][] = [];
    const analyzer = new Analyzer(
      { mask: false, ciphers: nodeCiphers, sparse: true },
      {
        onRecord: (record) => record.type === 'http' && told.push([record.path, String(record.status)]),
        onFlowEnd: () => {},
      },
    );
    // The heads of messages alone: of the long answer the first segment and no other.
    const kept = frames.filter((_, i) => i < 5 || i > 13);
    for (const [i, frame] of kept.entries())
      analyzer.packet(frame, 0, frame.length, frame.length, linkTypes.ethernet, i);
    assert.deepEqual(told, [
      ['/a', '200'],
      ['/b', '404'],
    ]);
  });

  it('knows the sockets of both ends by the packets that they sent', () => {
    const cookies: number[] = [];
    const analyzer = new Analyzer(
      { mask: false, ciphers: nodeCiphers },
      { onRecord: () => {}, onFlowEnd: (_, flow) => cookies.push(flow.clientCookie, flow.serverCookie) },
    );
    for (const [i, frame] of buildConnection([], ends).entries())
      analyzer.packet(
        frame,
        0,
        frame.length,
        frame.length,
        linkTypes.ethernet,
        i,
        i === 1 || i === 4 ? 22 : 11,
      );
    analyzer.finish();
    assert.deepEqual(cookies, [11, 22]);
  });

  it('puts a connection in order, however much others have sent that waits for what never comes', () => {
    const frames: Uint8Array[] = [];
    const hole = (from: string, size: number, count: number): void => {
      frames.push(buildTcp({ from, to: ends.to, sequence: 0, flags: 'S' }));
      const payload = new Uint8Array(size);
      for (let i = 0; i < count; i++)
        frames.push(buildTcp({ from, to: ends.to, sequence: 1000 + i * (size + 1), flags: 'PA', payload }));
    };
    // 34 MB, the last of it in pieces that leave no room.
    for (let i = 0; i < 140; i++) hole(`10.0.0.${i}:40000`, 60_000, 4);
    for (const [i, size] of [1000, 1000, 1000, 100, 100, 10, 10, 1, 1].entries())
      hole(`10.0.1.${i}:40000`, size, 200);
    const request = buildConnection([['>', 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n']], { ...ends, mss: 10 });
    // Its first two segments change places.
    request.splice(3, 2, request[4], request[3]);
    const { records, analyzer } = analyze([...frames, ...request]);
    assert.deepEqual(
      records.map((one) => one.type === 'http' && one.path),
      ['/a'],
    );
    assert.equal(analyzer.openFlows, 0);
  });
});
