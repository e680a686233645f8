import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hex } from './hex.fixture.ts';
import { decodeAddress, decodeLink, visitStats } from './rtnetlink.ts';

/** struct rtnl_link_stats64, its first eight fields. */
const counters = `
  0100000000000000  # rx_packets
  0200000000000000  # tx_packets
  0300000001000000  # rx_bytes: 2^32 + 3
  0400000000000000  # tx_bytes
  0500000000000000  # rx_errors
  0600000000000000  # tx_errors
  0700000000000000  # rx_dropped
  0800000000000000  # tx_dropped
`;
const countersRead = {
  packetsReceived: 1,
  packetsSent: 2,
  bytesReceived: 2 ** 32 + 3,
  bytesSent: 4,
  errorsReceived: 5,
  errorsSent: 6,
  dropsReceived: 7,
  dropsSent: 8,
};

const link = hex(`
  00 00 0100 03000000 43100100 00000000  # ifinfomsg: ARPHRD_ETHER, index 3, IFF_UP | RUNNING | LOWER_UP
  0900 0300 7661706800 000000            # IFLA_IFNAME "vaph"
  0a00 0100 02fc00000001 0000            # IFLA_ADDRESS
  0800 0400 78050000                     # IFLA_MTU 1400
  1000 1280 0900 0100 7665746800 000000  # IFLA_LINKINFO { IFLA_INFO_KIND "veth" }
  4400 1700 ${counters}                  # IFLA_STATS64
`);

describe('rtnetlink', () => {
  it('reads a link', () => {
    assert.deepEqual(decodeLink(link, 0, link.byteLength), {
      index: 3,
      name: 'vaph',
      up: true,
      loopback: false,
      ethernet: true,
      carrier: true,
      kind: 'veth',
      mac: '02:fc:00:00:00:01',
      mtu: 1400,
      counters: countersRead,
    });
  });

  it('leaves out of a link what was cut off, at every length', () => {
    for (let length = 0; length < link.byteLength; length++) {
      const found = decodeLink(link, 0, length);
      assert.equal(found === null, length < 25, `at ${length}`);
      if (found) assert.ok(found.name === 'vaph' && found.counters === null);
    }
  });

  it('reads nothing of what a bridge says of its ports', () => {
    const port = new DataView(link.buffer.slice(0));
    port.setUint8(0, 7);
    assert.equal(decodeLink(port, 0, port.byteLength), null);
  });

  const addresses: ReadonlyArray<readonly [string, string, ReturnType<typeof decodeAddress>]> = [
    [
      'an IPv4 address',
      '02 18 80 00 02000000  0800 0100 0a090807  0800 0200 0a090807',
      { index: 2, ip: '10.9.8.7', prefix: 24 },
    ],
    [
      'one’s own end of a point-to-point link',
      '02 20 80 00 05000000  0800 0100 0a000002  0800 0200 0a000001',
      { index: 5, ip: '10.0.0.1', prefix: 32 },
    ],
    [
      'an IPv6 address, which has no IFA_LOCAL',
      '0a 40 82 00 02000000  1400 0100 fd090000000000000000000000000001',
      { index: 2, ip: 'fd09::1', prefix: 64 },
    ],
    ['no address of another family', '07 40 82 00 02000000  0800 0100 0a000002', null],
    ['no address of a wrong length', '02 18 80 00 02000000  0600 0100 0a09 0000', null],
    ['nothing in a message cut short', '02 18 80 00 020000', null],
  ];
  for (const [what, bytes, expected] of addresses) {
    it(`reads ${what}`, () => {
      const view = hex(bytes);
      assert.deepEqual(decodeAddress(view, 0, view.byteLength), expected);
    });
  }

  it('reads counters, and nothing of a message cut short', () => {
    const view = hex(`00 00 0000 03000000 01000000  4400 0100 ${counters}`);
    for (let length = 0; length <= view.byteLength; length++) {
      const seen: unknown[] = [];
      visitStats(view, 0, length, (index, found) => seen.push([index, { ...found }]));
      assert.deepEqual(seen, length === view.byteLength ? [[3, countersRead]] : []);
    }
  });
});
