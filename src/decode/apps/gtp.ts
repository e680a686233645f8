import { u16 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

/** User plane and control plane of versions 1 and 2. */
const ports = [2152, 2123];
/** 3GPP TS 29.281 section 5.1; of version 2 (TS 29.274 section 5.1) the length begins after four bytes. */
const headerBytes = 8;
const lengthBegins = { version1: 8, version2: 4 };
const protocolType = 0x10;

/** The tunnels of mobile networks, TS 29.281 and TS 29.274. What is inside is not looked at. */
export const gtp: AppProtocol = {
  name: 'gtp',
  transports: ['udp'],
  ports,
  recognise({ bytes, start, end, clientPort, serverPort }) {
    if (!ports.includes(serverPort) && !ports.includes(clientPort)) return 'no';
    if (end - start < headerBytes) return 'no';
    const version = bytes[start] >> 5;
    const isVersion1 = version === 1 && (bytes[start] & protocolType) !== 0;
    if (!isVersion1 && version !== 2) return 'no';
    const after = isVersion1 ? lengthBegins.version1 : lengthBegins.version2;
    return u16(bytes, start + 2) === end - start - after ? 'yes' : 'no';
  },
};
