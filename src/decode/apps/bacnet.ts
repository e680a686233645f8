import { u16 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

/** ASHRAE 135 annex J: type of the link, functions, and a length over all. */
const linkType = 0x81;
const lastFunction = 0x0c;
const headerBytes = 4;
const port = 47_808;

/** Automation of buildings, BACnet/IP. */
export const bacnet: AppProtocol = {
  name: 'bacnet',
  transports: ['udp'],
  ports: [port],
  recognise({ bytes, start, end }) {
    if (end - start < headerBytes || bytes[start] !== linkType || bytes[start + 1] > lastFunction)
      return 'no';
    return u16(bytes, start + 2) === end - start ? 'yes' : 'no';
  },
};
