import { u16, u32 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

/** Message, length, request, versions, type and result. */
const headerBytes = 16;
/** The length counts from behind itself. */
const lengthEnds = 8;
const protocolVersion = 1;
/** Request, request without answer, notification, answers, an error; and the same in segments. */
const types: ReadonlySet<number> = new Set([
  0, 1, 2, 0x40, 0x41, 0x42, 0x80, 0x81, 0x20, 0x21, 0x22, 0xa0, 0xa1,
]);
const lastResult = 0x5e;
const maxMessages = 64;

/** Services in vehicles, AUTOSAR SOME/IP; a datagram may hold several messages. */
export const someip: AppProtocol = {
  name: 'someip',
  transports: ['udp'],
  ports: [30_490],
  recognise({ bytes, start, end }) {
    let at = start;
    for (let i = 0; i < maxMessages && at + headerBytes <= end; i++) {
      const isHead =
        bytes[at + 12] === protocolVersion && types.has(bytes[at + 14]) && bytes[at + 15] <= lastResult;
      if (!isHead || u16(bytes, at) === 0 || u32(bytes, at + 4) < headerBytes - lengthEnds) return 'no';
      at += lengthEnds + u32(bytes, at + 4);
    }
    return at === end && at > start ? 'yes' : 'no';
  },
};
