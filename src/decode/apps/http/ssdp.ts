import type { AppParser, AppProtocol, Conversation } from '../protocol.ts';
import { Exchanges } from './exchanges.ts';
import { bodies, MessageReader, type MessageSink } from './message-reader.ts';
import { judgeStart, type StartLine } from './start-line.ts';

/** Reads datagrams of which each is one message of HTTP's form, told of by itself: answers come to other ports. */
class SsdpParser implements AppParser {
  readonly #conversation: Conversation;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  data(fromClient: boolean, bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    const reader = new MessageReader(this.#makeSink(fromClient));
    reader.read(bytes, start, end, timeMs);
    reader.end(timeMs);
  }

  gap(): void {
    // A datagram is whole or not there.
  }

  end(): void {
    // Nothing is kept from one datagram to the next.
  }

  #makeSink(fromClient: boolean): MessageSink {
    const conversation = this.#conversation;
    const exchanges = new Exchanges(conversation, fromClient);
    let kind: StartLine['kind'] = 'request';
    return {
      onStart: (line, timeMs) => {
        kind = line.kind;
        if (line.kind === 'request') exchanges.startRequest(line, timeMs, 0);
        else exchanges.startAnswer(line, timeMs);
      },
      onHead: (fields, timeMs) => {
        if (kind === 'request') exchanges.headOfRequest(fields, timeMs);
        else exchanges.headOfAnswer(fields, timeMs);
        return bodies.untilClose;
      },
      onBody: (bytes) =>
        kind === 'request' ? exchanges.addRequestBytes(bytes) : exchanges.addAnswerBytes(bytes),
      onEnd: () => exchanges.end(),
      onSwitch: () => exchanges.end(),
      onLost: () => conversation.malformed(),
      expectsMore: () => false,
      malformed: () => conversation.malformed(),
    };
  }
}

/** Other protocols of this form (Plex, Kodi) use other ports. */
const port = 1900;

/** Simple Service Discovery Protocol, UPnP Device Architecture 2.0 section 1. */
export const ssdp: AppProtocol = {
  name: 'ssdp',
  transports: ['udp'],
  ports: [port],
  recognise: ({ bytes, start, end, clientPort, serverPort }) =>
    (clientPort === port || serverPort === port) && judgeStart(bytes, start, end) === 'yes' ? 'yes' : 'no',
  makeParser: (conversation) => new SsdpParser(conversation),
};
