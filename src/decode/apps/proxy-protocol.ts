import { u16 } from '../packet/bytes.ts';
import { beginsWithOne, firstLine } from './lines.ts';
import type { AppParser, AppProtocol, Conversation } from './protocol.ts';

/** The longest header of version 1 with its line's end, and the signature of version 2 (HAProxy, proxy-protocol.txt). */
const maxLineBytes = 107;
const signature = '\r\n\r\n\0\r\nQUIT\n';

/** What a load balancer says first of whom a connection is for; the application's own bytes follow. */
export const proxyProtocol: AppProtocol = {
  name: 'proxy-protocol',
  transports: ['tcp'],
  ports: [],
  recognise({ bytes, start, end, fromClient, beginning }) {
    if (!beginning || !fromClient) return 'no';
    const begin = beginsWithOne(bytes, start, end, [
      'PROXY TCP4 ',
      'PROXY TCP6 ',
      'PROXY UNKNOWN',
      signature,
    ]);
    if (begin !== 'yes') return begin;
    const length = headerLength(bytes, start, end);
    return length < 0 ? 'no' : length === 0 ? 'more' : 'yes';
  },
  makeParser: (conversation) => new ProxyProtocolParser(conversation),
};

/** The length of the header; 0 when it is cut short, -1 when it is none. */
function headerLength(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start] === 0x0d) {
    if (end - start < 16) return 0;
    const length = 16 + u16(bytes, start + 14);
    if (bytes[start + 12] >> 4 !== 2 || length > 4096) return -1;
    return length <= end - start ? length : 0;
  }
  const line = firstLine(bytes, start, Math.min(end, start + maxLineBytes));
  if (line === null) return end - start < maxLineBytes ? 0 : -1;
  return line.length + 2;
}

class ProxyProtocolParser implements AppParser {
  readonly #conversation: Conversation;
  /** The header may come in parts, of which each is handed over anew. */
  #seen = new Uint8Array(0);

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  data(fromClient: boolean, bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    if (!fromClient) return;
    const whole = new Uint8Array(this.#seen.length + end - start);
    whole.set(this.#seen);
    whole.set(bytes.subarray(start, end), this.#seen.length);
    this.#seen = whole;
    const length = headerLength(whole, 0, whole.length);
    if (length === 0) return;
    this.#seen = new Uint8Array(0);
    const from = length < 0 ? 0 : length;
    this.#conversation.restart({ fromClient, bytes: whole, start: from, end: whole.length, timeMs });
  }

  gap(): void {}

  end(): void {}
}
