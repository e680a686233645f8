import type { AppParser, AppProtocol, Conversation } from './protocol.ts';

const protocolVersion = 10;
const errorPacket = 0xff;
/** CLIENT_SSL of the capability flags. */
const sslCapability = 0x0800;
/** The client's request for TLS is its handshake response without the names. */
const sslRequestBytes = 32;

/** The server's greeting of version 10 (MySQL internals manual, Protocol::HandshakeV10), or its refusal. */
export const mysql: AppProtocol = {
  name: 'mysql',
  transports: ['tcp'],
  ports: [3306],
  recognise({ bytes, start, end, fromClient, beginning, serverPort }) {
    if (!beginning || fromClient) return 'no';
    if (end - start < 7) return 'more';
    const length = bytes[start] | (bytes[start + 1] << 8) | (bytes[start + 2] << 16);
    if (bytes[start + 3] !== 0 || length < 8 || length > 1024 || end - start > length + 4) return 'no';
    if (bytes[start + 4] === errorPacket) return this.ports.includes(serverPort) ? 'yes' : 'no';
    if (bytes[start + 4] !== protocolVersion) return 'no';
    let at = start + 5;
    while (at < end && bytes[at] >= 0x20 && bytes[at] < 0x7f && at - start < 70) at++;
    if (at === end) return 'more';
    return bytes[at] === 0 && bytes[start + 5] >= 0x30 && bytes[start + 5] <= 0x39 ? 'yes' : 'no';
  },
  makeParser: (conversation) => new MysqlParser(conversation),
};

/** Looks whether the client's first packet asks for TLS. */
class MysqlParser implements AppParser {
  readonly #conversation: Conversation;
  #done = false;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  data(fromClient: boolean, bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    if (this.#done || !fromClient) return;
    this.#done = true;
    const length = bytes[start] | (bytes[start + 1] << 8) | (bytes[start + 2] << 16);
    const capabilities = bytes[start + 4] | (bytes[start + 5] << 8);
    if (end - start < 6 || length !== sslRequestBytes || (capabilities & sslCapability) === 0) return;
    this.#conversation.secure({ fromClient, bytes, start: start + 4 + length, end, timeMs });
  }

  gap(): void {
    this.#done = true;
  }

  end(): void {}
}
