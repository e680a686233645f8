import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Packet } from '../packet/packet.ts';
import { FlowHash } from './flow-hash.ts';

/** A packet of TCP between two ends, each given by its words (one for IPv4) and port. */
function packetOf(source: readonly number[], sourcePort: number, destination: readonly number[]): Packet {
  const packet = new Packet();
  packet.version = source.length === 4 ? 6 : 4;
  packet.protocol = 6;
  packet.sourcePort = sourcePort;
  packet.destinationPort = 80;
  packet.addresses.set(source, 4 - source.length);
  packet.addresses.set(destination, 8 - destination.length);
  return packet;
}

function turned({ version, protocol, sourcePort, destinationPort, addresses }: Packet): Packet {
  const packet = new Packet();
  Object.assign(packet, { version, protocol, sourcePort: destinationPort, destinationPort: sourcePort });
  packet.addresses.set(addresses.subarray(4), 0);
  packet.addresses.set(addresses.subarray(0, 4), 4);
  return packet;
}

const server = [0xc6336402];
const count = 30_000;
/** As many flows as a flood may have, chosen so that sums or exclusive ors of their parts are the same. */
const floods: Readonly<Record<string, (i: number) => Packet>> = {
  'ports in order': (i) => packetOf([0xc0000201], i, server),
  'an address that undoes the port': (i) => packetOf([(0xc0000000 ^ (i + 1)) >>> 0], i, server),
  'an address that the port is taken from': (i) => packetOf([0xc0000000 - i], i, server),
  'two addresses with one sum': (i) => packetOf([0xc0000000 + i], 40_000, [0xd0000000 - i]),
  'the upper bits of an IPv6 address': (i) =>
    packetOf(
      [(i & 15) << 28, ((i >> 4) & 15) << 28, ((i >> 8) & 15) << 28, ((i >> 12) & 15) << 28],
      4,
      [1, 2, 3, 4],
    ),
};

describe('the place of a flow in the table', () => {
  for (const [name, make] of Object.entries(floods))
    it(`is shared by few, whatever is chosen: ${name}`, () => {
      const hash = new FlowHash();
      const places = new Map<number, number>();
      for (let i = 0; i < count; i++) {
        const place = hash.of(make(i));
        places.set(place, (places.get(place) ?? 0) + 1);
      }
      // By chance some 24,000 places have one to six each.
      assert.ok(Math.max(...places.values()) < 64, `${Math.max(...places.values())} share a place`);
      assert.ok(places.size > count / 4, `${places.size} places`);
    });

  it('is the same for both directions', () => {
    const hash = new FlowHash();
    for (const make of Object.values(floods))
      for (let i = 0; i < 200; i++) assert.equal(hash.of(make(i)), hash.of(turned(make(i))));
    const self = packetOf(server, 5000, server);
    assert.equal(hash.of(self), hash.of(turned(self)));
  });

  it('is another in each table', () => {
    const one = packetOf([0xc0000201], 40_000, server);
    const places = new Set(Array.from({ length: 20 }, () => new FlowHash().of(one)));
    assert.ok(places.size > 10);
  });
});
