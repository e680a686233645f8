import { commandIsOne, firstLine } from './lines.ts';
import type { AppProtocol } from './protocol.ts';
import { StartTlsParser } from './start-tls.ts';

/** RFC 5321; STARTTLS by RFC 3207. */
export const smtp: AppProtocol = {
  name: 'smtp',
  transports: ['tcp'],
  ports: [25, 587, 2525],
  recognise({ bytes, start, end, fromClient, beginning, serverPort }) {
    if (!beginning) return 'no';
    if (fromClient) return commandIsOne(bytes, start, end, ['EHLO ', 'HELO ', 'LHLO ', 'MAIL FROM:<']);
    const greeting = commandIsOne(bytes, start, end, ['220 ', '220-', '554 ', '421 ']);
    if (greeting !== 'yes') return greeting;
    const line = firstLine(bytes, start, end);
    if (line === null) return end - start < 512 ? 'more' : 'no';
    if (/E?SMTP|postfix|exim|sendmail/i.test(line)) return 'yes';
    if (/ftp/i.test(line)) return 'no';
    return this.ports.includes(serverPort) ? 'yes' : 'more';
  },
  makeParser: (conversation) =>
    new StartTlsParser(conversation, { request: /^STARTTLS\s*$/i, consent: /^220[ -]/ }),
};
