import type { DnsAnswer, DnsRecord } from '../../../wire/traffic.ts';
import { remindAfterMs } from '../reminders.ts';
import { nameOfRcode, nameOfType } from './codes.ts';
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

interface Open {
  readonly id: number;
  readonly question: DnsQuestion;
  readonly timeMs: number;
}

/** The questions from one side of a conversation and their answers from the other. */
export class DnsExchange {
  readonly #asked: Asked;
  readonly #onRecord: (record: DnsRecord) => void;
  readonly #open = new Map<string, Open>();
  readonly #answered = new Set<string>();

  constructor(asked: Asked, onRecord: (record: DnsRecord) => void) {
    this.#asked = asked;
    this.#onRecord = onRecord;
  }

  /** Takes questions. One that is open already was sent again: the first counts. */
  ask({ id, questions }: DnsMessage, timeMs: number): void {
    this.giveUp(timeMs);
    for (const question of questions) {
      const key = keyOf(id, question);
      this.#answered.delete(key);
      if (this.#open.has(key)) continue;
      this.#open.set(key, { id, question, timeMs });
      if (this.#open.size > maxOpen) this.#giveUpFirst();
    }
  }

  /** Takes an answer. One whose question was not seen is told of by itself, one that comes again is not. */
  answer(message: DnsMessage, timeMs: number): void {
    const { id, questions } = message;
    if (questions.length === 0) this.#answerById(message, timeMs);
    for (const question of questions) {
      const key = keyOf(id, question);
      const open = this.#open.get(key);
      if (open) this.#settle(key, open, message, timeMs);
      else if (!this.#answered.has(key)) {
        this.#remember(key);
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
    for (const [, { timeMs }] of this.#open) {
      if (nowMs - timeMs < remindAfterMs) return true;
      this.#giveUpFirst();
    }
    return false;
  }

  /** Tells of what was not answered. */
  end(): void {
    while (this.#open.size > 0) this.#giveUpFirst();
  }

  /** An error need not repeat the question. */
  #answerById(message: DnsMessage, timeMs: number): void {
    for (const [key, open] of this.#open) {
      if (open.id !== message.id) continue;
      this.#settle(key, open, message, timeMs);
      return;
    }
  }

  #settle(key: string, { id, question, timeMs: askedMs }: Open, message: DnsMessage, timeMs: number): void {
    this.#open.delete(key);
    this.#remember(key);
    this.#tell(id, question, message.rcode, message.answers, askedMs, timeMs - askedMs);
  }

  #remember(key: string): void {
    this.#answered.add(key);
    if (this.#answered.size <= maxAnswered) return;
    for (const first of this.#answered) {
      this.#answered.delete(first);
      return;
    }
  }

  #giveUpFirst(): void {
    for (const [key, { id, question, timeMs }] of this.#open) {
      this.#open.delete(key);
      this.#tell(id, question, null, [], timeMs, null);
      return;
    }
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
    this.#onRecord(this.#describe(id, name, nameOfType(type), rcode, answers, timeMs, durationMs));
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

/** Resolvers mix upper and lower case in the names they ask for; an answer need not keep it. */
function keyOf(id: number, { name, type }: DnsQuestion): string {
  return `${id} ${type} ${name.toLowerCase()}`;
}
