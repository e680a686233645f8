import { beginsWithOne, firstLine } from './lines.ts';
import type { AppProtocol } from './protocol.ts';
import { StartTlsParser } from './start-tls.ts';

const command = /^[A-Za-z0-9.]{1,16} (CAPABILITY|LOGIN|AUTHENTICATE|STARTTLS|ID|NOOP|LOGOUT|SELECT)\b/i;

/** RFC 9051; STARTTLS in section 6.2.1. */
export const imap: AppProtocol = {
  name: 'imap',
  transports: ['tcp'],
  ports: [143],
  recognise({ bytes, start, end, fromClient, beginning }) {
    if (!beginning) return 'no';
    if (!fromClient) return beginsWithOne(bytes, start, end, ['* OK', '* PREAUTH', '* BYE ']);
    const line = firstLine(bytes, start, end);
    return line !== null && command.test(line) ? 'yes' : 'no';
  },
  makeParser: (conversation) =>
    new StartTlsParser(conversation, { request: /^\S+ STARTTLS\s*$/i, consent: /^[A-Za-z0-9.]+ OK\b/i }),
};
