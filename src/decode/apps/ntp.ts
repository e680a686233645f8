import { u16 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

const port = 123;
/** RFC 5905 section 7.3. */
const headerBytes = 48;
/** RFC 9327: mode 6; the reference implementation's mode 7 has at least 8 bytes. */
const controlBytes = 12;
const privateBytes = 8;
const maxStratum = 16;
/** Largest extension fields believed, of the many bytes of Network Time Security. */
const maxBytes = 1500;

/** RFC 5905 and its earlier versions. One byte tells little, so it is known on its port alone. */
export const ntp: AppProtocol = {
  name: 'ntp',
  transports: ['udp'],
  ports: [port],
  recognise({ bytes, start, end, clientPort, serverPort }) {
    if (clientPort !== port && serverPort !== port) return 'no';
    const length = end - start;
    const version = (bytes[start] >> 3) & 7;
    if (version < 1 || version > 4 || length > maxBytes) return 'no';
    const mode = bytes[start] & 7;
    if (mode === 6)
      return length >= controlBytes && controlBytes + u16(bytes, start + 10) <= length ? 'yes' : 'no';
    if (mode === 7) return length >= privateBytes ? 'yes' : 'no';
    return length >= headerBytes && length % 4 === 0 && bytes[start + 1] <= maxStratum ? 'yes' : 'no';
  },
};
