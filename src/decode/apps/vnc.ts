import { beginsWithOne } from './lines.ts';
import type { AppProtocol } from './protocol.ts';

/** The version that either side begins with, RFC 6143 section 7.1.1. */
export const vnc: AppProtocol = {
  name: 'vnc',
  transports: ['tcp'],
  ports: [5900, 5901, 5902],
  recognise({ bytes, start, end, beginning }) {
    if (!beginning) return 'no';
    return beginsWithOne(bytes, start, end, ['RFB 003.', 'RFB 004.']);
  },
};
