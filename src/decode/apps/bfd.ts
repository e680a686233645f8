import type { AppProtocol } from './protocol.ts';

/** One hop (RFC 5881), several (RFC 5883), and members of a bundle of links (RFC 7130). */
const ports = [3784, 4784, 6784];
const headerBytes = 24;
const authenticated = 0x04;

/** Bidirectional forwarding detection, RFC 5880 section 4.1. */
export const bfd: AppProtocol = {
  name: 'bfd',
  transports: ['udp'],
  ports,
  recognise({ bytes, start, end, serverPort, clientPort }) {
    if (!ports.includes(serverPort) && !ports.includes(clientPort)) return 'no';
    if (end - start < headerBytes || bytes[start] >> 5 !== 1) return 'no';
    const length = bytes[start + 3];
    const least = bytes[start + 1] & authenticated ? headerBytes + 2 : headerBytes;
    // A packet that would be lost after none, section 6.8.6, is no packet.
    return length >= least && length <= end - start && bytes[start + 2] > 0 ? 'yes' : 'no';
  },
};
