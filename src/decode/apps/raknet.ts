import type { AppProtocol } from './protocol.ts';
import { hexAt } from './text.ts';

/** What every message without a connection holds, by which RakNet tells them from others. */
const magic = '00ffff00fefefefefdfdfdfd12345678';
/** Where it is: pings after a time, answers to them after a time and a number, and when opening right at the front. */
const offsets: Readonly<Record<number, number>> = {
  1: 9,
  2: 9,
  5: 1,
  6: 1,
  7: 1,
  8: 1,
  28: 17,
};

/** The transport of many games, Minecraft's among them. */
export const raknet: AppProtocol = {
  name: 'raknet',
  transports: ['udp'],
  ports: [19_132],
  recognise({ bytes, start, end }) {
    const offset = offsets[bytes[start]];
    return offset !== undefined && hexAt(bytes, start + offset, end, magic) ? 'yes' : 'no';
  },
};
