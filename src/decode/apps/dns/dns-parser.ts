import type { DnsRecord } from '../../../wire/traffic.ts';
import type { AppParser, Conversation } from '../protocol.ts';
import { DnsExchange } from './dns-exchange.ts';
import { LengthPrefixedSide } from './length-prefixed.ts';
import { decodeMessage } from './message.ts';

/** Reads a conversation of DNS messages, in which either side may ask. */
export class DnsParser implements AppParser {
  readonly #conversation: Conversation;
  readonly #isMulticast: boolean;
  readonly #sides: readonly [LengthPrefixedSide, LengthPrefixedSide] | null;
  /** Of the questions from the client and of those from the server. */
  readonly #exchanges: [DnsExchange | null, DnsExchange | null] = [null, null];
  readonly #family: 'mdns' | 'llmnr' | null;

  constructor(conversation: Conversation, family: 'mdns' | 'llmnr' | null) {
    this.#conversation = conversation;
    this.#family = family;
    this.#isMulticast = family === 'mdns';
    this.#sides =
      conversation.transport === 'tcp' ? [new LengthPrefixedSide(), new LengthPrefixedSide()] : null;
  }

  get held(): number {
    let bytes = 0;
    for (const side of this.#sides ?? []) bytes += side.held;
    for (const exchange of this.#exchanges) bytes += exchange?.held ?? 0;
    return bytes;
  }

  data(fromClient: boolean, bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    if (!this.#sides) this.#message(fromClient, bytes, start, end, timeMs);
    else
      this.#sides[fromClient ? 0 : 1].push(bytes, start, end, (whole, from, to) =>
        this.#message(fromClient, whole, from, to, timeMs),
      );
  }

  gap(fromClient: boolean, length: number): void {
    this.#sides?.[fromClient ? 0 : 1].gap(length);
  }

  reminded(timeMs: number): void {
    let isOpen = false;
    for (const exchange of this.#exchanges) if (exchange?.giveUp(timeMs)) isOpen = true;
    if (isOpen) this.#conversation.remind(timeMs);
  }

  end(): void {
    for (const exchange of this.#exchanges) exchange?.end();
  }

  #message(fromClient: boolean, bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    const message = decodeMessage(bytes, start, end, this.#isMulticast);
    // A datagram may be shorter than announced because the capture cut it.
    if (message?.damage === 'broken' || (this.#sides && message?.damage !== null))
      this.#conversation.malformed();
    if (message === null) return;
    const exchange = this.#exchange(fromClient !== message.isResponse);
    if (!message.isResponse) {
      exchange.ask(message, timeMs);
      this.#conversation.remind(timeMs);
    } else if (this.#isMulticast && message.questions.length === 0) exchange.announce(message, timeMs);
    else exchange.answer(message, timeMs);
  }

  #exchange(clientAsks: boolean): DnsExchange {
    const { src, dst, transport } = this.#conversation;
    const [from, to] = clientAsks ? [src, dst] : [dst, src];
    const asked = { src: from, dst: to, transport: this.#family ?? transport };
    const index = clientAsks ? 0 : 1;
    this.#exchanges[index] ??= new DnsExchange(asked, (record: DnsRecord) => this.#conversation.emit(record));
    return this.#exchanges[index];
  }
}
