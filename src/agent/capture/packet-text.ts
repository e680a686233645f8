import { ipProtocols, type Packet, tcpFlags } from '../../decode/packet/packet.ts';

/** Bytes of the payload that are looked at, and bytes that begin a TLS record (RFC 8446 section 5.1). */
const lookedAt = 16;
const tlsRecords: Readonly<Record<number, string>> = {
  20: 'TLS change cipher spec',
  21: 'TLS alert',
  22: 'TLS handshake',
  23: 'TLS application data',
};
const tlsHandshakes: Readonly<Record<number, string>> = {
  1: 'TLS client hello',
  2: 'TLS server hello',
  11: 'TLS certificate',
};

/** A packet as a line of a list. No text of its payload is in it but a method or a status: the rest may be secret. */
export function describePacket(packet: Packet): { readonly protocol: string; readonly info: string } {
  const isTcp = packet.protocol === ipProtocols.tcp;
  const size = `${packet.payloadBytes} bytes`;
  const content = describePayload(packet);
  if (!isTcp) return { protocol: 'udp', info: [size, content].filter(Boolean).join(', ') };
  const flags = Object.entries(tcpFlags)
    .filter(([, bit]) => (packet.flags & bit) !== 0)
    .map(([name]) => name.toUpperCase())
    .join(' ');
  const numbers = `seq ${packet.sequence >>> 0}, ack ${packet.acknowledgment >>> 0}, window ${packet.window}`;
  const parts = packet.payloadBytes > 0 ? [content, size, flags, numbers] : [flags, numbers];
  return { protocol: 'tcp', info: parts.filter(Boolean).join(', ') };
}

/** What the payload begins with, empty where it says nothing. */
function describePayload({ bytes, payloadStart, payloadEnd, sourcePort, destinationPort }: Packet): string {
  const length = payloadEnd - payloadStart;
  if (length >= 6 && bytes[payloadStart + 1] === 3 && bytes[payloadStart] in tlsRecords) {
    const type = bytes[payloadStart];
    return (type === 22 && tlsHandshakes[bytes[payloadStart + 5]]) || tlsRecords[type];
  }
  if (length >= 12 && (sourcePort === 53 || destinationPort === 53)) {
    return (bytes[payloadStart + 2] & 0x80) === 0 ? 'DNS question' : 'DNS answer';
  }
  const start = String.fromCharCode(
    ...bytes.subarray(payloadStart, Math.min(payloadEnd, payloadStart + lookedAt)),
  );
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(start)?.[1];
  if (status !== undefined) return `HTTP answer ${status}`;
  const method = /^(GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH) /.exec(start)?.[1];
  return method === undefined ? '' : `HTTP request ${method}`;
}
