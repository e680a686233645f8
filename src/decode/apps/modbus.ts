import { u16 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

/** Transaction, protocol 0, length, unit, function (MODBUS Messaging on TCP/IP, section 3.1.3). */
const headerBytes = 8;
const maxLength = 254;

export const modbus: AppProtocol = {
  name: 'modbus',
  transports: ['tcp'],
  ports: [502],
  recognise({ bytes, start, end, fromClient, serverPort }) {
    // Too little that is its own to be believed elsewhere.
    if (!this.ports.includes(serverPort)) return 'no';
    if (end - start < headerBytes) return 'more';
    const length = u16(bytes, start + 4);
    if (u16(bytes, start + 2) !== 0 || length < 2 || length > maxLength) return 'no';
    const code = bytes[start + 7];
    return code > 0 && (fromClient ? code < 0x80 : (code & 0x7f) > 0) && end - start >= 6 + length
      ? 'yes'
      : 'no';
  },
};
