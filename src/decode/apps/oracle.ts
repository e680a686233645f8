import { u16 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

const connect = 1;
/** Where the place of the connect data is. */
const dataOffsetAt = 26;

/** The connect packet of Oracle's Transparent Network Substrate: its data is a descriptor in brackets. */
export const oracle: AppProtocol = {
  name: 'oracle',
  transports: ['tcp'],
  ports: [1521],
  recognise({ bytes, start, end, fromClient, beginning }) {
    if (!beginning || !fromClient) return 'no';
    if (end - start < 58) return end - start < 5 || bytes[start + 4] === connect ? 'more' : 'no';
    const length = u16(bytes, start);
    const data = u16(bytes, start + dataOffsetAt);
    if (u16(bytes, start + 2) !== 0 || bytes[start + 4] !== connect || length < 58 || length > 8192)
      return 'no';
    if (data < 34 || data > length + 4096) return 'no';
    if (start + data >= end) return 'more';
    return bytes[start + data] === 0x28 ? 'yes' : 'no';
  },
};
