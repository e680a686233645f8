import type { ApplicationRecord } from '../../wire/traffic.ts';
import { copyBytes } from '../packet/bytes.ts';
import type { HeldBytes, Holder } from './held-bytes.ts';
import type { AppParser, AppProtocol, Conversation, DecodeSettings, Rest, Sample } from './protocol.ts';
import type { Reminders } from './reminders.ts';

/** Of both sides, kept while the protocol is not known. */
const maxKeptBytes = 16 * 1024;
/**
 * A conversation is given up after so many pieces of payload that no protocol begins with: fewer where its beginning was
 * seen, since in others the next message may be the first to be recognised; or when it is not settled after so many
 * pieces at all, be they of a byte each.
 */
const maxStrangePieces = 8;
const maxStrangeInTheMiddle = 32;
const maxPieces = 256;
/** Times that a conversation is recognised anew: a proxy, a tunnel, TLS, each inside the one before. */
const maxRestarts = 8;

/** What a dialogue needs of the flow it belongs to. */
export interface DialogueFlow {
  readonly transport: 'tcp' | 'udp' | null;
  readonly src: string;
  readonly dst: string;
  readonly clientPort: number;
  readonly serverPort: number;
}

/** Shared by all conversations. */
export interface DialogueDeps<F extends DialogueFlow> {
  readonly settings: DecodeSettings;
  readonly reminders: Reminders;
  readonly held: HeldBytes;
  /** The protocols to ask, those with the port first. */
  candidates(transport: 'tcp' | 'udp', clientPort: number, serverPort: number): readonly AppProtocol[];
  onRecord(record: ApplicationRecord, flow: F): void;
  onApplication(application: string, flow: F): void;
  onMalformed(): void;
}

interface Kept {
  readonly fromClient: boolean;
  readonly bytes: Uint8Array;
  readonly timeMs: number;
}

const none: readonly Kept[] = [];

/** The payload of a flow: which application it is of, and the parser that reads it. */
export class Dialogue<F extends DialogueFlow = DialogueFlow> implements Conversation, Holder {
  readonly transport: 'tcp' | 'udp';
  application: string | null = null;
  securedName: string | null = null;
  readonly #flow: F;
  readonly #deps: DialogueDeps<F>;
  #parser: AppParser | null = null;
  #settled = false;
  #kept: readonly Kept[] = none;
  #keptBytes = 0;
  /** As it was last told of. */
  #heldBytes = 0;
  readonly #maxStrange: number;
  #looks = 0;
  #strange = 0;
  #restarts = 0;
  #isToBeReminded = false;
  /** Whether the next bytes of client and server are their first. */
  #clientBegins: boolean;
  #serverBegins: boolean;

  constructor(flow: F, fromStart: boolean, deps: DialogueDeps<F>) {
    this.#flow = flow;
    this.#deps = deps;
    this.transport = flow.transport ?? 'udp';
    this.#clientBegins = fromStart;
    this.#serverBegins = fromStart;
    this.#maxStrange = fromStart && this.transport === 'tcp' ? maxStrangePieces : maxStrangeInTheMiddle;
  }

  get src(): string {
    return this.#flow.src;
  }
  get dst(): string {
    return this.#flow.dst;
  }
  get clientPort(): number {
    return this.#flow.clientPort;
  }
  get serverPort(): number {
    return this.#flow.serverPort;
  }
  get settings(): DecodeSettings {
    return this.#deps.settings;
  }

