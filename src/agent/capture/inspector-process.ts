import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { backoffMs } from '../../base/backoff.ts';
import type { Reporter } from '../../platform/reporter.ts';
import type { PacketsAnswer, PacketsQuestion } from '../../wire/link.ts';
import {
  type FreezeQuestion,
  type InspectorConfig,
  type InspectorMessage,
  type InspectorQuestion,
  maxLineCharacters,
  readInspectorMessage,
} from './inspector-messages.ts';

/** An inspector that ran this long had started well, so the next wait is short again. */
const settledMs = 60_000;
const restart = { firstMs: 500, longestMs: 60_000 };
/** It says something every second; one that is silent for this long hangs. */
const silentMs = 20_000;
/** Longest wait for its last words. */
const stopMs = 1500;
/** Messages that wait for the next reading at most; further ones are counted. */
const maxWaiting = 200_000;

export interface InspectorCommand {
  /** Program and arguments that run an inspector. */
  readonly argv: readonly string[];
  readonly config: Omit<InspectorConfig, 'skip' | 'by'>;
  readonly env: NodeJS.ProcessEnv;
  /** Where it says why it broke; nowhere on a terminal that somebody draws on. */
  readonly stderr: 'inherit' | 'ignore';
}

/** Longest wait for an answer, and questions that may wait. */
const answerMs = 2000;
const maxQuestions = 8;
/** Longest wait for the next piece of a frozen file. */
const pieceMs = 5000;

/** What a frozen file has come to; `complete` is false when the inspector fell silent or too much of it came. */
export interface FrozenFile {
  readonly packets: number;
  readonly leftOut: number;
  readonly complete: boolean;
}

interface Freezing {
  readonly take: (message: Extract<InspectorMessage, { kind: 'frozen' }>) => void;
  readonly giveUp: () => void;
}

type Child = ChildProcessByStdio<Writable, Readable, null>;

/**
 * The process that reads packets. It gets the ring as descriptor 3 and nothing else; what it says is checked and waits
 * until it is taken. One that ends or hangs is started again after a growing wait.
 */
export class InspectorProcess {
  /** How often it ended by itself or had to be ended. */
  restarts = 0;
  /** Messages that were none, and those beyond what could wait. */
  refused = 0;
  overflowed = 0;
  readonly #command: InspectorCommand;
  readonly #ringFd: number;
  readonly #by: InspectorConfig['by'];
  readonly #reporter: Reporter;
  #child: Child | null = null;
  #waiting: InspectorMessage[] = [];
  readonly #questions = new Map<number, (answer: PacketsAnswer | null) => void>();
  readonly #freezing = new Map<number, Freezing>();
  #asked = 0;
  #rest = '';
  #ready = false;
  #failures = 0;
  #heardMs = 0;
  #stopping = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(command: InspectorCommand, ringFd: number, by: InspectorConfig['by'], reporter: Reporter) {
    this.#command = command;
    this.#by = by;
    this.#ringFd = ringFd;
    this.#reporter = reporter;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Whether one is at work. */
  get works(): boolean {
    return this.#ready;
  }

  start(): void {
    this.#spawn();
  }

  /** What it has said since the last call. */
  take(): readonly InspectorMessage[] {
    const now = performance.now();
    if (this.#child && now - this.#heardMs > silentMs) {
      this.#heardMs = now;
      this.#reporter.error('the inspector of packets hangs; it is ended');
      this.#child.kill('SIGKILL');
    }
    const messages = this.#waiting;
    if (messages.length > 0) this.#waiting = [];
    return messages;
  }

  /** The packets of a connection that it still has; null when it does not answer in time, or is asked too much. */
  async ask(question: PacketsQuestion): Promise<PacketsAnswer | null> {
    if (!this.#ready || this.#questions.size >= maxQuestions) return null;
    const { promise, resolve } = Promise.withResolvers<PacketsAnswer | null>();
    const ask = this.#asked++;
    this.#questions.set(ask, resolve);
    const timer = setTimeout(() => resolve(null), answerMs);
    this.#send({ kind: 'packets', ask, question });
    const answer = await promise;
    clearTimeout(timer);
    this.#questions.delete(ask);
    return answer;
  }

  /** Hands the packets asked for to `onPiece`, in parts of a capture file; null where no inspector is at work. */
  async freeze(question: FreezeQuestion, onPiece: (bytes: Buffer) => void): Promise<FrozenFile | null> {
    if (!this.#ready) return null;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const ask = this.#asked++;
    const sum = { packets: 0, leftOut: 0 };
    const timer = setTimeout(() => resolve(false), pieceMs);
    this.#freezing.set(ask, {
      take({ piece, packets, left_out, last }) {
        timer.refresh();
        sum.packets += packets;
        sum.leftOut += left_out;
        if (piece !== '') onPiece(Buffer.from(piece, 'base64'));
        if (last) resolve(true);
      },
      giveUp: () => resolve(false),
    });
    this.#send({ kind: 'freeze', ask, question });
    const complete = await promise;
    clearTimeout(timer);
    this.#freezing.delete(ask);
    return { ...sum, complete };
  }

  /** Ends it; what it still had to say can be taken afterwards. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (!child) return;
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    child.once('close', () => resolve());
    child.stdin.end();
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMs);
    await closed;
    clearTimeout(timer);
  }

  #spawn(): void {
    const started = performance.now();
    const { argv, config, env, stderr } = this.#command;
    const child = spawn(argv[0], argv.slice(1), {
      stdio: ['pipe', 'pipe', stderr, this.#ringFd],
      env,
      cwd: '/',
    }) as unknown as Child;
    this.#child = child;
    this.#heardMs = started;
    this.#rest = '';
    child.on('error', (error) => this.#reporter.error('unable to run the inspector of packets', { error }));
    child.stdin.on('error', () => {});
    child.stdin.write(
      `${JSON.stringify({ ...config, by: this.#by, skip: this.restarts > 0 } satisfies InspectorConfig)}\n`,
    );
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    child.once('close', (code, signal) => {
      this.#child = null;
      this.#ready = false;
      for (const resolve of this.#questions.values()) resolve(null);
      for (const { giveUp } of this.#freezing.values()) giveUp();
      if (this.#stopping) return;
      if (performance.now() - started > settledMs) this.#failures = 0;
      this.#restart(code === null ? String(signal) : `exit ${code}`);
    });
  }

  #send(question: InspectorQuestion): void {
    this.#child?.stdin.write(`${JSON.stringify(question)}\n`);
  }

  #restart(how: string): void {
    this.restarts++;
    const waitMs = backoffMs(this.#failures++, Math.random(), restart);
    this.#reporter.error('the inspector of packets ended; it is started again', { how, wait_ms: waitMs });
    this.#timer = setTimeout(() => this.#spawn(), waitMs);
  }

  #read(text: string): void {
    this.#heardMs = performance.now();
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > maxLineCharacters) {
      this.#rest = '';
      this.refused++;
    }
    for (const line of lines) this.#take(line);
  }

  #take(line: string): void {
    const message = readInspectorMessage(line);
    if (!message) this.refused++;
    else if (message.kind === 'packets') {
      const { kind, ask, ...answer } = message;
      this.#questions.get(ask)?.(answer);
    } else if (message.kind === 'frozen') this.#freezing.get(message.ask)?.take(message);
    else if (this.#waiting.length >= maxWaiting) this.overflowed++;
    else {
      if (message.kind === 'ready') this.#ready = true;
      this.#waiting.push(message);
    }
  }
}
