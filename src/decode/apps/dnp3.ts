import type { AppProtocol } from './protocol.ts';

/** The data link header of IEEE 1815: start octets, length, control. */
export const dnp3: AppProtocol = {
  name: 'dnp3',
  transports: ['tcp', 'udp'],
  ports: [20000],
  recognise({ bytes, start, end, beginning }) {
    if (!beginning || bytes[start] !== 0x05) return 'no';
    if (end - start < 10) return end - start < 2 || bytes[start + 1] === 0x64 ? 'more' : 'no';
    return bytes[start + 1] === 0x64 && bytes[start + 2] >= 5 ? 'yes' : 'no';
  },
};
