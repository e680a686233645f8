import type { DnsAnswer } from '../../../wire/traffic.ts';
import { u16 } from '../../packet/bytes.ts';
import { dnsType, nameOfType } from './codes.ts';
import { decodeName, noName, skipName } from './domain-name.ts';
import { describeData } from './rdata.ts';

export const headerBytes = 12;
/** Questions of a message that are told of. In use is one; mDNS asks some tens at once. */
const maxQuestions = 64;
/** Answers of a message that are told of. */
const maxAnswers = 64;
/**
 * Characters of names and data told of one message. Names are shared by pointers, so that 2 kB could hold 64 answers with
 * 8 kB of names each; 64 names of the longest kind have half of this.
 */
const maxCharacters = 32 * 1024;
/** Records passed over at most to find the one with the upper bits of the result. */
const maxSkipped = 256;

export interface DnsQuestion {
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

export type Damage = 'short' | 'broken';

/** What is told of a message (RFC 1035 section 4). */
export interface DnsMessage {
  readonly id: number;
  readonly isResponse: boolean;
  readonly questions: readonly DnsQuestion[];
  /** Of a response; with the upper bits that EDNS adds. */
  readonly rcode: number;
  readonly answers: readonly DnsAnswer[];
  /** `broken` when it breaks its form, `short` when it ends before what its header announces, as one cut by the capture. */
  readonly damage: Damage | null;
}

/** Decodes as much as is there. `more` has the additional records of a response count as answers, as in mDNS. */
export function decodeMessage(
  bytes: Uint8Array,
  start: number,
  end: number,
  more = false,
): DnsMessage | null {
  if (end - start < headerBytes) return null;
  const reader = new MessageReader(bytes, start, end);
  const flags = u16(bytes, start + 2);
  const isResponse = flags >= 0x8000;
  const questions = reader.questions(u16(bytes, start + 4));
  const counts = [u16(bytes, start + 6), u16(bytes, start + 8), u16(bytes, start + 10)];
  if (isResponse) {
    reader.records(counts[0], true);
    reader.records(counts[1], false);
    reader.records(counts[2], more);
  }
  const rcode = (flags & 15) | (reader.extendedRcode << 4);
  const { answers, damage } = reader;
  return { id: u16(bytes, start), isResponse, questions, rcode, answers, damage };
}

/** Reads one message from front to back; after damage it finds nothing more. */
class MessageReader {
  readonly answers: DnsAnswer[] = [];
  extendedRcode = 0;
  damage: Damage | null = null;
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #end: number;
  #at: number;
  #skipped = 0;
  #characters = 0;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#at = start + headerBytes;
  }

  questions(count: number): DnsQuestion[] {
    const found: DnsQuestion[] = [];
    for (let i = 0; i < count; i++) {
      const name = decodeName(this.#bytes, this.#start, this.#at, this.#end);
      const isTooMuch = found.length === maxQuestions || this.#characters > maxCharacters;
      if (name?.text === noName.reservedLabel || isTooMuch) {
        this.damage = 'broken';
        break;
      }
      if (name === null || name.next + 4 > this.#end) {
        this.damage = 'short';
        break;
      }
      if (name.text === noName.unknownLabel) this.damage = 'broken';
      found.push({
        name: name.text,
        type: u16(this.#bytes, name.next),
        class: u16(this.#bytes, name.next + 2),
      });
      this.#characters += name.text.length;
      this.#at = name.next + 4;
    }
    return found;
  }

  records(count: number, told: boolean): void {
    for (let i = 0; i < count && this.damage === null; i++) {
      if (!told && ++this.#skipped > maxSkipped) return;
      this.#record(told && this.answers.length < maxAnswers && this.#characters <= maxCharacters);
    }
  }

  #record(told: boolean): void {
    const from = this.#at;
    const head = skipName(this.#bytes, from, this.#end);
    const data = head + 10;
    if (head < 0 || data > this.#end || data + u16(this.#bytes, head + 8) > this.#end) {
      this.damage = 'short';
      return;
    }
    const end = data + u16(this.#bytes, head + 8);
    const type = u16(this.#bytes, head);
    this.#at = end;
    if (type === dnsType.opt) this.extendedRcode = this.#bytes[head + 4];
    else if (told) this.#answer(from, type, head, data, end);
  }

  #answer(from: number, type: number, head: number, start: number, end: number): void {
    const bytes = this.#bytes;
    const name = decodeName(bytes, this.#start, from, this.#end);
    if (name === null) {
      this.damage = 'broken';
      return;
    }
    const ttl = u16(this.#bytes, head + 4) * 65536 + u16(this.#bytes, head + 6);
    const place = { bytes, message: this.#start, messageEnd: this.#end, start, end };
    const data = describeData(type, place);
    this.#characters += name.text.length + data.length;
    this.answers.push({ name: name.text, type: nameOfType(type), ttl, data });
  }
}
