import { u16 } from '../packet/bytes.ts';
import type { AppParser, AppProtocol, Conversation } from './protocol.ts';

const connectionRequest = 0xe0;
const connectionConfirm = 0xd0;
/** Security that begins with a TLS hello: TLS, CredSSP, both ([MS-RDPBCGR] 2.2.1.2.1). */
const tlsSelected = [1, 2, 8];

/** The X.224 request inside a TPKT (RFC 1006), as [MS-RDPBCGR] 2.2.1.1 has it: without the parameters of ISO TSAP. */
export const rdp: AppProtocol = {
  name: 'rdp',
  transports: ['tcp'],
  ports: [3389],
  recognise({ bytes, start, end, beginning, fromClient }) {
    if (!beginning || bytes[start] !== 3) return 'no';
    if (end - start < 7) return 'more';
    const length = u16(bytes, start + 2);
    if (bytes[start + 1] !== 0 || length < 11 || length > 1024 || bytes[start + 4] > length - 5) return 'no';
    if (bytes[start + 5] !== (fromClient ? connectionRequest : connectionConfirm)) return 'no';
    if (length === 11) return 'yes';
    if (end - start < 12) return 'more';
    const first = bytes[start + 11];
    // A cookie or token, a negotiation request, its answer or failure.
    return first === 0x43 || first === 0x6d || (first >= 1 && first <= 3) ? 'yes' : 'no';
  },
  makeParser: (conversation) => new RdpParser(conversation),
};

/** Looks for the server's choice of TLS, after which the conversation is a TLS one inside. */
class RdpParser implements AppParser {
  readonly #conversation: Conversation;
  #done = false;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  data(fromClient: boolean, bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    if (this.#done || fromClient) return;
    this.#done = true;
    const length = u16(bytes, start + 2);
    if (end - start < 19 || length < 19 || bytes[start + 11] !== 2) return;
    if (!tlsSelected.includes(bytes[start + 15])) return;
    this.#conversation.secure({ fromClient, bytes, start: start + length, end, timeMs });
  }

  gap(): void {
    this.#done = true;
  }

  end(): void {}
}
