import { u16, u32 } from './bytes.ts';
import { hasPorts } from './fragments.ts';
import { ipProtocols, type Layer, layers, type Packet } from './packet.ts';
import { decodeGre, decodeUdpTunnel, enterTunnel } from './tunnels.ts';

const tcpHeaderBytes = 20;
const udpHeaderBytes = 8;

/** Reads the transport's header at the cursor, or steps into the tunnel that it is. */
export function decodeTransport(packet: Packet): Layer {
  switch (packet.protocol) {
    case ipProtocols.tcp:
      return decodeTcp(packet);
    case ipProtocols.udp:
      return decodeUdp(packet);
    case ipProtocols.icmp:
    case ipProtocols.icmpv6:
      return decodeIcmp(packet);
    case ipProtocols.gre:
      return decodeGre(packet);
    case ipProtocols.ipv4:
    case ipProtocols.ipv6:
      return enterTunnel(packet, packet.at, layers.ip);
    case ipProtocols.etherip:
      return enterTunnel(packet, packet.at + 2, layers.ethernet);
    default:
      if (hasPorts(packet.protocol)) readPorts(packet);
      return setPayload(packet, packet.at, packet.wireEnd);
  }
}

/** Also of a header that the capture, or a router's quotation, cut after them. */
function readPorts(packet: Packet): void {
  if (packet.end - packet.at < 4) return;
  packet.sourcePort = u16(packet.bytes, packet.at);
  packet.destinationPort = u16(packet.bytes, packet.at + 2);
}

function decodeTcp(packet: Packet): Layer {
  const { bytes, at } = packet;
  readPorts(packet);
  if (packet.lacks(tcpHeaderBytes, 'TCP header cut short')) return layers.none;
  const header = (bytes[at + 12] >> 4) * 4;
  packet.sequence = u32(bytes, at + 4) | 0;
  packet.acknowledgment = u32(bytes, at + 8) | 0;
  packet.flags = bytes[at + 13];
  packet.window = u16(bytes, at + 14);
  if (header < tcpHeaderBytes || at + header > packet.wireEnd) {
    packet.problem = 'TCP data offset out of range';
    packet.flags = 0;
    return layers.none;
  }
  return setPayload(packet, at + header, packet.wireEnd);
}

function decodeUdp(packet: Packet): Layer {
  const { bytes, at, wireEnd } = packet;
  readPorts(packet);
  if (packet.lacks(udpHeaderBytes, 'UDP header cut short')) return layers.none;
  const said = u16(bytes, at + 4);
  if (said !== 0 && said < udpHeaderBytes) packet.problem = 'UDP length below that of its header';
  else if (said > wireEnd - at) packet.problem = 'UDP length beyond the packet';
  // Zero means the whole of a jumbogram (RFC 2675 section 4), and offloaded segments are longer than they say.
  const end = said < udpHeaderBytes || said > wireEnd - at ? wireEnd : at + said;
  setPayload(packet, at + udpHeaderBytes, end);
  return packet.problem === null ? decodeUdpTunnel(packet) : layers.none;
}

function decodeIcmp(packet: Packet): Layer {
  const { bytes, at } = packet;
  if (packet.lacks(4, 'ICMP header cut short')) return layers.none;
  packet.icmpType = bytes[at];
  packet.icmpCode = bytes[at + 1];
  return setPayload(packet, at + 4, packet.wireEnd);
}

function setPayload(packet: Packet, start: number, end: number): Layer {
  packet.payloadStart = Math.min(start, packet.end);
  packet.payloadEnd = Math.max(packet.payloadStart, Math.min(packet.end, end));
  packet.payloadBytes = Math.max(0, end - start);
  return layers.none;
}
