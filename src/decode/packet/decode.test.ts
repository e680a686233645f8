import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { analyze } from '../analyze.fixture.ts';
import { randomBytes } from '../hex.fixture.ts';
import { buildIp, buildTcp, buildUdp, hex, join } from './build.fixture.ts';
import { linkTypes } from './link.ts';

const ends = { from: '192.0.2.1:5000', to: '192.0.2.2:6000' };
const ends6 = { from: '[2001:db8::1]:5000', to: '[2001:db8::2]:6000' };
const outer = { from: '203.0.113.1:50000', to: '203.0.113.2:1' };
const frame = buildUdp(ends, 'hello');
const ip = frame.subarray(14);
const frame6 = buildUdp(ends6, 'hello');
const ip6 = frame6.subarray(14);
const macs = hex('02 00 00 00 00 02 02 00 00 00 00 01');
const zeros = (count: number): Uint8Array => new Uint8Array(count);
const ipv4Type = hex('08 00');
const snap = hex('aa aa 03 00 00 00 08 00');

/** A UDP packet of the tunnel's ends to that port. */
const over = (port: number, payload: Uint8Array): Uint8Array =>
  buildUdp({ ...outer, to: `203.0.113.2:${port}` }, payload);

/** Names, link types, and frames that all hold the same datagram. */
const carried: readonly (readonly [string, number, Uint8Array])[] = [
  ['Ethernet', linkTypes.ethernet, frame],
  ['Ethernet with a trailer', linkTypes.ethernet, join(frame, zeros(18))],
  ['802.1Q', linkTypes.ethernet, join(macs, hex('81 00 00 05'), ipv4Type, ip)],
  ['802.1ad', linkTypes.ethernet, join(macs, hex('88 a8 00 05 81 00 00 06'), ipv4Type, ip)],
  ['QinQ with the older type', linkTypes.ethernet, join(macs, hex('91 00 00 05 81 00 00 06'), ipv4Type, ip)],
  ['802.3 with SNAP', linkTypes.ethernet, join(macs, hex('00 29'), snap, ip)],
  ['PPPoE', linkTypes.ethernet, join(macs, hex('88 64 11 00 00 01 00 23 00 21'), ip)],
  ['MPLS, two labels', linkTypes.ethernet, join(macs, hex('88 47 00 01 00 40 00 02 01 40'), ip)],
  [
    'Ethernet over MPLS',
    linkTypes.ethernet,
    join(macs, hex('88 47 00 02 01 40  00 00 00 00'), macs, ipv4Type, ip),
  ],
  ['Linux cooked', linkTypes.linuxCooked, join(hex('00 00 00 01 00 06'), zeros(8), ipv4Type, ip)],
  ['Linux cooked 2', linkTypes.linuxCooked2, join(ipv4Type, zeros(18), ip)],
  ['null, little-endian', linkTypes.null, join(hex('02 00 00 00'), ip)],
  ['null, big-endian', linkTypes.null, join(hex('00 00 00 02'), ip)],
  ['loop', linkTypes.loop, join(hex('00 00 00 02'), ip)],
  ['raw', linkTypes.raw, ip],
  ['the link type of IPv4', linkTypes.ipv4, ip],
  ['the link type of IPv6', linkTypes.ipv6, ip],
  ['PPP', linkTypes.ppp, join(hex('ff 03 00 21'), ip)],
  ['PPP, compressed', linkTypes.ppp, join(hex('21'), ip)],
  ['Cisco HDLC', linkTypes.ciscoHdlc, join(hex('0f 00 08 00'), ip)],
  ['frame relay', linkTypes.frameRelay, join(hex('18 41 03 cc'), ip)],
  [
    '802.11 with radiotap',
    linkTypes.radiotap,
    join(hex('00 00 08 00 00 00 00 00 08 01'), zeros(22), snap, ip),
  ],
  ['802.11 with QoS', linkTypes.wireless, join(hex('88 01'), zeros(24), snap, ip)],
  ['ATM', linkTypes.atmLlc, join(snap, ip)],
  ['netfilter log', linkTypes.nflog, join(hex('02 00 00 00  08 00 01 00 00 00 00 00  25 00 09 00'), ip)],
  ['IP in IP', linkTypes.ethernet, buildIp(outer, 4, ip)],
  ['GRE', linkTypes.ethernet, buildIp(outer, 47, join(hex('00 00 08 00'), ip))],
  [
    'GRE with checksum, key and number',
    linkTypes.ethernet,
    buildIp(outer, 47, join(hex('b0 00 08 00'), zeros(12), ip)),
  ],
  ['Ethernet over GRE', linkTypes.ethernet, buildIp(outer, 47, join(hex('00 00 65 58'), frame))],
  ['ERSPAN 1', linkTypes.ethernet, buildIp(outer, 47, join(hex('00 00 88 be'), frame))],
  ['ERSPAN 2', linkTypes.ethernet, buildIp(outer, 47, join(hex('10 00 88 be'), zeros(12), frame))],
  ['ERSPAN 3', linkTypes.ethernet, buildIp(outer, 47, join(hex('10 00 22 eb'), zeros(16), frame))],
  [
    'PPTP',
    linkTypes.ethernet,
    buildIp(outer, 47, join(hex('30 01 88 0b 00 00 00 00 00 00 00 00 ff 03 00 21'), ip)),
  ],
  ['VXLAN', linkTypes.ethernet, over(4789, join(hex('08 00 00 00 00 00 01 00'), frame))],
  ['Geneve', linkTypes.ethernet, over(6081, join(hex('01 00 65 58 00 00 01 00 00 00 00 00'), frame))],
  ['GTP', linkTypes.ethernet, over(2152, join(hex('30 ff 00 21 00 00 00 01'), ip))],
  [
    'GTP with an extension',
    linkTypes.ethernet,
    over(2152, join(hex('34 ff 00 29 00 00 00 01 00 00 00 85 01 00 00 00'), ip)),
  ],
  ['GRE in UDP', linkTypes.ethernet, over(4754, join(hex('00 00 08 00'), ip))],
  ['AYIYA', linkTypes.ethernet, over(5072, join(hex('20 50 10 04 00 00 00 00'), zeros(4 + 20), ip))],
  ['ARCnet', linkTypes.arcnetLinux, join(hex('be 50 a8 e7 d4 00 01 66'), ip)],
  ['L2TP', linkTypes.ethernet, over(1701, join(hex('00 02 00 01 00 02 ff 03 00 21'), ip))],
];

