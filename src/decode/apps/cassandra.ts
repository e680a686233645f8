import { u32 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

const headerBytes = 9;
const startup = 1;
const options = 5;

/** The first frame of a client, CQL native protocol v3 to v5 section 2: OPTIONS or STARTUP. */
export const cassandra: AppProtocol = {
  name: 'cassandra',
  transports: ['tcp'],
  ports: [9042],
  recognise({ bytes, start, end, fromClient, beginning }) {
    if (!beginning || !fromClient || bytes[start] < 3 || bytes[start] > 5) return 'no';
    if (end - start < headerBytes) return 'more';
    const length = u32(bytes, start + 5);
    if (bytes[start + 1] > 0x1f || end - start > headerBytes + length) return 'no';
    if (bytes[start + 4] === options) return length === 0 ? 'yes' : 'no';
    return bytes[start + 4] === startup && length > 15 && length < 1024 ? 'yes' : 'no';
  },
};
