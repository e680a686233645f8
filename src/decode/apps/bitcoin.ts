import { u32 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

/** What messages of the main, test and signet networks begin with. */
const magics = [0xf9beb4d9, 0x0b110907, 0x0a03cf40, 0xfabfb5da];
const headerBytes = 24;

/** The header of a message: the network, and a command of letters padded with zeros (Bitcoin developer reference). */
export const bitcoin: AppProtocol = {
  name: 'bitcoin',
  transports: ['tcp'],
  ports: [8333],
  recognise({ bytes, start, end, beginning }) {
    if (!beginning) return 'no';
    if (end - start < headerBytes)
      return magics.some((magic) => magic >>> 24 === bytes[start]) ? 'more' : 'no';
    if (!magics.includes(u32(bytes, start))) return 'no';
    return bytes[start + 4] >= 0x61 && bytes[start + 4] <= 0x7a && bytes[start + 15] === 0 ? 'yes' : 'no';
  },
};
