import { u16, u32 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

/** Operation codes of the first packets, above three bits of a key's number: resets by client and server. */
const resets: ReadonlySet<number> = new Set([0x38, 0x40, 0x50]);
/** Code, session, count of acknowledgments, number of the packet. */
const plainBytes = 14;
/** A reset by the server acknowledges that of the client: its number and its session. */
const acknowledgmentBytes = 12;
/** `tls-auth`: the codes of SHA-1, SHA-256, SHA-512 and MD5, then number and time of the packet. */
const codeBytes: readonly number[] = [20, 32, 64, 16];
const replayBytes = 8;
/** `tls-crypt`: number and time, code, then what is encrypted. */
const cryptBytes = 1 + 8 + replayBytes + 32 + 5;
const session = 9;
/** `tls-crypt-v2`: a reset that ends with the client's wrapped key, of which the last two bytes are the length. */
const resetWithKey = 0x50;
const leastKeyBytes = 256;

/** Known by the packet with which either side begins; what follows is encrypted or looks like it. */
export const openvpn: AppProtocol = {
  name: 'openvpn',
  transports: ['udp', 'tcp'],
  ports: [1194],
  recognise({ bytes, start, end, transport, beginning }) {
    if (transport === 'udp') return isReset(bytes, start, end) ? 'yes' : 'no';
    if (!beginning || bytes[start] !== 0) return 'no';
    const length = end - start < 3 ? -1 : u16(bytes, start);
    if (length < 0) return 'more';
    if (length < plainBytes || !resets.has(bytes[start + 2])) return 'no';
    if (end - start < 2 + length) return 'more';
    return isReset(bytes, start + 2, start + 2 + length) ? 'yes' : 'no';
  },
};

function isReset(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length < plainBytes || !resets.has(bytes[start])) return false;
  if (endsAsReset(bytes, start + session, end)) return true;
  for (const count of codeBytes) {
    const replay = start + session + count;
    if (
      replay + replayBytes < end &&
      u32(bytes, replay) === 1 &&
      endsAsReset(bytes, replay + replayBytes, end)
    )
      return true;
  }
  if (bytes[start] === resetWithKey) return carriesKey(bytes, start, end);
  const isCrypt = length === cryptBytes || length === cryptBytes + acknowledgmentBytes;
  return isCrypt && u32(bytes, start + session) === 1;
}

function carriesKey(bytes: Uint8Array, start: number, end: number): boolean {
  const keyBytes = end - start - cryptBytes;
  return keyBytes >= leastKeyBytes && u16(bytes, end - 2) === keyBytes;
}

/** The rest of a reset: what it acknowledges, then its own number, which is 0. */
function endsAsReset(bytes: Uint8Array, at: number, end: number): boolean {
  const count = bytes[at];
  if (count > 1 || at + 5 + count * acknowledgmentBytes !== end) return false;
  return u32(bytes, end - 4) === 0;
}
