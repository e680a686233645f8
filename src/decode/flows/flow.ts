import { formatEndpoint, formatIp } from '../../base/ip.ts';
import type { Dialogue } from '../apps/dialogue.ts';
import { ipProtocols, type Packet } from '../packet/packet.ts';
import { TcpSide } from './tcp-side.ts';

/** What is counted of one direction. */
export interface Tally {
  packets: number;
  /** From the network layer on. */
  bytes: number;
}

/** Traffic between two endpoints of one protocol. */
export class Flow {
  /** Counts the flows of a table. */
  readonly id: number;
  readonly protocol: number;
  readonly transport: 'tcp' | 'udp' | null;
  /** Addresses of client and server as four signed words each, then their ports in one. */
  readonly c0: number;
  readonly c1: number;
  readonly c2: number;
  readonly c3: number;
  readonly s0: number;
  readonly s1: number;
  readonly s2: number;
  readonly s3: number;
  readonly ports: number;
  readonly firstMs: number;
  lastMs: number;
  readonly sent: Tally = { packets: 0, bytes: 0 };
  readonly received: Tally = { packets: 0, bytes: 0 };
  /** TCP only. */
  readonly client: TcpSide | null;
  readonly server: TcpSide | null;
  /** The application's conversation, once there is payload. */
  dialogue: Dialogue<Flow> | null = null;
  /** Cookies of the sockets at both ends, as far as the machine that captures has them; 0 otherwise. */
  clientCookie = 0;
  serverCookie = 0;
  /** Errno that the client's program would have been told, and whether a RST ended the TCP connection. */
  error: string | null = null;
  reset = false;
  /** When SYN, SYN-ACK and the ACK after it came; -1 for one that was not seen. */
  synMs = -1;
  synAckMs = -1;
  openedMs = -1;
  /** When the client first sent payload, and how long the server's first took from there; -1 before. */
  askedMs = -1;
  firstByteMs = -1;
  /** Of the table: its chain of equal hashes, its list, and its place in that. */
  readonly hash: number;
  chained: Flow | null = null;
  list = 0;
  listedMs = 0;
  older: Flow | null = null;
  newer: Flow | null = null;
  #src = '';
  #dst = '';

  /** The flow that a packet begins. */
  constructor(id: number, packet: Packet, fromClient: boolean, hash: number) {
    const { addresses, protocol, sourcePort, destinationPort } = packet;
    const client = fromClient ? 0 : 4;
    const server = 4 - client;
    this.id = id;
    this.hash = hash;
    this.protocol = protocol;
    this.transport = protocol === ipProtocols.tcp ? 'tcp' : protocol === ipProtocols.udp ? 'udp' : null;
    this.c0 = addresses[client] | 0;
    this.c1 = addresses[client + 1] | 0;
    this.c2 = addresses[client + 2] | 0;
    this.c3 = addresses[client + 3] | 0;
    this.s0 = addresses[server] | 0;
    this.s1 = addresses[server + 1] | 0;
    this.s2 = addresses[server + 2] | 0;
    this.s3 = addresses[server + 3] | 0;
    this.ports = fromClient ? (sourcePort << 16) | destinationPort : (destinationPort << 16) | sourcePort;
    this.firstMs = packet.timeMs;
    this.lastMs = packet.timeMs;
    this.client = protocol === ipProtocols.tcp ? new TcpSide() : null;
    this.server = protocol === ipProtocols.tcp ? new TcpSide() : null;
  }

  get clientPort(): number {
    return this.ports >>> 16;
  }

  get serverPort(): number {
    return this.ports & 0xffff;
  }

  /** The client as `ip:port`. */
  get src(): string {
    this.#src ||= formatEndpoint(formatWords(this.c0, this.c1, this.c2, this.c3), this.clientPort);
    return this.#src;
  }

  /** The server as `ip:port`. */
  get dst(): string {
    this.#dst ||= formatEndpoint(formatWords(this.s0, this.s1, this.s2, this.s3), this.serverPort);
    return this.#dst;
  }
}

function formatWords(...words: readonly number[]): string {
  const bytes = new Uint8Array(16);
  for (let i = 0; i < 16; i++) bytes[i] = words[i >> 2] >>> (24 - 8 * (i & 3));
  return formatIp(bytes);
}
