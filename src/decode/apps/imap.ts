import { beginsWithOne, firstLine } from './lines.ts';
import type { AppProtocol } from './protocol.ts';
import { StartTlsParser } from './start-tls.ts';

const command = /^[A-Za-z0-9.]{1,16} (CAPABILITY|LOGIN|AUTHENTICATE|STARTTLS|ID|NOOP|LOGOUT|SELECT)\b/i;

/** A tag and the longest of these commands, before its line's end has come. */
const maxCommandBytes = 40;

const isLetter = (byte: number): boolean => (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);

/** RFC 9051; STARTTLS in section 6.2.1. */
export const imap: AppProtocol = {
  name: 'imap',
  transports: ['tcp'],
  ports: [143],
  recognise({ bytes, start, end, fromClient, beginning }) {
    if (!beginning) return 'no';
    if (!fromClient) return beginsWithOne(bytes, start, end, ['* OK', '* PREAUTH', '* BYE ']);
    const line = firstLine(bytes, start, end);
    if (line === null) return end - start < maxCommandBytes && isLetter(bytes[start]) ? 'more' : 'no';
    return command.test(line) ? 'yes' : 'no';
  },
  makeParser: (conversation) =>
    new StartTlsParser(conversation, { request: /^\S+ STARTTLS\s*$/i, consent: /^[A-Za-z0-9.]+ OK\b/i }),
};
