import { u16, u32 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

const headerBytes = 14;
/** Highest key and version of a request in use (Kafka protocol guide), with room to grow. */
const maxApiKey = 92;
const maxVersion = 20;
const maxRequestBytes = 100 * 2 ** 20;
const maxClientIdBytes = 255;

/** A request: size, key and version of the API, correlation number, the client's name. */
export const kafka: AppProtocol = {
  name: 'kafka',
  transports: ['tcp'],
  ports: [9092],
  recognise({ bytes, start, end, fromClient, beginning }) {
    if (!beginning || !fromClient || bytes[start] > 6) return 'no';
    if (end - start < headerBytes)
      return end - start < 8 || u16(bytes, start + 4) <= maxApiKey ? 'more' : 'no';
    const size = u32(bytes, start);
    const name = u16(bytes, start + 12);
    if (size < 10 || size > maxRequestBytes || end - start > size + 4) return 'no';
    if (u16(bytes, start + 4) > maxApiKey || u16(bytes, start + 6) > maxVersion) return 'no';
    // Clients count their requests from zero or one.
    if (u32(bytes, start + 8) > 0xffff || name === 0 || name > maxClientIdBytes || name + 10 > size)
      return 'no';
    const limit = Math.min(end, start + headerBytes + name);
    for (let at = start + headerBytes; at < limit; at++)
      if (bytes[at] < 0x20 || bytes[at] > 0x7e) return 'no';
    return limit - start === headerBytes + name ? 'yes' : 'more';
  },
};
