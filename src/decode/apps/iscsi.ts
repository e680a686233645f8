import { u24 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';
import { startsWith } from './text.ts';

const loginRequest = 0x43;
const headerBytes = 48;

/** A login, RFC 7143 section 11.12, whose keys begin with the initiator's name. */
export const iscsi: AppProtocol = {
  name: 'iscsi',
  transports: ['tcp'],
  ports: [3260],
  recognise({ bytes, start, end, fromClient, beginning }) {
    if (!beginning || !fromClient || bytes[start] !== loginRequest) return 'no';
    if (end - start < headerBytes + 13) return 'more';
    const keys = u24(bytes, start + 5);
    return keys > 13 && startsWith(bytes, start + headerBytes, end, 'InitiatorName') ? 'yes' : 'no';
  },
};
