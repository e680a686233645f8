import type { WebSocket } from 'ws';
import { describeError } from '../../base/errors.ts';
import { LifeSign } from '../../platform/life-sign.ts';
import {
  type PacketsAnswer,
  type SavedPiece,
  type ServerMessage,
  serverMessageSchema,
} from '../../wire/link.ts';
import type { OrderMessage } from '../../wire/orders.ts';
import type { IdentityKeeper } from '../identity/keeper.ts';
import { Renewal } from '../identity/renewal.ts';
import type { OrderDesk } from '../orders/desk.ts';
import { cleanFrame, cleanSensors } from './clean.ts';
import { encodeLive } from './frames.ts';
import type { LiveSource, SourceFrame } from './source.ts';
import { maxBatchLength, type Spool } from './spool.ts';
import { withSpoolSensor } from './spool-sensor.ts';

/** Frames of durable records that may be on their way without an acknowledgement, however much credit there is. */
const maxFramesUnderway = 4;
/** Questions for packets that are answered at once, and answers of any kind that may wait to be sent. */
const maxQuestions = 32;
const maxBufferedAnswers = 32 * 1024 * 1024;
/** The spool's size is told at most this often: a frame that has it costs a server more than one without. */
const spoolToldMs = 1_000;
/** A server says welcome within this time. */
const welcomeMs = 15_000;
/** A live frame is left out, and its changes go into a later one, while more than this waits to be sent. */
const maxBufferedBytes = 1024 * 1024;
/** A ping goes out, or the connection counts as dead when the last one was not answered, after this long. */
const livenessMs = 10_000;
/** A reading this much before a frame is due is sent at once rather than with the next one. */
const earlyMs = 30;

export interface Hello {
  readonly agent: string;
  readonly version: string;
  readonly kernel: string;
  readonly os: string;
}

const noPackets: PacketsAnswer = {
  packets: [],
  left_out: 0,
  pcapng: '',
  reason: 'this agent keeps no packets',
};

interface Answers {
  readonly packets: PacketsAnswer;
  readonly saved_packets: SavedPiece;
}
const noneSaved: SavedPiece = { size: 0, piece: '', reason: 'this agent saves no packets' };

/** What one connection reports to the link that made it. */
export interface SessionEvents {
  welcomed(): void;
  /** The server has committed more. */
  acknowledged(): void;
  /** The server's reason for turning this agent away. */
  refused(code: string, message: string): void;
  /** Parts of a live frame were left out, because no server would take them. */
  cleaned(dropped: number, problem: string): void;
  /** The agent has a new certificate, for which the link is to be made again. */
  renewed(): void;
  /** A message that keeps to no rule, or a failure of the spool; the session has ended the connection. */
  broken(reason: string): void;
}

export interface SessionParts {
  readonly source: LiveSource;
  readonly spool: Spool;
  /** Whether nothing is sent that a server would refuse. */
  readonly strict: boolean;
  /** Is renewed over this link; absent where the link is not over TLS. */
  readonly identity?: IdentityKeeper;
  /** Takes orders; without one they are left unanswered. */
  readonly orders?: OrderDesk;
  /** Whom the connection is with, for the log. */
  readonly from: string;
  /** Of the set of monitors that the agent has of its server; null for none. */
  readonly monitorsRevision?: () => number | null;
}

/** One connection to a server, from `hello` until the socket closes. */
export class LinkSession {
  readonly #socket: WebSocket;
  readonly #lifeSign: LifeSign;
  readonly #parts: SessionParts;
  readonly #source: LiveSource;
  readonly #spool: Spool;
  readonly #events: SessionEvents;
  /** Each frame of records under way: its last number, and its length. */
  readonly #underway: { readonly last: number; readonly length: number }[] = [];
  #underwayLength = 0;
  /** What `#underwayLength` may be, as the server said last. */
  #credit = Number.POSITIVE_INFINITY;
  #questions = 0;
  #toldSpool = '';
  #toldProblem: string | null;
  #toldSpoolAt = Number.NEGATIVE_INFINITY;
  #welcomed = false;
  #next = 0;
  /** The epoch that the server was told of, and whether it has said what it has committed of it. */
  #epoch: string;
  #isEpochKnown = false;
  #intervalMs = 0;
  #sentLiveAt = Number.NEGATIVE_INFINITY;
  /** Whether more frames follow as soon as the network has taken the last one. */
  #following = false;
  /** The last `sync` that no frame has answered. */
  #asked: number | undefined;
  #answered = true;
  #renewal: Renewal | null = null;
  #liveTimer: NodeJS.Timeout | undefined;
  readonly #pingTimer: NodeJS.Timeout;
  readonly #welcomeTimer: NodeJS.Timeout;

