import { formatEndpoint, formatIp } from '../../base/ip.ts';
import type { Dialogue } from '../apps/dialogue.ts';
import { TcpSide } from './tcp-side.ts';

/** What is counted of one direction. */
export interface Tally {
  packets: number;
  /** From the network layer on. */
  bytes: number;
}

/**
 * Traffic between two endpoints of one protocol. `key` holds addresses of client and server as eight words, then their
 * ports in one, then the protocol.
 */
export class Flow {
  readonly key: Uint32Array;
  readonly transport: 'tcp' | 'udp' | null;
  readonly firstMs: number;
  lastMs: number;
  readonly sent: Tally = { packets: 0, bytes: 0 };
  readonly received: Tally = { packets: 0, bytes: 0 };
  /** TCP only. */
  readonly client: TcpSide | null;
  readonly server: TcpSide | null;
  /** The application's conversation, once there is payload. */
  dialogue: Dialogue | null = null;
  /** Of the sockets of client and server, where they are this machine's own; 0 for unknown. */
  clientCookie = 0;
  serverCookie = 0;
  /** Errno that the client's program would have been told, and the end of the TCP connection. */
  error: string | null = null;
  reset = false;
  synMs = 0;
  handshakeMs = -1;
  firstSentMs = 0;
  firstByteMs = -1;
  /** Next flow with the same hash. */
  next: Flow | null = null;
  #src = '';
  #dst = '';

  constructor(key: Uint32Array, timeMs: number) {
    this.key = key;
    this.firstMs = timeMs;
    this.lastMs = timeMs;
    const protocol = key[9];
    this.transport = protocol === 6 ? 'tcp' : protocol === 17 ? 'udp' : null;
    this.client = protocol === 6 ? new TcpSide() : null;
    this.server = protocol === 6 ? new TcpSide() : null;
  }

  get protocol(): number {
    return this.key[9];
  }

  get clientPort(): number {
    return this.key[8] >>> 16;
  }

  get serverPort(): number {
    return this.key[8] & 0xffff;
  }

  get src(): string {
    this.#src ||= formatEndpoint(formatWords(this.key, 0), this.clientPort);
    return this.#src;
  }

  get dst(): string {
    this.#dst ||= formatEndpoint(formatWords(this.key, 4), this.serverPort);
    return this.#dst;
  }
}

function formatWords(words: Uint32Array, at: number): string {
  const bytes = new Uint8Array(16);
  for (let i = 0; i < 4; i++) {
    bytes[i * 4] = words[at + i] >>> 24;
    bytes[i * 4 + 1] = words[at + i] >>> 16;
    bytes[i * 4 + 2] = words[at + i] >>> 8;
    bytes[i * 4 + 3] = words[at + i];
  }
  return formatIp(bytes);
}
