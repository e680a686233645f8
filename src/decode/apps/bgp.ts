import { u16 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

const headerBytes = 19;
const maxMessageBytes = 4096;

/** A message's header, RFC 4271 section 4.1: sixteen octets of ones, the length, a type. */
export const bgp: AppProtocol = {
  name: 'bgp',
  transports: ['tcp'],
  ports: [179],
  recognise({ bytes, start, end }) {
    for (let at = start; at < Math.min(end, start + 16); at++) if (bytes[at] !== 0xff) return 'no';
    if (end - start < headerBytes) return 'more';
    const length = u16(bytes, start + 16);
    const type = bytes[start + 18];
    return length >= headerBytes && length <= maxMessageBytes && type >= 1 && type <= 5 ? 'yes' : 'no';
  },
};
