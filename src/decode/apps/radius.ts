import { u16 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

/** RFC 2865 section 3. */
const headerBytes = 20;
const maxBytes = 4096;
/** Access, accounting, status, and changes of authorization (RFC 2865, 2866, 5176). */
const codes: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 11, 12, 13, 40, 41, 42, 43, 44, 45]);
const ports = [1812, 1813, 1645, 1646, 1700, 3799];

/** RFC 2865. An answer without attributes is known on its ports alone. */
export const radius: AppProtocol = {
  name: 'radius',
  transports: ['udp'],
  ports,
  recognise({ bytes, start, end, clientPort, serverPort }) {
    if (end - start < headerBytes || !codes.has(bytes[start])) return 'no';
    const length = u16(bytes, start + 2);
    if (length !== end - start || length > maxBytes) return 'no';
    if (ports.includes(serverPort) || ports.includes(clientPort)) return 'yes';
    return length > headerBytes && areAttributes(bytes, start + headerBytes, end) ? 'yes' : 'no';
  },
};

/** Each has its type, not 0, and its length with both. */
function areAttributes(bytes: Uint8Array, at: number, end: number): boolean {
  while (at + 2 <= end) {
    if (bytes[at] === 0 || bytes[at + 1] < 2) return false;
    at += bytes[at + 1];
  }
  return at === end;
}
