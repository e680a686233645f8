import { u16 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

/** RIP, and RIPng for IPv6. */
const ports = [520, 521];
const headerBytes = 4;
const entryBytes = 20;
const request = 1;
const response = 2;
const maxVersion = 2;

/** Routes told to neighbours, RFC 2453 section 4 and RFC 2080 section 2.1. */
export const rip: AppProtocol = {
  name: 'rip',
  transports: ['udp'],
  ports,
  recognise({ bytes, start, end, clientPort, serverPort }) {
    if (!ports.includes(serverPort) && !ports.includes(clientPort)) return 'no';
    const length = end - start;
    if (length < headerBytes + entryBytes || (length - headerBytes) % entryBytes !== 0) return 'no';
    const isCommand = bytes[start] === request || bytes[start] === response;
    const isVersion = bytes[start + 1] >= 1 && bytes[start + 1] <= maxVersion;
    return isCommand && isVersion && u16(bytes, start + 2) === 0 ? 'yes' : 'no';
  },
};