  /** Takes over an open socket and says `hello`. */
  constructor(socket: WebSocket, hello: Hello, parts: SessionParts, events: SessionEvents) {
    const { source, spool, strict, monitorsRevision } = parts;
    this.#socket = socket;
    this.#lifeSign = new LifeSign(socket);
    this.#parts = parts;
    this.#source = source;
    this.#spool = spool;
    this.#events = events;
    this.#epoch = spool.epoch;
    socket.on('message', (data, binary) => this.#onMessage(binary ? '' : String(data)));
    socket.on('pong', () => {
      this.#answered = true;
    });
    this.#pingTimer = setInterval(() => this.#checkLiveness(), livenessMs);
    this.#welcomeTimer = setTimeout(() => this.#break('the server did not say welcome'), welcomeMs);
    this.#toldProblem = spool.problem;
    const own = strict ? cleanSensors(source.sensors()) : source.sensors();
    const sensors = withSpoolSensor(own, this.#toldProblem);
    const monitors_revision = monitorsRevision?.() ?? undefined;
    socket.send(JSON.stringify({ kind: 'hello', ...hello, epoch: this.#epoch, sensors, monitors_revision }));
  }

  get welcomed(): boolean {
    return this.#welcomed;
  }

  /** Whether everything in the spool's file is with the server for good. */
  get drained(): boolean {
    return this.#spool.drained;
  }

  /** Whether the server is there still, by a sign of life within two seconds. */
  isAlive(): Promise<boolean> {
    return this.#lifeSign.ask();
  }

  /** To be called when the socket has closed. */
  end(): void {
    clearInterval(this.#pingTimer);
    clearTimeout(this.#welcomeTimer);
    clearTimeout(this.#liveTimer);
    this.#renewal?.end();
    this.#welcomed = false;
  }

  /** Sends what the spool holds and has not been sent on this connection, as far as window and credit allow. */
  sendRecords(): void {
    if (!this.#welcomed || !this.#isEpochKnown) return;
    if (this.#spool.epoch !== this.#epoch) this.#changeEpoch();
    while (
      this.#isEpochKnown &&
      this.#underway.length < maxFramesUnderway &&
      this.#next <= this.#spool.last
    ) {
      const idle = this.#underway.length === 0;
      const room = Math.min(maxBatchLength, this.#credit - this.#underwayLength);
      if (room <= 0 && !idle) return;
      const batch = this.#spool.read(this.#next, Math.max(0, room));
      // A record that is longer than the credit goes alone.
      if (!batch || (batch.text.length > room && !idle)) return;
      this.#spool.markSent(batch.last);
      this.#next = batch.last + 1;
      this.#underway.push({ last: batch.last, length: batch.text.length });
      this.#underwayLength += batch.text.length;
      this.#socket.send(
        `{"kind":"records","epoch":${JSON.stringify(this.#epoch)},"first":${batch.first},"records":${batch.text}}`,
      );
    }
  }

  /** A reading was taken: sends a frame when one is due. */
  onReading(): void {
    if (this.#welcomed && performance.now() - this.#sentLiveAt >= this.#intervalMs - earlyMs)
      this.#sendLive(false);
  }

  #onMessage(text: string): void {
    this.#answered = true;
    try {
      this.#handle(parseServerMessage(text));
    } catch (thrown) {
      this.#break(describeError(thrown));
    }
  }

  /** Throws what ends the connection. */
  #handle(message: ServerMessage): void {
    switch (message.kind) {
      case 'welcome':
        this.#grant(message.credit);
        this.#onWelcome(message.committed, message.live_interval_ms);
        break;
      case 'ack':
        this.#grant(message.credit);
        this.#onAck(message.epoch, message.seq);
        break;
      case 'epoch':
        this.#onEpoch(message.epoch, message.committed);
        break;
      case 'pace':
        this.#setPace(message.live_interval_ms);
        break;
      case 'sync':
        this.#asked = message.sync;
        if (this.#welcomed) this.#sendLive(false);
        break;
      case 'settings':
        this.#source.configure?.(message.alerts);
        break;
      case 'revoked':
        this.#parts.identity?.shutOut(message.serials);
        break;
      case 'packets':
        this.#reply(message.ask, 'packets', this.#source.packets?.(message) ?? noPackets);
        break;
      case 'saved_packets':
        this.#reply(
          message.ask,
          'saved_packets',
          this.#source.savedPackets?.(message.alert, message.offset) ?? noneSaved,
        );
        break;
      case 'refused':
        this.#events.refused(message.code, message.message);
        break;
      case 'order':
        this.#takeOrder(message).catch((thrown: unknown) => this.#break(describeError(thrown)));
        break;
      case 'certificate':
        if (!this.#renewal) throw new Error('the server sent a certificate that was not asked for');
        this.#renewal.take(message);
        this.#events.renewed();
        break;
    }
  }

  /** Sends what a question led to, under the question's number. */
  #reply<Kind extends 'packets' | 'saved_packets'>(
    ask: number,
    kind: Kind,
    answer: Answers[Kind] | Promise<Answers[Kind]>,
  ): void {
    if (this.#questions >= maxQuestions) throw new Error('the server asks for more packets than it may');
    this.#questions++;
    Promise.resolve(answer)
      .then((found) => this.#answer(JSON.stringify({ kind, ask, ...found })))
      .catch((thrown: unknown) => this.#break(describeError(thrown)))
      .finally(() => {
        this.#questions--;
      });
  }

  async #takeOrder(message: OrderMessage): Promise<void> {
    const { orders, from } = this.#parts;
    const answer = await orders?.take(message, { owner: 'server', from });
    if (answer) this.#answer(answer);
  }

  #answer(text: string): void {
    if (!this.#welcomed) return;
    if (this.#socket.bufferedAmount > maxBufferedAnswers) this.#break('the server takes no answers');
    else this.#socket.send(text);
  }

  #grant(credit: number | undefined): void {
    if (credit !== undefined) this.#credit = credit;
  }

  #onWelcome(committed: number, intervalMs: number): void {
    if (this.#welcomed) throw new Error('the server said welcome twice');
    this.#goOn(committed);
    clearTimeout(this.#welcomeTimer);
    this.#welcomed = true;
    this.#events.welcomed();
    this.#sendLive(true);
    this.#setPace(intervalMs);
    this.sendRecords();
    this.#renewInTime();
  }

  /** Goes on after the last record of the epoch that the server has. */
  #goOn(committed: number): void {
    if (this.#spool.epoch !== this.#epoch) {
      // It was full meanwhile, and all that it had of the epoch has given way.
      this.#changeEpoch();
      return;
    }
    if (!this.#spool.agree(committed)) {
      throw new Error('spool and server differ on what was committed; a new epoch begins');
    }
    this.#next = this.#spool.acknowledged + 1;
    this.#isEpochKnown = true;
  }

  /** All of an epoch is acknowledged: asks what the server has of the next one. */
  #changeEpoch(): void {
    this.#epoch = this.#spool.epoch;
    this.#isEpochKnown = false;
    this.#socket.send(JSON.stringify({ kind: 'epoch', epoch: this.#epoch }));
  }

  #onEpoch(epoch: string, committed: number): void {
    if (!this.#welcomed || this.#isEpochKnown || epoch !== this.#epoch) {
      throw new Error('the server spoke of an epoch that it was not asked about');
    }
    this.#goOn(committed);
    this.sendRecords();
  }

  #renewInTime(): void {
    const { identity } = this.#parts;
    if (!identity) return;
    this.#renewal = new Renewal(
      identity,
      (csr) => this.#socket.send(JSON.stringify({ kind: 'renew', csr })),
      (thrown) => this.#break(describeError(thrown)),
    );
  }

  #onAck(epoch: string, seq: number): void {
    const isAwaited = this.#underway.length > 0 && epoch === this.#epoch;
    if (!isAwaited || !this.#spool.acknowledge(seq)) {
      throw new Error('the server acknowledged what it was not sent');
    }
    while (this.#underway.length > 0 && this.#underway[0].last <= seq) {
      this.#underwayLength -= this.#underway.shift()!.length;
    }
    this.sendRecords();
    this.#events.acknowledged();
  }

  #setPace(intervalMs: number): void {
    this.#intervalMs = intervalMs;
    if (this.#source.onReading) {
      this.onReading();
      return;
    }
    clearTimeout(this.#liveTimer);
    const dueMs = this.#sentLiveAt + intervalMs - performance.now();
    this.#liveTimer = setTimeout(() => this.#onLiveTimer(), Math.max(0, dueMs));
  }

  #onLiveTimer(): void {
    this.#sendLive(false);
    this.#liveTimer = setTimeout(() => this.#onLiveTimer(), this.#intervalMs);
  }

  #sendLive(full: boolean): void {
    if (this.#socket.bufferedAmount > maxBufferedBytes && !full) return;
    this.#sentLiveAt = performance.now();
    const frame = this.#source.takeFrame(full);
    const more = this.#source.hasMore?.() ?? false;
    const told = this.#withSpool(this.#parts.strict ? this.#clean(frame) : frame);
    const texts = encodeLive(told, more ? undefined : this.#asked);
    if (!more) this.#asked = undefined;
    const last = texts.pop()!;
    for (const text of texts) this.#socket.send(text);
    if (!more || this.#following) {
      this.#socket.send(last);
      return;
    }
    this.#following = true;
    this.#socket.send(last, () => this.#follow());
  }

  /** What the last frame could not hold. One frame at a time is under way, so that neither end holds all at once. */
  #follow(): void {
    this.#following = false;
    if (this.#welcomed && this.#source.hasMore?.()) this.#sendLive(false);
  }

  /** Adds how full the spool is, when that is not what was told last. */
  #withSpool(raw: SourceFrame): SourceFrame {
    const frame = this.#withProblem(raw);
    const spool = { ...this.#spool.size, lost: this.#spool.lost };
    const text = Object.values(spool).join();
    const now = performance.now();
    if (text === this.#toldSpool || now - this.#toldSpoolAt < spoolToldMs) return frame;
    this.#toldSpool = text;
    this.#toldSpoolAt = now;
    return { ...frame, spool };
  }

  /** Adds what is wrong with the spool to the sensors, when they or that changed. */
  #withProblem(frame: SourceFrame): SourceFrame {
    const { problem } = this.#spool;
    if (problem === this.#toldProblem && (!frame.sensors || problem === null)) return frame;
    this.#toldProblem = problem;
    const sensors = frame.sensors ?? this.#source.sensors();
    return { ...frame, sensors: withSpoolSensor(sensors, problem) };
  }

  #clean(raw: SourceFrame): SourceFrame {
    const { frame, dropped, problem } = cleanFrame(raw);
    if (problem !== null) this.#events.cleaned(dropped, problem);
    return frame;
  }

  #checkLiveness(): void {
    if (this.#answered) this.#socket.ping();
    else this.#break('the server has fallen silent');
    this.#answered = false;
  }

  #break(reason: string): void {
    this.#socket.terminate();
    this.#events.broken(reason);
  }
}

function parseServerMessage(text: string): ServerMessage {
  try {
    return serverMessageSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error('the server sent a message that is none of the protocol', { cause });
  }
}
