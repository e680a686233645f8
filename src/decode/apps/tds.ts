import { u16 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

const prelogin = 0x12;
const headerBytes = 8;

/** The pre-login of a client of Microsoft SQL Server, [MS-TDS] 2.2.6.5: its first option is the version. */
export const tds: AppProtocol = {
  name: 'tds',
  transports: ['tcp'],
  ports: [1433],
  recognise({ bytes, start, end, fromClient, beginning }) {
    if (!beginning || !fromClient || bytes[start] !== prelogin) return 'no';
    if (end - start < headerBytes + 5) return 'more';
    const length = u16(bytes, start + 2);
    if (bytes[start + 1] !== 1 || length < headerBytes + 6 || length > 512) return 'no';
    return bytes[start + headerBytes] === 0 && u16(bytes, start + headerBytes + 3) === 6 ? 'yes' : 'no';
  },
};
