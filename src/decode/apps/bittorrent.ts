import { u16, u32 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';
import { mayStartWith, startsWith } from './text.ts';

/** BEP 3: what either side begins with. */
const handshake = '\x13BitTorrent protocol';
/** BEP 5: beginnings of a question, an answer and an error of the hash table, with and without the address of BEP 42. */
const tableMessages = ['d1:ad2:id20:', 'd1:rd2:id20:', 'd1:eli20', 'd2:ip', 'd1:q4:ping', 'd1:q9:find_node'];
const tableType = ['1:y1:q', '1:y1:r', '1:y1:e'];
/** BEP 14: search on the own network. */
const localSearch = 'BT-SEARCH * HTTP/1.';
/** BEP 15: number of the protocol of trackers over UDP, and the action "connect". */
const trackerMagic = [0x417, 0x27101980];
/** BEP 29. */
const transportHeaderBytes = 20;
const synchronize = 0x41;
const data = 0x01;
const maxLookedThrough = 1500;

export const bittorrent: AppProtocol = {
  name: 'bittorrent',
  transports: ['tcp', 'udp'],
  ports: [6881, 6882, 6883, 6884, 6885, 6886, 6887, 6888, 6889],
  recognise({ bytes, start, end, transport, beginning }) {
    if (transport === 'tcp') {
      if (startsWith(bytes, start, end, handshake)) return 'yes';
      return beginning && mayStartWith(bytes, start, end, handshake) ? 'more' : 'no';
    }
    const isKnown =
      isTableMessage(bytes, start, end) ||
      isTransport(bytes, start, end) ||
      isTracker(bytes, start, end) ||
      startsWith(bytes, start, end, localSearch);
    return isKnown ? 'yes' : 'no';
  },
};

/** A dictionary of BEP 3 that says whether it is a question, an answer or an error. */
function isTableMessage(bytes: Uint8Array, start: number, end: number): boolean {
  if (!tableMessages.some((text) => startsWith(bytes, start, end, text)) || bytes[end - 1] !== 0x65)
    return false;
  const last = Math.min(end, start + maxLookedThrough);
  for (let at = start; at + 6 <= last; at++)
    if (bytes[at] === 0x31 && tableType.some((text) => startsWith(bytes, at, end, text))) return true;
  return false;
}

/** The micro transport protocol: the packet that opens a connection, or one that carries the handshake. */
function isTransport(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < transportHeaderBytes) return false;
  if (bytes[start] === data && bytes[start + 1] === 0)
    return startsWith(bytes, start + transportHeaderBytes, end, handshake);
  if (bytes[start] !== synchronize || bytes[start + 1] > 2) return false;
  const hasFirstNumbers = u16(bytes, start + 16) === 1 && u16(bytes, start + 18) === 0;
  return hasFirstNumbers && u32(bytes, start + 8) === 0 && end - start <= 2 * transportHeaderBytes;
}

function isTracker(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== 16) return false;
  return trackerMagic.every((word, i) => u32(bytes, start + 4 * i) === word) && u32(bytes, start + 8) === 0;
}
