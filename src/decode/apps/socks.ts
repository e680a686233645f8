import type { AppParser, AppProtocol, Conversation } from './protocol.ts';

const version4 = 4;
const version5 = 5;
/** Methods of the registry (IANA, socks-methods), and private ones from 0x80. */
const maxMethod = 9;
const privateMethods = 0x80;
/** Longest user name of version 4 believed, and name of a host in 4a. */
const maxNameBytes = 255;

/** SOCKS 4, 4a and 5 (RFC 1928): a client's first message, whole. */
export const socks: AppProtocol = {
  name: 'socks',
  transports: ['tcp'],
  ports: [1080],
  recognise({ bytes, start, end, fromClient, beginning }) {
    if (!beginning || !fromClient) return 'no';
    if (bytes[start] === version5) return isGreeting(bytes, start, end);
    if (bytes[start] === version4) return isRequest4(bytes, start, end);
    return 'no';
  },
  makeParser: (conversation) => new SocksParser(conversation),
};

function isGreeting(bytes: Uint8Array, start: number, end: number): 'yes' | 'no' | 'more' {
  if (end - start < 2) return 'more';
  const methods = bytes[start + 1];
  if (methods === 0 || end - start > methods + 2) return 'no';
  for (let at = start + 2; at < end; at++)
    if (bytes[at] > maxMethod && bytes[at] < privateMethods) return 'no';
  return end - start === methods + 2 ? 'yes' : 'more';
}

/** Command, port, address, user name and, for an address of 0.0.0.x, the name of the host. */
function isRequest4(bytes: Uint8Array, start: number, end: number): 'yes' | 'no' | 'more' {
  if (end - start < 9) return end - start > 1 && bytes[start + 1] > 2 ? 'no' : 'more';
  if (bytes[start + 1] !== 1 && bytes[start + 1] !== 2) return 'no';
  if ((bytes[start + 2] | bytes[start + 3]) === 0) return 'no';
  const named = (bytes[start + 4] | bytes[start + 5] | bytes[start + 6]) === 0 && bytes[start + 7] !== 0;
  let at = start + 8;
  for (let texts = named ? 2 : 1; texts > 0; texts--) {
    const from = at;
    while (at < end && bytes[at] !== 0 && at - from < maxNameBytes) {
      if (bytes[at] < 0x20 || bytes[at] > 0x7e) return 'no';
      at++;
    }
    if (at === end) return 'more';
    if (bytes[at] !== 0) return 'no';
    at++;
  }
  return at === end ? 'yes' : 'no';
}

/** Waits for the proxy's consent, after which the conversation is that with the destination. */
class SocksParser implements AppParser {
  readonly #conversation: Conversation;
  #version = 0;
  #requested = false;
  #left = 8;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  data(fromClient: boolean, bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    if (this.#left-- <= 0 || start === end) return;
    if (fromClient) {
      this.#version ||= bytes[start];
      // A request has its reserved octet where a greeting has methods; authentication has version 1.
      if (bytes[start] === version5 && end - start >= 7 && bytes[start + 2] === 0) this.#requested = true;
      return;
    }
    const length =
      this.#version === version4 ? this.#reply4(bytes, start, end) : this.#reply5(bytes, start, end);
    if (length === 0) return;
    this.#left = 0;
    this.#conversation.restart({ fromClient, bytes, start: start + length, end, timeMs });
  }

  gap(): void {
    this.#left = 0;
  }

  end(): void {}

  /** Length of a reply that grants; 0 for anything else. */
  #reply4(bytes: Uint8Array, start: number, end: number): number {
    return end - start >= 8 && bytes[start] === 0 && bytes[start + 1] === 0x5a ? 8 : 0;
  }

  #reply5(bytes: Uint8Array, start: number, end: number): number {
    if (!this.#requested || end - start < 7 || bytes[start] !== version5 || bytes[start + 1] !== 0) return 0;
    const type = bytes[start + 3];
    const length = type === 1 ? 10 : type === 4 ? 22 : type === 3 ? 7 + bytes[start + 4] : 0;
    return length <= end - start ? length : 0;
  }
}
