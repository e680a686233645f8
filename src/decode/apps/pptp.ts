import { u16, u32 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

const magicCookie = 0x1a2b3c4d;

/** A control message, RFC 2637 section 1.4. */
export const pptp: AppProtocol = {
  name: 'pptp',
  transports: ['tcp'],
  ports: [1723],
  recognise({ bytes, start, end, beginning }) {
    if (!beginning || bytes[start] !== 0) return 'no';
    if (end - start < 10) return 'more';
    return u16(bytes, start + 2) === 1 && u32(bytes, start + 4) === magicCookie ? 'yes' : 'no';
  },
};
