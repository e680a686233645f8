import { u16 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

/** Siemens S7 and other users of ISO TSAP: an X.224 request with TSAP parameters inside a TPKT (RFC 1006). */
export const s7comm: AppProtocol = {
  name: 's7comm',
  transports: ['tcp'],
  ports: [102],
  recognise({ bytes, start, end, beginning, fromClient }) {
    if (bytes[start] !== 3) return 'no';
    if (isData(bytes, start, end)) return 'yes';
    if (!beginning) return 'no';
    if (end - start < 12) return 'more';
    const length = u16(bytes, start + 2);
    if (bytes[start + 1] !== 0 || length < 12 || length > 256 || bytes[start + 4] !== length - 5) return 'no';
    if (bytes[start + 5] !== (fromClient ? 0xe0 : 0xd0)) return 'no';
    const parameter = bytes[start + 11];
    return parameter >= 0xc0 && parameter <= 0xc2 ? 'yes' : 'no';
  },
};

/** An X.224 data unit with the mark of S7. */
function isData(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 8 || bytes[start + 4] !== 2) return false;
  return bytes[start + 5] === 0xf0 && bytes[start + 6] === 0x80 && bytes[start + 7] === 0x32;
}
