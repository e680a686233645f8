import { beginsWithOne } from './lines.ts';
import type { AppParser, AppProtocol, Conversation } from './protocol.ts';

/** Of a stream looked at for its header, and for the step to TLS. */
const maxLookedAt = 1024;
const maxSegments = 16;

/** The header of a stream, RFC 6120 section 4.2. */
export const xmpp: AppProtocol = {
  name: 'xmpp',
  transports: ['tcp'],
  ports: [5222, 5269],
  recognise({ bytes, start, end, beginning }) {
    if (!beginning) return 'no';
    const begin = beginsWithOne(bytes, start, end, ['<?xml ', '<stream:stream ']);
    if (begin !== 'yes') return begin;
    if (holds(bytes, start, end, 'http://etherx.jabber.org/streams')) return 'yes';
    return end - start < maxLookedAt ? 'more' : 'no';
  },
  makeParser: (conversation) => new XmppParser(conversation),
};

/** After the server's `proceed` the conversation is a TLS one, RFC 6120 section 5.4.2.3. */
class XmppParser implements AppParser {
  readonly #conversation: Conversation;
  #left = maxSegments;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  data(fromClient: boolean, bytes: Uint8Array, start: number, end: number): void {
    if (this.#left-- <= 0 || fromClient || !holds(bytes, start, end, '<proceed ')) return;
    this.#left = 0;
    this.#conversation.secure();
  }

  gap(): void {}

  end(): void {}
}

function holds(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  const last = Math.min(end, start + maxLookedAt) - text.length;
  for (let at = start; at <= last; at++) {
    let i = 0;
    while (i < text.length && bytes[at + i] === text.charCodeAt(i)) i++;
    if (i === text.length) return true;
  }
  return false;
}
