import { u16, u32 } from './bytes.ts';
import { ipProtocols, type Packet } from './packet.ts';

const tcpHeaderBytes = 20;
const udpHeaderBytes = 8;

/**
 * Reads the transport's header at `start`. `end` is where the capture ends, `length` what the IP header says is there.
 */
export function decodeTransport(packet: Packet, start: number, end: number, length: number): void {
  switch (packet.protocol) {
    case ipProtocols.tcp:
      decodeTcp(packet, start, end, length);
      return;
    case ipProtocols.udp:
      decodeUdp(packet, start, end, length);
      return;
    case ipProtocols.icmp:
    case ipProtocols.icmpv6:
      decodeIcmp(packet, start, end, length);
      return;
    default:
      setPayload(packet, start, end, length);
  }
}

function decodeTcp(packet: Packet, start: number, end: number, length: number): void {
  const { bytes } = packet;
  if (length < tcpHeaderBytes) {
    packet.problem = 'TCP header cut short';
    return;
  }
  if (end - start < tcpHeaderBytes) return;
  const header = (bytes[start + 12] >> 4) * 4;
  packet.sourcePort = u16(bytes, start);
  packet.destinationPort = u16(bytes, start + 2);
  packet.sequence = u32(bytes, start + 4);
  packet.acknowledgment = u32(bytes, start + 8);
  packet.flags = bytes[start + 13];
  packet.window = u16(bytes, start + 14);
  if (header < tcpHeaderBytes || header > length) {
    packet.problem = 'TCP data offset out of range';
    return;
  }
  setPayload(packet, start + header, end, length - header);
}

function decodeUdp(packet: Packet, start: number, end: number, length: number): void {
  const { bytes } = packet;
  if (length < udpHeaderBytes) {
    packet.problem = 'UDP header cut short';
    return;
  }
  if (end - start < udpHeaderBytes) return;
  packet.sourcePort = u16(bytes, start);
  packet.destinationPort = u16(bytes, start + 2);
  const said = u16(bytes, start + 4);
  // Zero means the whole of a jumbogram (RFC 2675 section 4), and offloaded segments are longer than they say.
  const whole = said < udpHeaderBytes || said > length ? length : said;
  if (said !== 0 && said < udpHeaderBytes) packet.problem = 'UDP length below that of its header';
  setPayload(packet, start + udpHeaderBytes, Math.min(end, start + whole), whole - udpHeaderBytes);
}

function decodeIcmp(packet: Packet, start: number, end: number, length: number): void {
  if (length < 4) {
    packet.problem = 'ICMP header cut short';
    return;
  }
  if (end - start < 4) return;
  packet.icmpType = packet.bytes[start];
  packet.icmpCode = packet.bytes[start + 1];
  setPayload(packet, start + 4, end, length - 4);
}

function setPayload(packet: Packet, start: number, end: number, length: number): void {
  packet.payloadStart = Math.min(start, end);
  packet.payloadEnd = Math.max(packet.payloadStart, Math.min(end, start + length));
  packet.payloadBytes = Math.max(0, length);
}
