import type { ApplicationRecord } from '../../wire/traffic.ts';
import type { Ciphers } from './ciphers.ts';

/**
 * What the first bytes of one side of a conversation say about a protocol: `yes` proves it, `no` rules it out, `more`
 * waits for further bytes of that side (those already seen are then offered again, longer).
 */
export type Verdict = 'yes' | 'no' | 'more';

/** The beginning of one side. One object, reused: valid during the call alone. */
export interface Sample {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly fromClient: boolean;
  readonly transport: 'tcp' | 'udp';
  readonly clientPort: number;
  readonly serverPort: number;
  /** Whether these are the side's very first bytes rather than some from the middle of a stream. */
  readonly beginning: boolean;
}

/** An application protocol: one file each, and one line in `registry.ts`. */
export interface AppProtocol {
  /** As shown: `http`, `tls`, `dns`, `ssh`. */
  readonly name: string;
  readonly transports: readonly ('tcp' | 'udp')[];
  /** Where servers listen by convention. Without proof from payload they name the application `by: port`. */
  readonly ports: readonly number[];
  /** Strict: a false `yes` keeps the right protocol from being asked. Never throws, never looks past `end`. */
  recognise(sample: Sample): Verdict;
  /** Makes a reader of one conversation, for protocols whose content is told of. */
  readonly makeParser?: (conversation: Conversation) => AppParser;
}

/**
 * Reads one conversation. Bytes come in the order of each side, from its beginning where that was seen, with whatever
 * was offered to `recognise` first; they are valid during the call alone. For UDP each call holds one datagram.
 * Nothing here throws, whatever the bytes.
 */
export interface AppParser {
  data(fromClient: boolean, bytes: Uint8Array, start: number, end: number, timeMs: number): void;
  /** That many bytes of a side were not captured. `data` goes on after them. */
  gap(fromClient: boolean, length: number, timeMs: number): void;
  /** One side has ended (FIN), with all of its bytes read. */
  sideEnded?(fromClient: boolean, timeMs: number): void;
  /** Ten seconds of packet time have passed since `remind` was asked for. */
  reminded?(timeMs: number): void;
  /** Bytes that it keeps of what was sent, about; 0 where it is left out. Too much of all conversations ends the oldest. */
  readonly held?: number;
  /** The conversation is over, or is forgotten: what is still open (an unanswered request) is told of now. */
  end(timeMs: number): void;
}

/** What a parser may know and do of its conversation. */
export interface Conversation {
  readonly transport: 'tcp' | 'udp';
  /** `ip:port` of client and server. */
  readonly src: string;
  readonly dst: string;
  readonly clientPort: number;
  readonly serverPort: number;
  readonly settings: DecodeSettings;
  emit(record: ApplicationRecord): void;
  /** Shows the conversation as another application from now on: `websocket` after an upgrade, `http2`. */
  rename(application: string): void;
  /**
   * Has what follows recognised anew from its first byte, as after CONNECT or a SOCKS reply. This parser gets nothing more
   * but `end`. With `rest` the bytes of this side that were already handed over, from there on, count to it.
   */
  restart(rest?: Rest): void;
  /** The same where TLS is to follow, as after STARTTLS: the conversation then keeps the name that it has. */
  secure(rest?: Rest): void;
  /** What the conversation was called before `secure`; null where that was not asked for. */
  readonly securedName: string | null;
  /** Has the parser's `reminded` called in ten seconds of packet time, once, whether or not it is asked again meanwhile. */
  remind(timeMs: number): void;
  /** Counts a message that breaks its protocol. */
  malformed(): void;
}

/** Bytes of one side that belong to what comes next. */
export interface Rest {
  readonly fromClient: boolean;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly timeMs: number;
}

export interface DecodeSettings {
  /** Whether query strings, credentials and session tokens in paths are replaced by `***`. */
  readonly mask: boolean;
  readonly ciphers: Ciphers;
  /** Whether only beginnings of messages are captured: what else a message has is told of by its head alone. */
  readonly sparse?: boolean;
}
