import type { AppProtocol } from './protocol.ts';

/** Of version 1 and 2, and of version 2 over IPv6. */
const ports = [1985, 2029];
/** RFC 2281 section 5: version, operation, state. */
const version1Bytes = 20;
const lastOperation = 3;
const states: ReadonlySet<number> = new Set([0, 1, 2, 4, 8, 16]);
/** The second version is made of elements with type and length, the first of which is of the group. */
const groupType = 1;
const groupBytes = 40;

/** Routers that stand in for each other, RFC 2281. */
export const hsrp: AppProtocol = {
  name: 'hsrp',
  transports: ['udp'],
  ports,
  recognise({ bytes, start, end, clientPort, serverPort }) {
    if (!ports.includes(serverPort) || clientPort !== serverPort || end - start < version1Bytes) return 'no';
    const isVersion1 =
      bytes[start] === 0 && bytes[start + 1] <= lastOperation && states.has(bytes[start + 2]);
    const isVersion2 = bytes[start] === groupType && bytes[start + 1] === groupBytes;
    return isVersion1 || isVersion2 ? 'yes' : 'no';
  },
};
