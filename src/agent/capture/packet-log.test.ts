import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CaptureReader } from '../../decode/capture/capture-reader.ts';
import { buildTcp, buildUdp } from '../../decode/packet/build.fixture.ts';
import type { PacketsQuestion } from '../../wire/link.ts';
import { copiedLinkTypes, PacketLog } from './packet-log.ts';
import { type Wanted, WebFlows } from './packet-selection.ts';

const now = Date.parse('2026-01-01T00:00:00.000Z');
const ends = { from: '10.0.0.1:40000', to: '192.0.2.1:80' };
const question: PacketsQuestion = {
  protocol: 'tcp',
  local_addr: '10.0.0.1:40000',
  remote_addr: '192.0.2.1:80',
  opened_at: new Date(now).toISOString(),
  closed_at: null,
};

function keep(log: PacketLog, frame: Uint8Array, timeMs = now): void {
  log.keep(frame, 0, frame.length, frame.length, copiedLinkTypes.ethernet, timeMs);
}

describe('PacketLog', () => {
  it('tells the packets of one connection, both ways, as text and as a capture file', () => {
    const log = new PacketLog({ mask: false });
    const back = { from: ends.to, to: ends.from };
    const secret = 'GET /?token=secret HTTP/1.1\r\n';
    keep(log, buildTcp({ ...ends, sequence: 1, flags: 'S' }));
    keep(log, buildTcp({ ...back, sequence: 9, acknowledgment: 2, flags: 'SA' }));
    keep(log, buildTcp({ ...ends, from: '10.0.0.1:40001', sequence: 1, flags: 'S' }));
    keep(log, buildUdp(ends, 'x'));
    keep(log, buildTcp({ ...ends, sequence: 2, acknowledgment: 10, flags: 'PA', payload: secret }), now + 5);
    keep(log, buildTcp({ ...ends, sequence: 1, flags: 'S' }), now - 60_000);
    const { packets, pcapng, left_out, reason } = log.find(question);
    assert.deepEqual(
      packets.map(({ direction, info }) => [direction, info]),
      [
        ['sent', 'SYN, seq 1, ack 0, window 65535'],
        ['received', 'SYN ACK, seq 9, ack 2, window 65535'],
        ['sent', `HTTP request GET, ${secret.length} bytes, PUSH ACK, seq 2, ack 10, window 65535`],
      ],
    );
    assert.deepEqual([left_out, reason], [0, null]);
    assert.equal(packets[2].timestamp, '2026-01-01T00:00:00.005Z');
    const file = Buffer.from(pcapng, 'base64');
    assert.equal(file.readUInt32LE(0), 0x0a0d0d0a);
    assert.ok(file.includes(secret));
  });

  it('hands out no payload of TCP while credentials are masked', () => {
    const log = new PacketLog({ mask: true });
    const payload = 'GET / HTTP/1.1\r\nCookie: session=secret\r\n\r\n';
    keep(log, buildTcp({ ...ends, sequence: 2, acknowledgment: 10, flags: 'PA', payload }));
    const { packets, pcapng } = log.find(question);
    assert.equal(packets.length, 1);
    const file = Buffer.from(pcapng, 'base64');
    assert.ok(!file.includes('secret'));
    // Both addresses and the port are there.
    assert.ok(file.includes(Buffer.from([10, 0, 0, 1, 192, 0, 2, 1])));
  });

  it('says so when it has none, and forgets the oldest for the newest', () => {
    const log = new PacketLog({ mask: false });
    assert.match(log.find(question).reason!, /no longer kept/);
    keep(log, buildTcp({ ...ends, sequence: 1, flags: 'S' }));
    const other = buildTcp({
      ...ends,
      from: '10.0.0.9:1',
      sequence: 1,
      flags: 'PA',
      payload: 'x'.repeat(3000),
    });
    for (let i = 0; i < 2000; i++) keep(log, other);
    assert.equal(log.find(question).packets.length, 1);
    for (let i = 0; i < 1000; i++) keep(log, other);
    assert.equal(log.find(question).packets.length, 0);
    keep(log, buildTcp({ ...ends, sequence: 1, flags: 'S' }));
    assert.equal(log.find(question).packets.length, 1);
  });

  it('bounds an answer, and stands any bytes', () => {
    const log = new PacketLog({ mask: false });
    for (let i = 0; i < 1500; i++) keep(log, buildTcp({ ...ends, sequence: i, flags: 'A' }));
    let seed = 1;
    const random = (): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed & 255;
    };
    for (let i = 0; i < 3000; i++) {
      const bytes = Uint8Array.from({ length: i % 200 }, random);
      keep(log, bytes);
    }
    const { packets, left_out } = log.find(question);
    assert.deepEqual([packets.length, left_out], [1000, 500]);
  });

  it('freezes the packets of web traffic, a site, an interface or sockets, with all of their flows', () => {
    const log = new PacketLog({ mask: true });
    const web = new WebFlows();
    const add = (flow: number, cookie: number, link: number, sequence: number, timeMs = now): void => {
      keep(log, buildTcp({ ...ends, sequence, flags: 'A', payload: 'secret' }), timeMs);
      log.note(flow, cookie, link, cookie > 0);
    };
    add(1, 0, 2, 10);
    add(1, 70, 2, 11);
    add(2, 0, 2, 12);
    add(2, 71, 1, 13);
    add(3, 72, 1, 14, now - 60_000);
    add(-1, 0, 1, 15);
    web.addSite(1, 'shop.example');
    web.add(2);
    const freeze = (wanted: Wanted): number[] => {
      const sequences: number[] = [];
      const reader = new CaptureReader(({ bytes, start, end }) => {
        sequences.push(new DataView(bytes.buffer, bytes.byteOffset).getUint32(start + 14 + 20 + 4));
        assert.ok(!Buffer.from(bytes.subarray(start, end)).includes('secret'));
      });
      let told = 0;
      for (const { bytes, packets, leftOut } of log.freeze(now, wanted, web)) {
        reader.push(bytes.slice());
        told += packets;
        assert.equal(leftOut, 0);
      }
      reader.end();
      assert.equal(told, sequences.length);
      return sequences;
    };
    assert.deepEqual(freeze({ kind: 'all' }), [10, 11, 12, 13, 15]);
    assert.deepEqual(freeze({ kind: 'http' }), [10, 11, 12, 13]);
    assert.deepEqual(freeze({ kind: 'site', site: 'shop.example' }), [10, 11]);
    assert.deepEqual(freeze({ kind: 'interface', interface: 1 }), [13, 15]);
    assert.deepEqual(freeze({ kind: 'sockets', cookies: [71, 9] }), [12, 13]);
  });

  it('counts what gives way while it is written', () => {
    const log = new PacketLog({ mask: false });
    const frame = buildTcp({ ...ends, sequence: 1, flags: 'A', payload: 'x'.repeat(700) });
    for (let i = 0; i < 5000; i++) keep(log, frame);
    const pieces = log.freeze(now, { kind: 'all' }, new WebFlows());
    let [packets, leftOut] = [0, 0];
    for (const piece of pieces) {
      packets += piece.packets;
      leftOut += piece.leftOut;
      for (let i = 0; i < 3000; i++) keep(log, frame, now + 1);
    }
    assert.ok(packets > 500 && leftOut > 1000);
    assert.equal(packets + leftOut, 5000);
  });

  it('takes a socket that is bound to any address by its port', () => {
    const log = new PacketLog({ mask: false });
    keep(log, buildUdp({ from: '192.0.2.53:53', to: '10.0.0.1:5000' }, 'x'.repeat(12)));
    const { packets } = log.find({
      ...question,
      protocol: 'udp',
      local_addr: '0.0.0.0:5000',
      remote_addr: '192.0.2.53:53',
    });
    assert.equal(packets[0].direction, 'received');
    assert.match(packets[0].info, /DNS question/);
  });
});
