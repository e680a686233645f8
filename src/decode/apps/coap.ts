import { u16 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

const port = 5683;
const headerBytes = 4;
const maxTokenBytes = 8;
/** RFC 7252 section 12.1, RFC 8132: requests 0.01 to 0.07, and classes of responses. */
const lastMethod = 7;
const responseClasses: ReadonlySet<number> = new Set([2, 4, 5]);
const payloadMarker = 0xff;
const maxOptions = 64;

/** RFC 7252. Its header has few bits of its own, so it is known on its port alone. */
export const coap: AppProtocol = {
  name: 'coap',
  transports: ['udp'],
  ports: [port],
  recognise({ bytes, start, end, clientPort, serverPort }) {
    if ((clientPort !== port && serverPort !== port) || end - start < headerBytes) return 'no';
    const tokenBytes = bytes[start] & 15;
    if (bytes[start] >> 6 !== 1 || tokenBytes > maxTokenBytes) return 'no';
    const code = bytes[start + 1];
    if (code === 0) return end - start === headerBytes ? 'yes' : 'no';
    if (code > lastMethod && !responseClasses.has(code >> 5)) return 'no';
    return areOptions(bytes, start + headerBytes + tokenBytes, end) ? 'yes' : 'no';
  },
};

/** Walks the options up to the payload, section 3.1. */
function areOptions(bytes: Uint8Array, at: number, end: number): boolean {
  for (let i = 0; i < maxOptions && at < end; i++) {
    if (bytes[at] === payloadMarker) return at + 1 < end;
    const delta = bytes[at] >> 4;
    const length = bytes[at] & 15;
    if (delta === 15 || length === 15) return false;
    const extended = at + 1 + extendedBytes(delta);
    at = extended + extendedBytes(length) + extend(length, bytes, extended);
  }
  return at === end;
}

/** Bytes that follow a value of four bits when it stands for a larger one. */
function extendedBytes(value: number): number {
  return value === 13 ? 1 : value === 14 ? 2 : 0;
}

function extend(value: number, bytes: Uint8Array, at: number): number {
  if (value === 13) return 13 + bytes[at];
  return value === 14 ? 269 + u16(bytes, at) : value;
}
