import { beginsWithOne, commandIsOne, firstLine } from './lines.ts';
import type { AppProtocol } from './protocol.ts';
import { StartTlsParser } from './start-tls.ts';

/** RFC 1939; STLS by RFC 2595. */
export const pop3: AppProtocol = {
  name: 'pop3',
  transports: ['tcp'],
  ports: [110],
  recognise({ bytes, start, end, fromClient, beginning, serverPort }) {
    if (!beginning) return 'no';
    const known = this.ports.includes(serverPort);
    if (fromClient)
      return known ? commandIsOne(bytes, start, end, ['CAPA\r', 'USER ', 'APOP ', 'AUTH', 'STLS\r']) : 'no';
    const greeting = beginsWithOne(bytes, start, end, ['+OK ', '+OK\r', '-ERR ']);
    if (greeting !== 'yes' || known) return greeting;
    const line = firstLine(bytes, start, end);
    if (line === null) return end - start < 512 ? 'more' : 'no';
    return /pop|dovecot|<[^<>@ ]+@[^<>@ ]+>/i.test(line) ? 'yes' : 'no';
  },
  makeParser: (conversation) => new StartTlsParser(conversation, { request: /^STLS\s*$/i, consent: /^\+OK/ }),
};
