import { u16 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';
import { startsWith } from './text.ts';

/** Head of a message: name, version, vendor, sender. */
const headerBytes = 20;

/** The wire protocol of data distribution services (DDSI-RTPS section 8.3.3), as robots use it. */
export const rtps: AppProtocol = {
  name: 'rtps',
  transports: ['udp', 'tcp'],
  ports: [],
  recognise({ bytes, start, end, transport }) {
    if (end - start < headerBytes)
      return transport === 'tcp' && startsWith(bytes, start, end, 'RTPS') ? 'more' : 'no';
    const major = u16(bytes, start + 4) >> 8;
    return startsWith(bytes, start, end, 'RTPS') && (major === 1 || major === 2) ? 'yes' : 'no';
  },
};
