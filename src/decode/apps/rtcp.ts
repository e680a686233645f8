import { u16 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

/** RFC 3550 section 12.1: reports of sender and receiver, description, end, application; feedback and more up to 207. */
const senderReport = 200;
const receiverReport = 201;
const lastType = 207;
const senderBytes = 28;
const receiverBytes = 8;
const blockBytes = 24;

/** Reports on media, RFC 3550 section 6: a datagram begins with one, and each packet in it says how long it is. */
export const rtcp: AppProtocol = {
  name: 'rtcp',
  transports: ['udp'],
  ports: [],
  recognise({ bytes, start, end }) {
    if (end - start < receiverBytes || !isReport(bytes, start)) return 'no';
    let at = start;
    while (at + 4 <= end && bytes[at] >> 6 === 2) {
      if (bytes[at + 1] < senderReport || bytes[at + 1] > lastType) return 'no';
      at += 4 + 4 * u16(bytes, at + 2);
    }
    return at === end ? 'yes' : 'no';
  },
};

/** A report has a length that fits the number of its blocks. */
function isReport(bytes: Uint8Array, at: number): boolean {
  const type = bytes[at + 1];
  if (bytes[at] >> 6 !== 2 || (type !== senderReport && type !== receiverReport)) return false;
  const least = (type === senderReport ? senderBytes : receiverBytes) + (bytes[at] & 31) * blockBytes;
  return 4 + 4 * u16(bytes, at + 2) >= least;
}
