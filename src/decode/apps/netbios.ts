import { u16 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

const headerBytes = 12;
/** RFC 1001 section 14.1: 16 bytes of a name as 32 letters from A to P. */
const encodedBytes = 32;
/** RFC 1002 section 4.2.1.3: name service and node status. */
const types: ReadonlySet<number> = new Set([0x20, 0x21]);
/** Section 4.4: the kinds of datagram, and their head up to the names. */
const firstDatagram = 0x10;
const lastDatagram = 0x16;
const datagramHeadBytes = 14;
const datagramPort = 138;

/** Name service, RFC 1002 section 4.2. */
export const netbiosNs: AppProtocol = {
  name: 'netbios-ns',
  transports: ['udp'],
  ports: [137],
  recognise({ bytes, start, end }) {
    const name = start + headerBytes;
    if (!isEncodedName(bytes, name, end)) return 'no';
    const at = afterName(bytes, name + 1 + encodedBytes, end);
    return at >= 0 && at + 4 <= end && types.has(u16(bytes, at)) ? 'yes' : 'no';
  },
};

/** Datagram service, RFC 1002 section 4.4. */
export const netbiosDgm: AppProtocol = {
  name: 'netbios-dgm',
  transports: ['udp'],
  ports: [datagramPort],
  recognise({ bytes, start, end, serverPort }) {
    const type = bytes[start];
    if (type < firstDatagram || type > lastDatagram) return 'no';
    if (type <= 0x12) return isEncodedName(bytes, start + datagramHeadBytes, end) ? 'yes' : 'no';
    return serverPort === datagramPort && end - start >= 10 ? 'yes' : 'no';
  },
};

function isEncodedName(bytes: Uint8Array, at: number, end: number): boolean {
  if (at + 1 + encodedBytes > end || bytes[at] !== encodedBytes) return false;
  for (let i = 1; i <= encodedBytes; i++) if (bytes[at + i] < 0x41 || bytes[at + i] > 0x50) return false;
  return true;
}

/** Where the scope after a name ends; -1 when it does not. */
function afterName(bytes: Uint8Array, at: number, end: number): number {
  while (at < end) {
    if (bytes[at] === 0) return at + 1;
    if (bytes[at] > 63) return -1;
    at += 1 + bytes[at];
  }
  return -1;
}
