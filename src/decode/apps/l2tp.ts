import { u16 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

const port = 1701;
/** RFC 2661 section 3.1, of control messages: type, length and sequence are there, and nothing reserved is set. */
const controlMask = 0xff3f;
const control = 0xc800;
const version2 = 2;
const version3 = 3;
const controlBytes = 12;

/** Tunnels of the link layer, known by the messages that set them up. */
export const l2tp: AppProtocol = {
  name: 'l2tp',
  transports: ['udp'],
  ports: [port],
  recognise({ bytes, start, end, clientPort, serverPort }) {
    if ((clientPort !== port && serverPort !== port) || end - start < controlBytes) return 'no';
    const flags = u16(bytes, start);
    const version = flags & 15;
    if ((flags & controlMask & 0xfff0) !== control || (version !== version2 && version !== version3))
      return 'no';
    return u16(bytes, start + 2) === end - start ? 'yes' : 'no';
  },
};