const carried6: typeof carried = [
  ['Ethernet', linkTypes.ethernet, frame6],
  ['raw', linkTypes.raw, ip6],
  ['the link type of IPv4', linkTypes.ipv4, ip6],
  ['the link type of IPv6', linkTypes.ipv6, ip6],
  ['null of FreeBSD', linkTypes.null, join(hex('1c 00 00 00'), ip6)],
  ['null of macOS', linkTypes.null, join(hex('00 00 00 1e'), ip6)],
  ['6in4', linkTypes.ethernet, buildIp(outer, 41, ip6)],
  ['Teredo', linkTypes.ethernet, over(3544, join(hex('00 00 ff ff 00 00 00 00'), ip6))],
  [
    'options and routing',
    linkTypes.ethernet,
    buildIp(ends6, 0, join(hex('2b 00 01 04 00 00 00 00  11 00 00 00 00 00 00 00'), ip6.subarray(40))),
  ],
  [
    'a fragment header on a whole packet',
    linkTypes.ethernet,
    buildIp(ends6, 44, join(hex('11 00 00 00 00 00 00 01'), ip6.subarray(40))),
  ],
];

/** An IPv4 fragment of the datagram's UDP part. */
function fragment(from: number, to: number, more: boolean, id = 7): Uint8Array {
  const whole = join(ip.subarray(20), zeros(16));
  const packet = buildIp(ends, 17, whole.subarray(from, to));
  packet.set([0, id, (more ? 0x20 : 0) | (from >> 11), from >> 3], 14 + 4);
  return packet;
}

describe('packet headers', () => {
  for (const [name, linkType, bytes] of carried)
    it(`finds the datagram in ${name}`, () => {
      const { flows, analyzer } = analyze([bytes], { linkType });
      assert.deepEqual(
        flows.map(({ src, dst, protocol, bytes_sent }) => [src, dst, protocol, bytes_sent]),
        [[ends.from, ends.to, 'udp', 33]],
      );
      assert.equal(analyzer.counters.malformed, 0);
    });

  for (const [name, linkType, bytes] of carried6)
    it(`finds the IPv6 datagram in ${name}`, () => {
      const { flows, analyzer } = analyze([bytes], { linkType });
      assert.deepEqual(
        flows.map(({ src, dst, protocol }) => [src, dst, protocol]),
        [[ends6.from, ends6.to, 'udp']],
      );
      assert.equal(analyzer.counters.malformed, 0);
    });

  it('takes no packet that the capture cut for malformed, and no header that claims more than there is for sound', () => {
    for (const [name, linkType, bytes] of [...carried, ...carried6])
      for (let length = 0; length < bytes.length; length++) {
        const cut = analyze([], {}).analyzer;
        cut.packet(bytes, 0, length, bytes.length, linkType, 1);
        assert.equal(cut.counters.malformed, 0, `${name} cut at ${length}`);
      }
    for (let length = 15; length < frame.length; length++)
      assert.equal(analyze([frame.subarray(0, length)]).analyzer.counters.malformed, 1, `${length} bytes`);
  });

  it('stays with the tunnel when what is in it is no packet', () => {
    const { flows } = analyze([over(4789, join(hex('08 00 00 00 00 00 01 00'), macs, hex('88 cc 00 00')))]);
    assert.equal(flows[0].dst, '203.0.113.2:4789');
    const labels = analyze([over(6635, hex('00 01 01 40 00 00'))]).flows;
    assert.equal(labels[0].dst, '203.0.113.2:6635');
  });

  it('enters only so many tunnels in one another', () => {
    let bytes = ip;
    for (let i = 0; i < 40; i++) bytes = buildIp(outer, 4, bytes).subarray(14);
    const { flows } = analyze([bytes], { linkType: linkTypes.raw });
    assert.equal(flows[0].protocol, '4');
  });

  it('tells of ARP as a flow between who asks and who is asked for', () => {
    const request = join(
      macs,
      hex('08 06  00 01 08 00 06 04 00 01'),
      hex('02 00 00 00 00 01 c0 00 02 01  00 00 00 00 00 00 c0 00 02 02'),
    );
    const { flows } = analyze([request]);
    assert.deepEqual([flows[0].src, flows[0].dst, flows[0].protocol], ['192.0.2.1:0', '192.0.2.2:0', 'arp']);
  });

  it('survives random bytes under every link type', () => {
    for (const linkType of Object.values(linkTypes))
      for (let seed = 1; seed <= 40; seed++) {
        const noise = new Uint8Array(randomBytes(20 + seed * 3, seed + linkType).buffer);
        for (const [, , bytes] of carried.slice(0, 8))
          analyze([join(noise.subarray(0, seed), bytes)], { linkType });
        analyze([noise, join(macs, ipv4Type, hex('45'), noise)], { linkType });
      }
  });
});

