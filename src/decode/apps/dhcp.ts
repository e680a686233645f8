import { u32 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

/** RFC 2131 section 2: fixed fields up to the options. */
const fixedBytes = 236;
/** Section 3: what the options begin with. */
const magicCookie = 0x63825363;

/** RFC 2131, and BOOTP with options. */
export const dhcp: AppProtocol = {
  name: 'dhcp',
  transports: ['udp'],
  ports: [67, 68],
  recognise({ bytes, start, end }) {
    if (end - start < fixedBytes + 4) return 'no';
    const operation = bytes[start];
    const isOperation = operation === 1 || operation === 2;
    // Longest hardware address: the field has 16 bytes.
    return isOperation && bytes[start + 2] <= 16 && u32(bytes, start + fixedBytes) === magicCookie
      ? 'yes'
      : 'no';
  },
};