  data(fromClient: boolean, bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    if (this.#parser) this.#parser.data(fromClient, bytes, start, end, timeMs);
    else if (!this.#settled) this.#look(fromClient, bytes, start, end, timeMs);
    else return;
    this.#weigh();
    this.#deps.held.relieve(timeMs);
  }

  gap(fromClient: boolean, length: number, timeMs: number): void {
    if (this.#parser) this.#parser.gap(fromClient, length, timeMs);
    else if (!this.#settled) this.#forget(fromClient);
  }

  sideEnded(fromClient: boolean, timeMs: number): void {
    this.#parser?.sideEnded?.(fromClient, timeMs);
  }

  end(timeMs: number): void {
    this.#parser?.end(timeMs);
    this.#parser = null;
    this.#settled = true;
    this.#keepOnly(none);
    this.#weigh();
  }

  /** What follows is recognised anew, from the middle. */
  giveUp(timeMs: number): void {
    this.#parser?.end(timeMs);
    this.#parser = null;
    this.#keepOnly(none);
    this.#heldBytes = 0;
    this.#settled = false;
    this.#looks = 0;
    this.#strange = 0;
    this.#clientBegins = false;
    this.#serverBegins = false;
  }

  emit(record: ApplicationRecord): void {
    this.#deps.onRecord(record, this.#flow);
  }

  rename(application: string): void {
    if (this.application === application) return;
    this.application = application;
    this.#deps.onApplication(application, this.#flow);
  }

  remind(timeMs: number): void {
    if (!this.#isToBeReminded) this.#isToBeReminded = this.#deps.reminders.add(this, timeMs);
  }

  reminded(timeMs: number): void {
    this.#isToBeReminded = false;
    this.#parser?.reminded?.(timeMs);
    this.#weigh();
  }

  malformed(): void {
    this.#deps.onMalformed();
  }

  secure(rest?: Rest): void {
    this.#begin(rest, this.application);
  }

  restart(rest?: Rest): void {
    this.#begin(rest, null);
  }

  #begin(rest: Rest | undefined, securedName: string | null): void {
    this.securedName = securedName;
    const parser = this.#parser;
    this.#parser = null;
    this.#settled = ++this.#restarts > maxRestarts;
    this.#looks = 0;
    this.#strange = 0;
    this.#clientBegins = true;
    this.#serverBegins = true;
    if (rest && rest.start < rest.end && !this.#settled)
      this.#look(rest.fromClient, rest.bytes, rest.start, rest.end, rest.timeMs);
    if (rest) parser?.end(rest.timeMs);
  }

  #look(fromClient: boolean, bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    const sample = this.#sample(fromClient, bytes, start, end);
    let wait = false;
    for (const protocol of this.#deps.candidates(this.transport, this.clientPort, this.serverPort)) {
      const verdict = protocol.recognise(sample);
      if (verdict === 'yes') {
        this.#settle(protocol, fromClient, bytes, start, end, timeMs);
        return;
      }
      wait ||= verdict === 'more';
    }
    if (wait && this.transport === 'tcp') this.#keep(fromClient, bytes, start, end, timeMs);
    else {
      this.#forget(fromClient);
      this.#strange++;
    }
    if (++this.#looks < maxPieces && this.#strange < this.#maxStrange) return;
    this.#settled = true;
    this.#keepOnly(none);
  }

  /** What is kept of a side, with the new bytes. */
  #sample(fromClient: boolean, bytes: Uint8Array, start: number, end: number): Sample {
    const { transport, clientPort, serverPort } = this;
    const beginning = fromClient ? this.#clientBegins : this.#serverBegins;
    const about = { bytes, start, end, fromClient, transport, clientPort, serverPort, beginning };
    const before = this.#kept === none ? none : this.#kept.filter((one) => one.fromClient === fromClient);
    if (before.length === 0) return about;
    const length = before.reduce((sum, one) => sum + one.bytes.length, 0);
    const joined = new Uint8Array(length + end - start);
    let at = 0;
    for (const one of before) {
      joined.set(one.bytes, at);
      at += one.bytes.length;
    }
    joined.set(bytes.subarray(start, end), at);
    return { ...about, bytes: joined, start: 0, end: joined.length };
  }

  #keep(fromClient: boolean, bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    this.#keepOnly([...this.#kept, { fromClient, bytes: copyBytes(bytes, start, end), timeMs }]);
    if (this.#keptBytes > maxKeptBytes) this.#forget(fromClient);
  }

  /** These bytes of a side belong to nothing known: its next ones may be the beginning of a message, not of the stream. */
  #forget(fromClient: boolean): void {
    if (fromClient) this.#clientBegins = false;
    else this.#serverBegins = false;
    if (this.#kept !== none) this.#keepOnly(this.#kept.filter((one) => one.fromClient !== fromClient));
  }

  #keepOnly(kept: readonly Kept[]): void {
    if (kept === this.#kept) return;
    this.#keptBytes = kept.reduce((sum, one) => sum + one.bytes.length, 0);
    this.#kept = kept;
  }

  #weigh(): void {
    const bytes = this.#keptBytes + (this.#parser?.held ?? 0);
    if (bytes === this.#heldBytes) return;
    this.#heldBytes = bytes;
    this.#deps.held.set(this, bytes);
  }

  #settle(
    protocol: AppProtocol,
    fromClient: boolean,
    bytes: Uint8Array,
    start: number,
    end: number,
    timeMs: number,
  ): void {
    this.rename(protocol.name);
    this.#settled = true;
    const kept = this.#kept;
    this.#keepOnly(none);
    this.#parser = protocol.makeParser?.(this) ?? null;
    for (const one of kept) this.data(one.fromClient, one.bytes, 0, one.bytes.length, one.timeMs);
    this.data(fromClient, bytes, start, end, timeMs);
  }
}
