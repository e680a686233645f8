import { u16 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

const port = 123;
/** RFC 5905 section 7.3. */
const headerBytes = 48;
/** RFC 9327: mode 6; the reference implementation's mode 7 has at least 8 bytes. */
const controlBytes = 12;
const privateBytes = 8;
const maxStratum = 16;
/** Exponents of two, in seconds: between questions at most, and of the clock (signed; 0 where nobody filled it in). */
const maxPoll = 17;
const coarsestPrecision = 0xd0;
/** Of the implementations that mode 7 is meant for: any, and two generations of one. */
const implementations: ReadonlySet<number> = new Set([0, 2, 3]);
/** Key and digest of a message that is signed: MD5, SHA-1, and a key alone that was not accepted (section 7.3). */
const signatureBytes: ReadonlySet<number> = new Set([0, 4, 20, 24]);
const leastExtensionBytes = 16;
const maxExtensions = 16;

/** RFC 5905 and its earlier versions. Few of its bits are fixed, so it is known on its port alone. */
export const ntp: AppProtocol = {
  name: 'ntp',
  transports: ['udp'],
  ports: [port],
  recognise({ bytes, start, end, clientPort, serverPort }) {
    if (clientPort !== port && serverPort !== port) return 'no';
    const version = (bytes[start] >> 3) & 7;
    if (version < 1 || version > 4) return 'no';
    const mode = bytes[start] & 7;
    if (mode === 6) return isControl(bytes, start, end) ? 'yes' : 'no';
    if (mode === 7) return isPrivate(bytes, start, end) ? 'yes' : 'no';
    return isTime(bytes, start, end) ? 'yes' : 'no';
  },
};

function isTime(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < headerBytes || bytes[start + 1] > maxStratum || bytes[start + 2] > maxPoll) return false;
  const precision = bytes[start + 3];
  if (precision !== 0 && precision < coarsestPrecision) return false;
  let at = start + headerBytes;
  for (let i = 0; i < maxExtensions && !signatureBytes.has(end - at); i++) {
    const length = at + 4 <= end ? u16(bytes, at + 2) : 0;
    if (length < leastExtensionBytes || at + length > end) return false;
    at += length;
  }
  return signatureBytes.has(end - at);
}

function isControl(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < controlBytes) return false;
  return controlBytes + u16(bytes, start + 10) <= end - start;
}

/** Items of one length, which the message holds all. */
function isPrivate(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < privateBytes || !implementations.has(bytes[start + 2])) return false;
  const count = u16(bytes, start + 4) & 0xfff;
  const itemBytes = u16(bytes, start + 6) & 0xfff;
  return count * itemBytes <= end - start - privateBytes;
}
