import { u16 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

const forwardRequest = 2;
const cping = 10;
const maxPacketBytes = 8192;

/** A packet of a web server to its servlet engine (Apache JServ Protocol 1.3). */
export const ajp: AppProtocol = {
  name: 'ajp',
  transports: ['tcp'],
  ports: [8009],
  recognise({ bytes, start, end, fromClient }) {
    if (!fromClient || bytes[start] !== 0x12) return 'no';
    if (end - start < 5) return end - start < 2 || bytes[start + 1] === 0x34 ? 'more' : 'no';
    const length = u16(bytes, start + 2);
    if (bytes[start + 1] !== 0x34 || length < 1 || length > maxPacketBytes) return 'no';
    return bytes[start + 4] === forwardRequest || (bytes[start + 4] === cping && length === 1) ? 'yes' : 'no';
  },
};
