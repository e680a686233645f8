import type { AppParser, AppProtocol, Conversation } from './protocol.ts';

/** Tags of the operations of RFC 4511 section 4.2 on: what a client and what a server begins with. */
const fromClientTags = [0x60, 0x42, 0x63, 0x66, 0x68, 0x4a, 0x6c, 0x6e, 0x50, 0x77];
const fromServerTags = [0x61, 0x64, 0x65, 0x67, 0x69, 0x6b, 0x6d, 0x6f, 0x73, 0x78, 0x79];
/** Longest message believed, as servers do by default. */
const maxMessageBytes = 2 ** 24;
const startTls = '1.3.6.1.4.1.1466.20037';

/** A BER length at `at`: its value and the octets it takes; null when it is cut short or none. */
function readLength(bytes: Uint8Array, at: number, end: number): { value: number; octets: number } | null {
  if (at >= end) return null;
  const first = bytes[at];
  if (first < 0x80) return { value: first, octets: 1 };
  const octets = first & 0x7f;
  if (octets === 0 || octets > 4 || at + octets >= end) return null;
  let value = 0;
  for (let i = 1; i <= octets; i++) value = value * 256 + bytes[at + i];
  return { value, octets: octets + 1 };
}

/** The offset of the operation's tag in a message, -1 when it is none, 0 when it is cut short. */
function findOperation(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start] !== 0x30) return -1;
  const length = readLength(bytes, start + 1, end);
  if (!length) return end - start < 7 ? 0 : -1;
  if (length.value < 5 || length.value > maxMessageBytes) return -1;
  const id = start + 1 + length.octets;
  if (end - id < 4) return 0;
  const idBytes = bytes[id + 1];
  if (bytes[id] !== 2 || idBytes < 1 || idBytes > 4) return -1;
  const operation = id + 2 + idBytes;
  return operation < end ? operation : 0;
}

export const ldap: AppProtocol = {
  name: 'ldap',
  transports: ['tcp', 'udp'],
  ports: [389, 3268],
  recognise({ bytes, start, end, fromClient }) {
    const operation = findOperation(bytes, start, end);
    if (operation <= 0) return operation === 0 ? 'more' : 'no';
    return (fromClient ? fromClientTags : fromServerTags).includes(bytes[operation]) ? 'yes' : 'no';
  },
  makeParser: (conversation) => new LdapParser(conversation),
};

/** Watches for StartTLS (RFC 4511 section 4.14). */
class LdapParser implements AppParser {
  readonly #conversation: Conversation;
  #asked = false;
  #left = 16;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  data(fromClient: boolean, bytes: Uint8Array, start: number, end: number): void {
    if (this.#left-- <= 0) return;
    const operation = findOperation(bytes, start, end);
    if (operation <= 0) return;
    if (fromClient) this.#asked = bytes[operation] === 0x77 && holds(bytes, operation, end, startTls);
    else if (this.#asked && bytes[operation] === 0x78) this.#consent(bytes, operation, end);
  }

  gap(): void {
    this.#left = 0;
  }

  end(): void {}

  /** An extended response with the result code 0 (an enumeration of one octet). */
  #consent(bytes: Uint8Array, operation: number, end: number): void {
    this.#asked = false;
    const length = readLength(bytes, operation + 1, end);
    if (!length) return;
    const at = operation + 1 + length.octets;
    if (bytes[at] === 0x0a && bytes[at + 1] === 1 && bytes[at + 2] === 0) this.#conversation.secure();
  }
}

/** Whether the text occurs in what is looked at, which is bounded by one segment. */
function holds(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  for (let at = start; at <= Math.min(end, start + 64) - text.length; at++) {
    let i = 0;
    while (i < text.length && bytes[at + i] === text.charCodeAt(i)) i++;
    if (i === text.length) return true;
  }
  return false;
}
