import { decodeEthernet, decodeEtherType, decodeLlc, decodeMpls, decodePpp } from './ether-type.ts';
import type { Fragments } from './fragments.ts';
import { decodeIp } from './ip.ts';
import { decodeLink } from './link.ts';
import { type Layer, layers, type Packet } from './packet.ts';
import { decodeTransport } from './transport.ts';
import { decodeWireless } from './wireless.ts';

/** Headers in one packet at most. Each is some bytes long, but frames can be put into frames on purpose. */
const maxLayers = 256;

/** Takes a packet apart from the link layer's header at its cursor down to the transport's payload. */
export function decodePacket(packet: Packet, linkType: number, fragments: Fragments): void {
  decodeLayers(packet, decodeLink(packet, linkType), fragments);
}

/** Takes a packet apart from `first` on. */
export function decodeLayers(packet: Packet, first: Layer, fragments: Fragments): void {
  let layer: Layer = first;
  for (let i = 0; i < maxLayers && layer !== layers.none; i++) layer = decodeLayer(packet, layer, fragments);
}

function decodeLayer(packet: Packet, layer: Layer, fragments: Fragments): Layer {
  switch (layer) {
    case layers.ethernet:
      return decodeEthernet(packet);
    case layers.etherType:
      return decodeEtherType(packet);
    case layers.ip:
      return decodeIp(packet, fragments);
    case layers.transport:
      return decodeTransport(packet);
    case layers.llc:
      return decodeLlc(packet);
    case layers.ppp:
      return decodePpp(packet);
    case layers.mpls:
      return decodeMpls(packet);
    case layers.wireless:
      return decodeWireless(packet);
    case layers.none:
      return layers.none;
  }
}
