import type {
  AgentMessage,
  AlertKey,
  PacketsAnswer,
  PacketsQuestion,
  SavedPiece,
  ServerMessage,
} from '../../wire/link.ts';

/** Longest wait for an agent's packets, and questions that may wait. */
const answerMs = 3_000;
const maxQuestions = 8;

export type Answer = Extract<AgentMessage, { kind: 'packets' | 'saved_packets' }>;
type Question = Extract<ServerMessage, { kind: Answer['kind'] }>;

/** What an agent was asked for packets, and what it answers. */
export class Questions {
  readonly #send: (question: Question) => void;
  readonly #waiting = new Map<number, (answer: Answer | null) => void>();
  #next = 1;

  constructor(send: (question: Question) => void) {
    this.#send = send;
  }

  /** The agent's packets of a connection; null when it does not answer in time. */
  async packets(question: PacketsQuestion): Promise<PacketsAnswer | null> {
    const answer = await this.#ask({ kind: 'packets', ask: this.#next++, ...question });
    return answer?.kind === 'packets' ? answer : null;
  }

  /** A piece of the packets that the agent saved at an alert; null when it does not answer in time. */
  async savedPackets(alert: AlertKey, offset: number): Promise<SavedPiece | null> {
    const answer = await this.#ask({ kind: 'saved_packets', ask: this.#next++, alert, offset });
    return answer?.kind === 'saved_packets' ? answer : null;
  }

  /** Takes an answer; one to nothing that waits is let go. */
  answer(answer: Answer): void {
    this.#waiting.get(answer.ask)?.(answer);
  }

  /** Nothing will be answered any more. */
  end(): void {
    for (const resolve of this.#waiting.values()) resolve(null);
  }

  async #ask(question: Question): Promise<Answer | null> {
    if (this.#waiting.size >= maxQuestions) return null;
    const { promise, resolve } = Promise.withResolvers<Answer | null>();
    this.#waiting.set(question.ask, resolve);
    const timer = setTimeout(() => resolve(null), answerMs);
    this.#send(question);
    const answer = await promise;
    clearTimeout(timer);
    this.#waiting.delete(question.ask);
    return answer;
  }
}
