import { parseEndpoint, parseIp } from '../../base/ip.ts';
import { tcpFlags } from './packet.ts';

export interface Ends {
  /** `ip:port` of who sends. */
  readonly from: string;
  readonly to: string;
}

const encoder = new TextEncoder();

/** Bytes of Latin text, hex given as `hex('16 03 01')`, or bytes as they are. */
export function toBytes(payload: string | Uint8Array): Uint8Array {
  return typeof payload === 'string' ? encoder.encode(payload) : payload;
}

export function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/[0-9a-fA-F]{2}/g) ?? [], (byte) => Number.parseInt(byte, 16));
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const be16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value);
const be32 = (value: number): Uint8Array => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);

/** An Ethernet frame with an IP packet of that protocol; the address family is that of `from`. */
export function buildIp({ from, to }: Ends, protocol: number, content: Uint8Array): Uint8Array {
  const source = parseIp(parseEndpoint(from)!.ip)!;
  const destination = parseIp(parseEndpoint(to)!.ip)!;
  const macs = new Uint8Array(12);
  if (from.startsWith('[')) {
    const head = join(be32(0x60000000), be16(content.length), Uint8Array.of(protocol, 64));
    return join(macs, be16(0x86dd), head, source, destination, content);
  }
  const head = join(be16(0x4500), be16(20 + content.length), be32(0), Uint8Array.of(64, protocol, 0, 0));
  return join(macs, be16(0x0800), head, source.subarray(12), destination.subarray(12), content);
}

export function buildUdp(ends: Ends, payload: string | Uint8Array): Uint8Array {
  const bytes = toBytes(payload);
  const ports = join(be16(parseEndpoint(ends.from)!.port), be16(parseEndpoint(ends.to)!.port));
  return buildIp(ends, 17, join(ports, be16(8 + bytes.length), be16(0), bytes));
}

export interface Segment extends Ends {
  readonly sequence: number;
  readonly acknowledgment?: number;
  /** Letters of `FSRPA`. */
  readonly flags: string;
  readonly payload?: string | Uint8Array;
}

const letters: Readonly<Record<string, number>> = {
  F: tcpFlags.fin,
  S: tcpFlags.syn,
  R: tcpFlags.rst,
  P: tcpFlags.push,
  A: tcpFlags.ack,
};

export function buildTcp({
  sequence,
  acknowledgment = 0,
  flags,
  payload = '',
  ...ends
}: Segment): Uint8Array {
  const ports = join(be16(parseEndpoint(ends.from)!.port), be16(parseEndpoint(ends.to)!.port));
  const bits = Array.from(flags, (letter) => letters[letter]).reduce((sum, bit) => sum | bit, 0);
  const rest = join(Uint8Array.of(0x50, bits), be16(0xffff), be32(0));
  return buildIp(ends, 6, join(ports, be32(sequence), be32(acknowledgment), rest, toBytes(payload)));
}

/** What one side says in turn: `['>', bytes]` is the client, `['<', bytes]` the server. */
export type Turn = readonly ['>' | '<', string | Uint8Array];

/** A whole TCP connection: handshake, the turns in segments of at most `mss` bytes, and both FINs. */
export function buildConnection(
  turns: readonly Turn[],
  { from = '192.0.2.1:40000', to = '198.51.100.2:80', mss = 1460 }: Partial<Ends> & { mss?: number } = {},
): Uint8Array[] {
  const there = { from, to };
  const back = { from: to, to: from };
  const next = { '>': 1001, '<': 5001 };
  const packets = [
    buildTcp({ ...there, sequence: 1000, flags: 'S' }),
    buildTcp({ ...back, sequence: 5000, acknowledgment: 1001, flags: 'SA' }),
    buildTcp({ ...there, sequence: 1001, acknowledgment: 5001, flags: 'A' }),
  ];
  const say = (side: '>' | '<', flags: string, payload: Uint8Array): void => {
    const [ends, acknowledgment] = side === '>' ? [there, next['<']] : [back, next['>']];
    packets.push(buildTcp({ ...ends, sequence: next[side], acknowledgment, flags, payload }));
    next[side] += payload.length + (flags.includes('F') ? 1 : 0);
  };
  for (const [side, payload] of turns) {
    const bytes = toBytes(payload);
    for (let at = 0; at < bytes.length; at += mss) say(side, 'PA', bytes.subarray(at, at + mss));
  }
  say('>', 'FA', new Uint8Array(0));
  say('<', 'FA', new Uint8Array(0));
  return packets;
}
