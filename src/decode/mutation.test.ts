// Conversations of every protocol, damaged: nothing throws, nothing takes long, and no table grows past its bound.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeCiphers } from '../platform/ciphers.ts';
import { Analyzer } from './analyzer.ts';
import { datagramExamples } from './apps/datagram-examples.fixture.ts';
import { examples } from './apps/examples.fixture.ts';
import { buildConnection, buildUdp, hex, type Turn, toBytes } from './packet/build.fixture.ts';
import { linkTypes } from './packet/link.ts';

const rounds = 20_000;
/** One round, of some dozens of packets, takes under a millisecond; a loop that ran away would not end. */
const slowestMs = 2000;
const maxFlows = 64;

/** Numbers that are the same in each run (xorshift, Marsaglia 2003). */
function makeRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** What has parsers of its own: several messages, so that damage falls between them as well. */
const parsed: readonly { readonly turns: readonly Turn[]; readonly port: number; readonly udp?: boolean }[] =
  [
    {
      port: 80,
      turns: [
        [
          '>',
          'POST /a?x=1 HTTP/1.1\r\nHost: example.org\r\nContent-Length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\nHost: x\r\n\r\n',
        ],
        [
          '<',
          'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n',
        ],
      ],
    },
    {
      port: 80,
      turns: [
        ['>', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
        // SETTINGS; HEADERS of stream 1: GET / http, authority by a literal of Huffman code
        [
          '>',
          hex(
            '00 00 00 04 00 00 00 00 00  00 00 11 01 05 00 00 00 01 82 86 84 41 8c f1 e3 c2 e5 f2 3a 6b a0 ab 90 f4 ff',
          ),
        ],
        ['<', hex('00 00 00 04 00 00 00 00 00  00 00 01 01 05 00 00 00 01 88')],
      ],
    },
    {
      port: 53,
      udp: true,
      turns: [
        [
          '>',
          hex(
            '12 34 01 00 00 01 00 00 00 00 00 00 03 77 77 77 07 65 78 61 6d 70 6c 65 03 6f 72 67 00 00 01 00 01',
          ),
        ],
        [
          '<',
          hex(
            '12 34 81 80 00 01 00 01 00 00 00 00 03 77 77 77 07 65 78 61 6d 70 6c 65 03 6f 72 67 00 00 01 00 01 c0 0c 00 01 00 01 00 00 00 3c 00 04 c0 00 02 01',
          ),
        ],
      ],
    },
    {
      port: 443,
      turns: [
        // ClientHello of TLS 1.2 with a server name and ALPN
        [
          '>',
          hex(
            '16 03 01 00 52 01 00 00 4e 03 03 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f 00 00 02 c0 2f 01 00 00 23 00 00 00 10 00 0e 00 00 0b 65 78 61 6d 70 6c 65 2e 6f 72 67 00 10 00 0b 00 09 08 68 74 74 70 2f 31 2e 31',
          ),
        ],
        [
          '<',
          hex(
            '16 03 03 00 2a 02 00 00 26 03 03 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f 00 c0 2f 00',
          ),
        ],
      ],
    },
  ];

function buildSeeds(): Uint8Array[][] {
  const from = '192.0.2.1:40000';
  const conversations = [
    ...parsed,
    ...[...examples, ...datagramExamples].map(({ turns, port = 39_999, transport }) => ({
      turns,
      port,
      udp: transport === 'udp',
    })),
  ];
  return conversations.map(({ turns, port, udp }) => {
    const to = `198.51.100.2:${port}`;
    if (!udp) return buildConnection(turns, { from, to });
    return turns.map(([side, payload]) =>
      buildUdp(side === '>' ? { from, to } : { from: to, to: from }, toBytes(payload)),
    );
  });
}

/** One packet changed at random: bits, bytes of note, length, order, or a piece of another conversation. */
function damage(
  packets: Uint8Array[],
  seeds: readonly Uint8Array[][],
  random: (below: number) => number,
): void {
  const which = random(packets.length);
  const packet = packets[which];
  const at = random(packet.length);
  switch (random(8)) {
    case 0:
      packet[at] ^= 1 << random(8);
      break;
    case 1:
      packet[at] = [0, 1, 0x7f, 0x80, 0xff][random(5)];
      break;
    case 2:
      packet.fill([0, 1, 0xff][random(3)], at, at + [2, 4][random(2)]);
      break;
    case 3:
      packets[which] = packet.slice(0, at);
      break;
    case 4:
      packets.splice(random(packets.length), 0, packet.slice());
      break;
    case 5:
      packets.splice(which, 1);
      packets.splice(random(packets.length + 1), 0, packet);
      break;
    case 6: {
      const other = seeds[random(seeds.length)];
      const piece = other[random(other.length)];
      packet.set(piece.subarray(0, Math.max(0, packet.length - at)).subarray(0, packet.length - at), at);
      break;
    }
    default: {
      const longer = new Uint8Array(packet.length + random(3000));
      longer.set(packet);
      for (let i = packet.length; i < longer.length; i++) longer[i] = random(256);
      packets[which] = longer;
    }
  }
}

const links = Object.values(linkTypes);

describe('damaged conversations', () => {
  it('end without an exception, in time and within bounds', () => {
    const random = makeRandom(0x6e65746d);
    const seeds = buildSeeds();
    let told = 0;
    let analyzer: Analyzer | undefined;
    for (let round = 0; round < rounds; round++) {
      // The same analyzer for a while, so that what one conversation leaves behind meets the next.
      if (round % 50 === 0) {
        analyzer?.finish();
        analyzer = new Analyzer(
          { mask: round % 100 === 0, ciphers: nodeCiphers, flows: { maxFlows } },
          { onRecord: () => told++, onFlowEnd: () => told++ },
        );
      }
      const packets = seeds[random(seeds.length)].map((packet) => packet.slice());
      for (let changes = 1 + random(6); changes > 0 && packets.length > 0; changes--)
        damage(packets, seeds, random);
      const link = random(8) === 0 ? links[random(links.length)] : linkTypes.ethernet;
      const started = process.cpuUsage();
      for (const [i, packet] of packets.entries())
        analyzer!.packet(packet, 0, packet.length, packet.length + random(2) * 100, link, round * 100 + i);
      const tookMs = process.cpuUsage(started).user / 1000;
      assert.ok(tookMs < slowestMs, `round ${round} took ${Math.round(tookMs)} ms`);
    }
    analyzer!.finish();
    assert.ok(told > rounds / 2, `${told} records of ${rounds} conversations`);
  });

  it('keep the number of flows within its bound, and count what was given up', () => {
    const analyzer = new Analyzer(
      { mask: false, ciphers: nodeCiphers, flows: { maxFlows } },
      { onRecord: () => {}, onFlowEnd: () => {} },
    );
    const count = 5000;
    for (let i = 0; i < count; i++) {
      const packet = buildUdp({ from: `192.0.2.1:${1024 + i}`, to: '198.51.100.2:9' }, 'x');
      analyzer.packet(packet, 0, packet.length, packet.length, linkTypes.ethernet, i);
    }
    assert.ok(analyzer.evicted >= count - maxFlows - 1, `${analyzer.evicted} given up`);
    analyzer.finish();
    assert.equal(analyzer.counters.flows, count);
  });
});
