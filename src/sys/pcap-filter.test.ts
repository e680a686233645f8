import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { PacketFilter } from '../decode/capture/packet-filter.ts';
import { buildTcp, buildUdp } from '../decode/packet/build.fixture.ts';
import { compilePcapFilter } from './pcap-filter.ts';

const library = ['x86_64', 'aarch64'].some((arch) => existsSync(`/usr/lib/${arch}-linux-gnu/libpcap.so.0.8`));
const dns = buildUdp({ from: '192.0.2.1:5000', to: '192.0.2.2:53' }, 'x');
const web = buildTcp({ from: '[2001:db8::1]:5000', to: '[2001:db8::2]:80', sequence: 1, flags: 'S' });
const matches = (expression: string, packet: Uint8Array, linkType = 1): boolean =>
  new PacketFilter(compilePcapFilter(expression, linkType)).matches(packet, 0, packet.length, packet.length);

describe('pcap filter', { skip: library ? false : 'libpcap (Debian libpcap0.8) is not installed' }, () => {
  it('passes what an expression names', () => {
    for (const [expression, ofDns, ofWeb] of [
      ['', true, true],
      ['udp port 53', true, false],
      ['host 192.0.2.2 and not tcp', true, false],
      ['ip6 and tcp dst port 80', false, true],
      ['tcp[tcpflags] & tcp-syn != 0', false, false],
      ['ip6[53] & 2 != 0', false, true],
      ['less 20', false, false],
      ['net 192.0.2.0/24 or portrange 80-90', true, true],
      ['ether[12:2] = 0x800', true, false],
    ] as const)
      assert.deepEqual([matches(expression, dns), matches(expression, web)], [ofDns, ofWeb], expression);
  });

  it('is compiled for the link type of the packets', () => {
    assert.equal(matches('udp port 53', dns.subarray(14), 101), true);
    assert.equal(matches('udp port 53', dns, 101), false);
  });

  it('says in the words of libpcap why an expression is none', () => {
    assert.throws(() => compilePcapFilter('udp prot 53', 1), {
      code: 'NM_BAD_FILTER',
      message: /^filter "udp prot 53": .+/,
    });
    assert.throws(() => compilePcapFilter('type mgt', 1), { code: 'NM_BAD_FILTER' });
    assert.throws(() => compilePcapFilter('udp\0', 1), { code: 'NM_BAD_FILTER' });
  });
});
