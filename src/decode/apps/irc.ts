import { commandIsOne, firstLine } from './lines.ts';
import type { AppProtocol } from './protocol.ts';

const fromServer = /^(:\S{1,255} (NOTICE|001|020|439|CAP|PING) |NOTICE (AUTH|\*) |PING :|ERROR :)/;
const fromUser = /^(NICK \S{1,64}$|USER \S+ \S+ \S+ :?|CAP (LS|REQ|END)|PASS \S+$|PROTOCTL |SERVER \S+ )/i;

/** RFC 2812. */
export const irc: AppProtocol = {
  name: 'irc',
  transports: ['tcp'],
  ports: [194, 6660, 6661, 6662, 6663, 6664, 6665, 6666, 6667, 6668, 6669, 7000],
  recognise({ bytes, start, end, fromClient, beginning }) {
    if (!beginning) return 'no';
    const begin = fromClient
      ? commandIsOne(bytes, start, end, ['NICK ', 'USER ', 'CAP ', 'PASS ', 'PROTOCTL ', 'SERVER '])
      : commandIsOne(bytes, start, end, [':', 'NOTICE ', 'PING :', 'ERROR :']);
    if (begin !== 'yes') return begin;
    const line = firstLine(bytes, start, end);
    if (line === null) return end - start < 512 ? 'more' : 'no';
    return (fromClient ? fromUser : fromServer).test(line) ? 'yes' : 'no';
  },
};
