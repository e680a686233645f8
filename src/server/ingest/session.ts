import type { RawData, WebSocket } from 'ws';
import { describeError, NetmonError } from '../../base/errors.ts';
import { LifeSign } from '../../platform/life-sign.ts';
import { escapeUnsafe } from '../../platform/reporter.ts';
import type {
  AgentMessage,
  AlertKey,
  PacketsAnswer,
  PacketsQuestion,
  SavedPiece,
  ServerMessage,
} from '../../wire/link.ts';
import type { Order, OrderAnswer } from '../../wire/orders.ts';
import type { AlertSettings } from '../../wire/traffic-schema.ts';
import type { AgentRegistry, LinkedAgent, LinkFacts, LinkOrigin } from '../agents/registry.ts';
import type { Identities } from '../identities/identities.ts';
import type { AgentMirror } from '../live/agent-mirror.ts';
import type { AgentControl } from '../live/mirror.ts';
import { Lane } from './lane.ts';
import { LinkClock } from './link-clock.ts';
import { parseAgentMessage, type RecordsMessage } from './messages.ts';
import { OrderBook, type OrderSigner } from './order-book.ts';
import { Questions } from './questions.ts';
import { type IntakeParts, RecordIntake } from './record-intake.ts';
import { showAlerts } from './shown-alerts.ts';
import type { StoreGuard } from './store-guard.ts';
import { Syncs } from './syncs.ts';

/** An agent says hello within this time. */
const helloMs = 5_000;
/** Frames that may wait for the store; more stay in the socket, and so with the agent. */
const maxWaiting = 8;
/** What may wait to be sent to an agent; of orders alone less is under way. */
const maxBufferedBytes = 8 * 1024 * 1024;
/** Orders wait this long for the first frame, which tells what time it is at the agent. */
const firstFrameMs = 3_000;

export interface SessionParts extends IntakeParts {
  /** Where the session is known by its agent's name while it lasts. */
  readonly agents?: AgentRegistry;
  /** Who may call itself what. */
  readonly identities?: Pick<Identities, 'admit' | 'renew' | 'revokedConsoles'>;
  /** Signs orders, where agents are enrolled. */
  readonly sign?: OrderSigner;
}

/** What is particular to one session. */
export interface SessionTerms {
  readonly origin: LinkOrigin;
  readonly guard: StoreGuard;
  /** Length of records that the agent may have under way, as things are now. */
  readonly credit: () => number;
}

type Hello = Extract<AgentMessage, { kind: 'hello' }>;
type LiveMessage = Extract<AgentMessage, { kind: 'live' }>;

