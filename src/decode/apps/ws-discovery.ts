import type { AppProtocol } from './protocol.ts';
import { decodeLatin } from './text.ts';

const port = 3702;
/** Within this much comes the element that holds all. */
const lookedThrough = 300;
const envelope = /^(?:\ufeff|\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?<(?:[\w-]{1,20}:)?Envelope[\s>]/;

/** Printers, cameras and Windows machines that look for each other by SOAP over UDP (OASIS WS-Discovery). */
export const wsDiscovery: AppProtocol = {
  name: 'ws-discovery',
  transports: ['udp'],
  ports: [port],
  recognise({ bytes, start, end, clientPort, serverPort }) {
    if ((clientPort !== port && serverPort !== port) || end === start) return 'no';
    return envelope.test(decodeLatin(bytes, start, Math.min(end, start + lookedThrough))) ? 'yes' : 'no';
  },
};
