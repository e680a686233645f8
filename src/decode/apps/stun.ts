import { u16, u32 } from '../packet/bytes.ts';
import type { AppParser, AppProtocol, Conversation, Sample, Verdict } from './protocol.ts';

/** RFC 8489 section 5. */
const headerBytes = 20;
const magicCookie = 0x2112a442;
/** Methods of TURN (RFC 8656 section 17): allocate, refresh, send, data, create permission, bind a channel. */
const turnMethods: ReadonlySet<number> = new Set([3, 4, 6, 7, 8, 9]);
const bindingMethod = 1;
const port = 3478;
const maxAttributes = 64;
/** First bytes by which DTLS is told from STUN on the same ports, RFC 7983 section 7. */
const firstDtls = 20;
const lastDtls = 63;
/** And media, which have a header of 12 bytes (RFC 3550 section 5.1). */
const firstMedia = 128;
const lastMedia = 191;
const mediaHeaderBytes = 12;
const enoughMedia = 3;

/** Session traversal utilities, RFC 8489 and, on its port, RFC 3489. */
export const stun: AppProtocol = {
  name: 'stun',
  transports: ['udp', 'tcp'],
  ports: [port],
  recognise: (sample) => recogniseMethod(sample, (method) => !turnMethods.has(method)),
  makeParser: (conversation) => new StunParser(conversation),
};

/** Relays for those that STUN does not help, RFC 8656. */
export const turn: AppProtocol = {
  name: 'turn',
  transports: ['udp', 'tcp'],
  ports: [],
  recognise: (sample) => recogniseMethod(sample, (method) => turnMethods.has(method)),
  makeParser: (conversation) => new StunParser(conversation),
};

function recogniseMethod(sample: Sample, isMethod: (method: number) => boolean): Verdict {
  const { bytes, start, end, transport, beginning, clientPort, serverPort } = sample;
  if (transport === 'tcp' && !beginning) return 'no';
  if (bytes[start] >= 0x40) return 'no';
  const length = end - start;
  if (length < 8) return transport === 'tcp' ? 'more' : 'no';
  const announced = u16(bytes, start + 2);
  const isComplete = announced + headerBytes === length;
  if (announced % 4 !== 0 || (transport === 'udp' && !isComplete)) return 'no';
  const type = u16(bytes, start);
  // Two bits of the class lie between those of the method.
  const method = (type & 0x0f) | ((type & 0xe0) >> 1) | ((type & 0x3e00) >> 2);
  if (!isMethod(method)) return 'no';
  if (u32(bytes, start + 4) === magicCookie) return 'yes';
  const isPort = clientPort === port || serverPort === port;
  return isPort && method === bindingMethod && isComplete && areAttributes(bytes, start + headerBytes, end)
    ? 'yes'
    : 'no';
}

function areAttributes(bytes: Uint8Array, at: number, end: number): boolean {
  for (let i = 0; i < maxAttributes && at + 4 <= end; i++) at += 4 + ((u16(bytes, at + 2) + 3) & ~3);
  return at === end;
}

/** Waits for what STUN prepared on the same ports: DTLS, which is read, or media. */
class StunParser implements AppParser {
  readonly #conversation: Conversation;
  #isOver: boolean;
  #mediaPackets = 0;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
    this.#isOver = conversation.transport === 'tcp';
  }

  data(fromClient: boolean, bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    if (this.#isOver) return;
    const first = bytes[start];
    if (first >= firstDtls && first <= lastDtls) {
      this.#isOver = true;
      this.#conversation.restart({ fromClient, bytes, start, end, timeMs });
    } else if (first >= firstMedia && first <= lastMedia && end - start >= mediaHeaderBytes) {
      if (++this.#mediaPackets < enoughMedia) return;
      this.#isOver = true;
      this.#conversation.rename('rtp');
    }
  }

  gap(): void {}

  end(): void {}
}
