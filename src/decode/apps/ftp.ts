import { commandIsOne, firstLine } from './lines.ts';
import type { AppProtocol } from './protocol.ts';
import { StartTlsParser } from './start-tls.ts';

/** RFC 959; AUTH TLS by RFC 4217. */
export const ftp: AppProtocol = {
  name: 'ftp',
  transports: ['tcp'],
  ports: [21],
  recognise({ bytes, start, end, fromClient, beginning, serverPort }) {
    if (!beginning) return 'no';
    if (fromClient) {
      const command = commandIsOne(bytes, start, end, ['USER ', 'AUTH TLS', 'AUTH SSL', 'FEAT\r', 'SYST\r']);
      if (command !== 'yes') return command;
      const line = firstLine(bytes, start, end);
      if (line === null) return end - start < 512 ? 'more' : 'no';
      // IRC gives USER four arguments; a mailbox is asked for on ports of its own.
      if (line.split(' ').length > 2) return 'no';
      return this.ports.includes(serverPort) || !line.startsWith('USER') ? 'yes' : 'more';
    }
    const greeting = commandIsOne(bytes, start, end, ['220 ', '220-', '530 ', '421 ']);
    if (greeting !== 'yes') return greeting;
    const line = firstLine(bytes, start, end);
    if (line === null) return end - start < 512 ? 'more' : 'no';
    if (/ftp|filezilla/i.test(line)) return 'yes';
    if (/smtp/i.test(line)) return 'no';
    return this.ports.includes(serverPort) ? 'yes' : 'more';
  },
  makeParser: (conversation) =>
    new StartTlsParser(conversation, { request: /^AUTH (TLS|SSL)\b/i, consent: /^234[ -]/ }),
};
