import { beginsWithOne, firstLine } from './lines.ts';
import type { AppProtocol } from './protocol.ts';
import { StartTlsParser } from './start-tls.ts';

/** RFC 3977; STARTTLS by RFC 4642. */
export const nntp: AppProtocol = {
  name: 'nntp',
  transports: ['tcp'],
  ports: [119],
  recognise({ bytes, start, end, fromClient, beginning, serverPort }) {
    if (!beginning || fromClient) return 'no';
    const greeting = beginsWithOne(bytes, start, end, ['200 ', '201 ']);
    if (greeting !== 'yes') return greeting;
    const line = firstLine(bytes, start, end);
    if (line === null) return end - start < 512 ? 'more' : 'no';
    return /nntp|news|posting/i.test(line) || this.ports.includes(serverPort) ? 'yes' : 'no';
  },
  makeParser: (conversation) =>
    new StartTlsParser(conversation, { request: /^STARTTLS\s*$/i, consent: /^382\b/ }),
};
