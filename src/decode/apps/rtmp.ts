import type { AppProtocol } from './protocol.ts';

const version = 3;
const handshakeBytes = 1537;

/** The first two parts of a client's handshake (RTMP 1.0 section 5.2): a version, then 1,536 bytes. */
export const rtmp: AppProtocol = {
  name: 'rtmp',
  transports: ['tcp'],
  ports: [1935],
  recognise({ bytes, start, end, fromClient, beginning, serverPort }) {
    if (!beginning || !fromClient || bytes[start] !== version || !this.ports.includes(serverPort))
      return 'no';
    if (end - start < handshakeBytes) return 'more';
    return end - start === handshakeBytes ? 'yes' : 'no';
  },
};
