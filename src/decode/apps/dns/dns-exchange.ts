import type { DnsAnswer, DnsRecord } from '../../../wire/traffic.ts';
import { remindAfterMs } from '../reminders.ts';
import { nameOfAskedType, nameOfRcode } from './codes.ts';
import type { DnsMessage, DnsQuestion } from './message.ts';

/** Unanswered questions of a conversation; a resolver that asks from one port for all its clients has some tens. */
const maxOpen = 256;
/** Questions answered lately, by which an answer that comes twice is known. */
const maxAnswered = 64;

/** What of a record is the same for all questions from one side of a conversation. */
export interface Asked {
  readonly src: string;
  readonly dst: string;
  readonly transport: DnsRecord['transport'];
}

interface Entry {
  readonly id: number;
  readonly question: DnsQuestion;
  /** Resolvers mix upper and lower case in the names they ask for; an answer need not keep it. */
  readonly name: string;
  readonly timeMs: number;
}

/** Most conversations have a question or two, for which a list is the smallest. */
const none: Entry[] = [];

/** The questions from one side of a conversation and their answers from the other. */
export class DnsExchange {
  readonly #asked: Asked;
  readonly #onRecord: (record: DnsRecord) => void;
  /** Oldest first. */
  #open = none;
  #answered = none;

  constructor(asked: Asked, onRecord: (record: DnsRecord) => void) {
    this.#asked = asked;
    this.#onRecord = onRecord;
  }

  /** Bytes of what is remembered, about: names in two spellings, and what is around them. */
  get held(): number {
    let bytes = 0;
    for (const entries of [this.#open, this.#answered])
      for (const { name } of entries) bytes += 200 + 2 * name.length;
    return bytes;
  }

  /** Takes questions. One that is open already was sent again: the first counts. */
  ask({ id, questions }: DnsMessage, timeMs: number): void {
    this.giveUp(timeMs);
    for (const question of questions) {
      const name = question.name.toLowerCase();
      const answered = indexOf(this.#answered, id, question.type, name);
      if (answered >= 0) this.#answered.splice(answered, 1);
      if (indexOf(this.#open, id, question.type, name) >= 0) continue;
      this.#open = append(this.#open, { id, question, name, timeMs });
      if (this.#open.length > maxOpen) this.#giveUpFirst();
    }
  }

  /** Takes an answer. One whose question was not seen is told of by itself, one that comes again is not. */
  answer(message: DnsMessage, timeMs: number): void {
    const { id, questions } = message;
    // An error need not repeat the question.
    if (questions.length === 0)
      this.#settle(
        this.#open.findIndex((entry) => entry.id === id),
        message,
        timeMs,
      );
    for (const question of questions) {
      const name = question.name.toLowerCase();
      const open = indexOf(this.#open, id, question.type, name);
      if (open >= 0) this.#settle(open, message, timeMs);
      else if (indexOf(this.#answered, id, question.type, name) < 0) {
        this.#remember({ id, question, name, timeMs });
        this.#tell(id, question, message.rcode, message.answers, timeMs, null);
      }
    }
    this.giveUp(timeMs);
  }

  /** Tells of what was announced without a question, as in mDNS: in the name of the first address, or else answer. */
  announce({ id, rcode, answers }: DnsMessage, timeMs: number): void {
    const first = answers.find(({ type }) => type === 'A' || type === 'AAAA') ?? answers[0];
    if (first) this.#onRecord(this.#describe(id, first.name, first.type, rcode, answers, timeMs, null));
  }

  /** Tells of what has been open for too long; whether something still is. */
  giveUp(nowMs: number): boolean {
    while (this.#open.length > 0) {
      if (nowMs - this.#open[0].timeMs < remindAfterMs) return true;
      this.#giveUpFirst();
    }
    return false;
  }

  /** Tells of what was not answered. */
  end(): void {
    while (this.#open.length > 0) this.#giveUpFirst();
  }

  #settle(index: number, { rcode, answers }: DnsMessage, timeMs: number): void {
    if (index < 0) return;
    const [entry] = this.#open.splice(index, 1);
    this.#remember(entry);
    this.#tell(entry.id, entry.question, rcode, answers, entry.timeMs, timeMs - entry.timeMs);
  }

  #remember(entry: Entry): void {
    this.#answered = append(this.#answered, entry);
    if (this.#answered.length > maxAnswered) this.#answered.shift();
  }

  #giveUpFirst(): void {
    const { id, question, timeMs } = this.#open.shift() as Entry;
    this.#tell(id, question, null, [], timeMs, null);
  }

  #tell(
    id: number,
    question: DnsQuestion,
    rcode: number | null,
    answers: readonly DnsAnswer[],
    timeMs: number,
    durationMs: number | null,
  ): void {
    const { name, type } = question;
    this.#onRecord(this.#describe(id, name, nameOfAskedType(type), rcode, answers, timeMs, durationMs));
  }

  #describe(
    id: number,
    query: string,
    qtype: string,
    rcode: number | null,
    answers: readonly DnsAnswer[],
    timeMs: number,
    durationMs: number | null,
  ): DnsRecord {
    const { src, dst, transport } = this.#asked;
    return {
      type: 'dns',
      ts: new Date(timeMs).toISOString(),
      src,
      dst,
      transport,
      id,
      query,
      qtype,
      rcode: rcode === null ? null : nameOfRcode(rcode),
      answers,
      duration_ms: durationMs === null ? null : Math.round(Math.max(0, durationMs) * 1000) / 1000,
    };
  }
}

function indexOf(entries: readonly Entry[], id: number, type: number, name: string): number {
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i];
    if (entry.id === id && entry.question.type === type && entry.name === name) return i;
  }
  return -1;
}

/** Adds to a list, or begins one: the empty list is shared. */
function append(entries: Entry[], entry: Entry): Entry[] {
  if (entries === none) return [entry];
  entries.push(entry);
  return entries;
}