describe('fragments', () => {
  it('are put together in any order, and counted with their datagram', () => {
    const parts = [fragment(0, 8, true), fragment(8, 13, false)];
    for (const frames of [parts, parts.toReversed(), [parts[0], parts[0], parts[1]]]) {
      const { flows, analyzer } = analyze(frames);
      assert.deepEqual(
        flows.map(({ src, dst, packets_sent }) => [src, dst, packets_sent]),
        [[ends.from, ends.to, frames.length]],
      );
      assert.equal(analyzer.counters.malformed, 0);
    }
  });

  it('of IPv6 are put together', () => {
    const udp = ip6.subarray(40);
    const { flows } = analyze([
      buildIp(ends6, 44, join(hex('11 00 00 08 00 00 00 09'), udp.subarray(8))),
      buildIp(ends6, 44, join(hex('11 00 00 01 00 00 00 09'), udp.subarray(0, 8))),
    ]);
    assert.deepEqual(
      flows.map(({ src, packets_sent }) => [src, packets_sent]),
      [[ends6.from, 2]],
    );
  });

  it('that come again change nothing of what is there', () => {
    const again = fragment(0, 16, true);
    // other ports and another payload
    again.fill(0xee, 34, 34 + 16);
    const { flows } = analyze([fragment(0, 16, true), again, fragment(16, 24, false)]);
    assert.deepEqual(
      flows.map(({ src, dst, packets_sent }) => [src, dst, packets_sent]),
      [[ends.from, ends.to, 3]],
    );
  });

  it('that overlap are refused and called malformed', () => {
    const { analyzer } = analyze([fragment(0, 16, true), fragment(8, 24, true)]);
    assert.equal(analyzer.counters.malformed, 1);
  });

  it('past the end, or of a length that cannot be, are malformed', () => {
    const beyond = fragment(8, 24, false);
    beyond.set([0x1f, 0xff], 14 + 6);
    assert.equal(analyze([beyond]).analyzer.counters.malformed, 1);
    assert.equal(analyze([fragment(0, 5, true)]).analyzer.counters.malformed, 1);
  });
});

describe('ICMP errors', () => {
  const router = { from: '203.0.113.9:0', to: '192.0.2.1:0' };
  const tell = (type: number, code: number, quoted: Uint8Array): Uint8Array =>
    buildIp(router, 1, join(Uint8Array.of(type, code), zeros(6), quoted));

  it('give the flow that they quote the error of its program', () => {
    for (const [type, code, error] of [
      [3, 0, 'ENETUNREACH'],
      [3, 1, 'EHOSTUNREACH'],
      [3, 3, 'ECONNREFUSED'],
      [3, 4, 'EMSGSIZE'],
      [11, 0, 'EHOSTUNREACH'],
    ] as const) {
      const { flows } = analyze([frame, tell(type, code, ip.subarray(0, 28))]);
      assert.equal(flows.find((flow) => flow.protocol === 'udp')?.error, error);
    }
  });

  it('about IPv6 do so too', () => {
    const message = join(hex('01 04 00 00 00 00 00 00'), ip6);
    const { flows } = analyze([frame6, buildIp({ from: ends6.to, to: ends6.from }, 58, message)]);
    assert.equal(flows.find((flow) => flow.protocol === 'udp')?.error, 'ECONNREFUSED');
  });

  it('end a TCP connection that is being made, and none that is', () => {
    const there = { from: '192.0.2.1:5000', to: '192.0.2.2:80' };
    const syn = buildTcp({ ...there, sequence: 1, flags: 'S' });
    const answer = buildTcp({ from: there.to, to: there.from, sequence: 9, acknowledgment: 2, flags: 'SA' });
    const error = tell(3, 1, syn.subarray(14, 14 + 28));
    assert.equal(analyze([syn, error]).flows.find((flow) => flow.protocol === 'tcp')?.error, 'EHOSTUNREACH');
    assert.equal(analyze([syn, answer, error]).flows.find((flow) => flow.protocol === 'tcp')?.error, null);
  });
});
