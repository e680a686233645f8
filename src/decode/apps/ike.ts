import { u32 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

/** RFC 7296 section 3.1, RFC 2408 section 3.1: two cookies, then this much more. */
const headerBytes = 28;
const version1 = 0x10;
const version2 = 0x20;
/** Exchange types: of ISAKMP and its key exchange, and of the second version. */
const exchanges1: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6, 32, 33]);
const firstExchange2 = 34;
const lastExchange2 = 44;

/** Internet key exchange; behind an address translator with four zero bytes before it (RFC 3948 section 2.2). */
export const ike: AppProtocol = {
  name: 'ike',
  transports: ['udp'],
  ports: [500, 4500],
  recognise({ bytes, start, end }) {
    if (end - start < headerBytes) return 'no';
    const at = u32(bytes, start) === 0 ? start + 4 : start;
    if (end - at < headerBytes || (u32(bytes, at) === 0 && u32(bytes, at + 4) === 0)) return 'no';
    const exchange = bytes[at + 18];
    const isVersion1 = bytes[at + 17] === version1 && exchanges1.has(exchange);
    const isVersion2 = bytes[at + 17] === version2 && exchange >= firstExchange2 && exchange <= lastExchange2;
    return (isVersion1 || isVersion2) && u32(bytes, at + 24) === end - at ? 'yes' : 'no';
  },
};
