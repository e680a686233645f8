import type { AppProtocol } from './protocol.ts';

/** The control information of IEC 60870-5-104 section 5: start octet, length, four control octets. */
export const iec104: AppProtocol = {
  name: 'iec104',
  transports: ['tcp'],
  ports: [2404],
  recognise({ bytes, start, end, serverPort }) {
    if (!this.ports.includes(serverPort) || bytes[start] !== 0x68) return 'no';
    if (end - start < 6) return 'more';
    const length = bytes[start + 1];
    return length >= 4 && length <= 253 && end - start >= length + 2 ? 'yes' : 'no';
  },
};