/** The server's end of one agent's link. Whatever the agent sends, nothing but its own connection is the worse for it. */
export class AgentSession implements AgentControl, LinkedAgent {
  readonly #socket: WebSocket;
  readonly #lifeSign: LifeSign;
  readonly #parts: SessionParts;
  readonly #terms: SessionTerms;
  readonly #intake: RecordIntake;
  readonly #clock = new LinkClock();
  #orders: OrderBook | null = null;
  #spool: LinkFacts['spool'] = null;
  #orderTimer: NodeJS.Timeout | undefined;
  readonly #records = new Lane((thrown) => this.#fail(thrown));
  readonly #live = new Lane((thrown) => this.#fail(thrown));
  readonly #syncs = new Syncs((sync) => {
    this.#clock.asked(sync);
    this.#send({ kind: 'sync', sync });
  });
  #hello: Hello | null = null;
  /** Whether a hello came; the agent is not let in yet while another connection of its name is asked. */
  #isGreeted = false;
  /** Of the records that come. */
  #epoch = '';
  #agent: AgentMirror | null = null;
  readonly #questions = new Questions((question) => this.#send(question));
  #ended = false;
  #endReason: string | null = null;
  #heard = true;
  /** One certificate a link: with the new one the agent makes another link. */
  #isRenewing = false;
  readonly #helloTimer: NodeJS.Timeout;

  constructor(socket: WebSocket, parts: SessionParts, terms: SessionTerms) {
    this.#socket = socket;
    this.#lifeSign = new LifeSign(socket);
    this.#parts = parts;
    this.#terms = terms;
    this.#intake = new RecordIntake(parts, terms.guard, terms.credit);
    this.#helloTimer = setTimeout(() => this.#refuse('NM_TIMEOUT', 'no hello came'), helloMs);
    socket.on('message', (data, binary) => this.#onMessage(data, binary));
    socket.on('pong', () => {
      this.#heard = true;
    });
    socket.on('error', (error) => parts.reporter.warn('an agent sent what is no WebSocket', { error }));
    socket.on('close', () => this.#end('the connection was closed'));
  }

  get hello(): Hello {
    return this.#hello!;
  }

  /** The name that the agent gave; null before it did. */
  get agentName(): string | null {
    return this.#hello?.agent ?? null;
  }

  /** Whether the agent was let in and is there still. */
  get isWelcomed(): boolean {
    return this.#agent !== null && this.#intake.isOpen;
  }

  /** Why the session ended; null while it lasts. */
  get endReason(): string | null {
    return this.#endReason;
  }

  get origin(): LinkOrigin {
    return this.#terms.origin;
  }

  facts(): LinkFacts {
    return { lagMs: this.#clock.lagMs, clockOffsetMs: this.#clock.offsetMs, spool: this.#spool };
  }

  order(order: Order): Promise<OrderAnswer> {
    return this.#orders!.give(order);
  }

  refuse(code: string, reason: string): void {
    this.#refuse(code, reason);
  }

  tellRevoked(): void {
    const { identities } = this.#parts;
    if (this.origin.identity && identities)
      this.#send({ kind: 'revoked', serials: identities.revokedConsoles() });
  }

  /** Whether anything came since the last call; asks for a sign of life for the next. */
  checkAlive(): void {
    if (!this.#heard && !this.#socket.isPaused) {
      this.cut('the agent has fallen silent');
      return;
    }
    if (this.#hello && !this.#isAdmitted(this.#hello.agent)) return;
    this.#heard = false;
    this.#socket.ping();
    if (this.#agent) void this.sync();
  }

  isAlive(): Promise<boolean> {
    return this.#lifeSign.ask();
  }

  cut(reason: string): void {
    this.#end(reason);
    this.#socket.terminate();
  }

  close(): void {
    this.#socket.close(1001, 'the server stops');
    this.#end('the server stopped');
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** Resolves when all records that came are committed or given up. */
  async settle(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#records.push(() => {
        resolve();
        return null;
      });
      if (this.#ended) resolve();
    });
  }

  pace(intervalMs: number): void {
    this.#send({ kind: 'pace', live_interval_ms: intervalMs });
  }

  sync(): Promise<void> {
    return this.#syncs.ask();
  }

  packets(question: PacketsQuestion): Promise<PacketsAnswer | null> {
    return this.#questions.packets(question);
  }

  savedPackets(alert: AlertKey, offset: number): Promise<SavedPiece | null> {
    return this.#questions.savedPackets(alert, offset);
  }

  configure(alerts: AlertSettings): void {
    this.#send({ kind: 'settings', alerts });
  }

  #onMessage(data: RawData, binary: boolean): void {
    if (this.#ended) return;
    this.#heard = true;
    try {
      if (binary) throw new NetmonError('NM_VALIDATION', 'a frame is binary; the link is text');
      const text = String(data);
      this.#handle(parseAgentMessage(text), text.length);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  #handle(message: AgentMessage, length: number): void {
    if (message.kind === 'hello') {
      this.#onHello(message);
      return;
    }
    if (!this.#hello) {
      // Before it is let in it has nothing to say.
      if (this.#isGreeted) return;
      throw new NetmonError('NM_VALIDATION', 'kind: hello comes first');
    }
    if (message.kind === 'packets' || message.kind === 'saved_packets') this.#questions.answer(message);
    else if (message.kind === 'live') {
      this.#clock.arrived(message.at, message.sync);
      if (this.#clock.isRough) void this.sync();
      this.#orders?.open();
      this.#live.push(() => this.#onLive(message));
    } else if (message.kind === 'records') this.#onRecords(message, this.#hello.agent, length);
    else if (message.kind === 'epoch') this.#onEpoch(message.epoch, this.#hello.agent);
    else if (message.kind === 'answer') this.#orders?.answer(message);
    else this.#renew(message.csr);
    if (this.#records.length + this.#live.length > maxWaiting) this.#socket.pause();
  }

  #onHello(hello: Hello): void {
    if (this.#isGreeted) throw new NetmonError('NM_VALIDATION', 'kind: hello came twice');
    if (escapeUnsafe(hello.agent) !== hello.agent) {
      throw new NetmonError('NM_VALIDATION', 'agent: control characters in a name');
    }
    const { identity } = this.#terms.origin;
    if (identity && identity.agent !== hello.agent) {
      throw new NetmonError('NM_FORBIDDEN', `agent: the certificate is that of ${identity.agent}`);
    }
    this.#parts.identities?.admit(hello.agent, this.origin);
    clearTimeout(this.#helloTimer);
    this.#isGreeted = true;
    const holder = this.#parts.mirror.holder(hello.agent);
    if (holder) this.#takeOver(holder, hello).catch((thrown: unknown) => this.#fail(thrown));
    else this.#join(hello);
  }

  /** Another connection is that agent's: asks whether it is there still. Mostly it is one that broke unnoticed. */
  async #takeOver(holder: AgentControl, hello: Hello): Promise<void> {
    if (!(await holder.isAlive())) holder.cut('the agent has fallen silent, and came by another connection');
    if (!this.#ended) this.#join(hello);
  }

  /** Throws NM_CONFLICT where the agent of that name is connected. */
  #join(hello: Hello): void {
    this.#agent = this.#parts.mirror.connect(hello, this);
    if (!this.#agent) {
      this.#flagTwin(hello);
      throw new NetmonError('NM_CONFLICT', `an agent named ${hello.agent} is connected already`);
    }
    this.#hello = hello;
    this.#epoch = hello.epoch;
    this.#orders = new OrderBook({
      agent: hello.agent,
      send: (message) => this.#send(message),
      now: () => this.#clock.agentNow(),
      ...(this.#parts.sign && { sign: this.#parts.sign }),
    });
    this.#records.push(() => this.#welcome(hello));
  }

  /** Whether the certificate is good still; otherwise the link has been ended. */
  #isAdmitted(agent: string): boolean {
    try {
      this.#parts.identities?.admit(agent, this.origin);
      return true;
    } catch (thrown) {
      this.#fail(thrown);
      return false;
    }
  }

  /** Two that show one identity at once are a machine and its copy. */
  #flagTwin({ agent }: Hello): void {
    const { agents, reporter } = this.#parts;
    if (!this.origin.identity) return;
    const held = agents?.get(agent)?.origin.address ?? null;
    reporter.error('audit: one identity in two places, a copied machine perhaps', {
      agent,
      from: this.origin.address,
      linked_from: held,
    });
    reporter.metrics
      .counter(
        'netmon_identity_twins_total',
        'Links refused because the same identity was linked from elsewhere.',
      )
      .add();
  }

  async #welcome(hello: Hello): Promise<void> {
    const committed = await this.#parts.store.committedSeq(hello.agent, hello.epoch);
    this.#intake.begin(committed);
    if (this.#ended) return;
    // It may have been revoked since the hello.
    this.#parts.identities?.admit(hello.agent, this.origin);
    const live_interval_ms = this.#parts.mirror.intervalMs;
    this.#send({ kind: 'welcome', committed, live_interval_ms, credit: this.#intake.grant() });
    void this.sync();
    this.#orderTimer = setTimeout(() => this.#orders?.open(), firstFrameMs);
    this.tellRevoked();
    this.#parts.agents?.add(this);
    this.#parts.monitors?.connected(hello.agent, hello.monitors_revision ?? null);
    this.configure(await this.#parts.store.readAlertSettings());
    await showAlerts(this.#parts);
    this.#parts.reporter.info('an agent is linked', { agent: hello.agent, version: hello.version });
  }

  /** Answers with a certificate for a new key of the agent that this link is with. */
  #renew(csr: string): void {
    const { identity } = this.origin;
    const { identities } = this.#parts;
    if (!identity || !identities || this.#isRenewing) {
      throw new NetmonError('NM_VALIDATION', 'kind: renew is for a link by certificate, once');
    }
    this.#isRenewing = true;
    identities
      .renew(identity, csr)
      .then((issued) => this.#send({ kind: 'certificate', ...issued }))
      .catch((thrown: unknown) => this.#fail(thrown));
  }

  #onLive(frame: LiveMessage): Promise<void> | null {
    const wait = this.#parts.mirror.ids.ensure(frame.opened.length + frame.revised.length);
    if (wait) return wait.then(() => this.#apply(frame));
    this.#apply(frame);
    return null;
  }

  #apply(frame: LiveMessage): void {
    if (this.#agent) this.#parts.mirror.apply(this.#agent, frame);
    if (frame.spool) this.#spool = frame.spool;
    if (frame.sync !== undefined) this.#syncs.answer(frame.sync);
    this.#resume();
  }

  /** What follows is of another epoch. */
  #onEpoch(epoch: string, agent: string): void {
    this.#records.push(async () => {
      const committed = await this.#parts.store.committedSeq(agent, epoch);
      this.#intake.begin(committed);
      this.#epoch = epoch;
      this.#send({ kind: 'epoch', epoch, committed });
      this.#resume();
    });
  }

  #onRecords(message: RecordsMessage, agent: string, length: number): void {
    const epoch = this.#epoch;
    this.#intake.admit(message, { epoch }, length);
    const clockOffsetMs = (): number | null => this.#clock.offsetMs;
    const source = { agent, epoch, mirror: () => this.#agent, clockOffsetMs };
    this.#records.push(async () => {
      this.#send(await this.#intake.commit(message, source, length));
      this.#resume();
    });
  }

  #resume(): void {
    if (this.#socket.isPaused && !this.#ended) this.#socket.resume();
  }

  #send(message: ServerMessage): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount <= maxBufferedBytes) {
      this.#socket.send(JSON.stringify(message));
      return;
    }
    this.#parts.reporter.warn('cut an agent off that takes nothing', { agent: this.agentName });
    this.#socket.terminate();
    this.#end('the agent took nothing of what it was sent');
  }

  #fail(thrown: unknown): void {
    if (this.#ended) return;
    if (thrown instanceof NetmonError && thrown.code !== 'NM_STORE') {
      this.#refuse(thrown.code, thrown.message);
      return;
    }
    this.#parts.reporter.error('unable to take in what an agent sent', { error: thrown });
    this.#socket.close(1013, describeError(thrown).slice(0, 100));
    this.#end(describeError(thrown));
  }

  #refuse(code: string, message: string): void {
    const agent = this.#hello?.agent;
    this.#parts.reporter.warn('refused an agent', { agent, code, reason: message });
    this.#parts.reporter.metrics
      .counter('netmon_agents_refused_total', 'Links closed because of what the agent sent.', ['code'])
      .add(1, code);
    this.#send({ kind: 'refused', code, message: message.slice(0, 512) });
    this.#socket.close(1008, code);
    this.#end(message);
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#endReason = reason;
    clearTimeout(this.#helloTimer);
    clearTimeout(this.#orderTimer);
    this.#orders?.end();
    this.#syncs.end();
    this.#questions.end();
    if (this.#agent) {
      this.#parts.mirror.disconnect(this.#agent);
      if (this.#parts.agents?.get(this.hello.agent) === this) {
        this.#parts.agents.remove(this, reason);
        this.#parts.monitors?.disconnected(this.hello.agent);
      }
    }
    this.#agent = null;
    if (this.#socket.isPaused) this.#socket.resume();
  }
}
