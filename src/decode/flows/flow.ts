import type { Dialogue } from '../apps/dialogue.ts';
import { ipProtocols, type Packet } from '../packet/packet.ts';
import { AddressTexts } from './address-texts.ts';
import { TcpSide } from './tcp-side.ts';

/** After this silence a direction may come by another interface. */
const silentPlaceMs = 2_000;

const addressTexts = new AddressTexts();

/** What is counted of one direction. */
export interface Tally {
  packets: number;
  /** From the network layer on. */
  bytes: number;
}

/**
 * Traffic between two endpoints of one protocol. The object is used again once the flow has ended, so that nobody keeps
 * one beyond that.
 */
export class Flow {
  /** Counts the flows of a table. */
  id = 0;
  protocol = 0;
  transport: 'tcp' | 'udp' | null = null;
  /** Addresses of client and server as four signed words each, then their ports in one. */
  c0 = 0;
  c1 = 0;
  c2 = 0;
  c3 = 0;
  s0 = 0;
  s1 = 0;
  s2 = 0;
  s3 = 0;
  ports = 0;
  firstMs = 0;
  lastMs = 0;
  readonly sent: Tally = { packets: 0, bytes: 0 };
  readonly received: Tally = { packets: 0, bytes: 0 };
  /** TCP only, and not for a lone SYN: floods are made of them. */
  client: TcpSide | null = null;
  server: TcpSide | null = null;
  /** The application's conversation, once there is payload, until it is over. */
  dialogue: Dialogue<Flow> | null = null;
  /** What it has shown the flow to be, once it is over. */
  application: string | null = null;
  /** Cookies of the sockets at both ends, as far as the machine that captures has them; 0 otherwise. */
  clientCookie = 0;
  serverCookie = 0;
  /** Where the packets of client and server come by; 0 for not known. */
  clientPlace = 0;
  serverPlace = 0;
  /** Errno that the client's program would have been told, and whether a RST ended the TCP connection. */
  error: string | null = null;
  reset = false;
  /** When SYN, SYN-ACK and the ACK after it came; -1 for one that was not seen. */
  synMs = -1;
  synAckMs = -1;
  openedMs = -1;
  /** Sequence number and identification of the client's first SYN. */
  synSequence = 0;
  synIpId = -1;
  /** When the client first sent payload, and how long the server's first took from there; -1 before. */
  askedMs = -1;
  firstByteMs = -1;
  /** Of the table: its chain of equal hashes, its list, and its place in that. */
  hash = 0;
  chained: Flow | null = null;
  list = 0;
  listedMs = 0;
  older: Flow | null = null;
  newer: Flow | null = null;
  /** Kept for when the flow is used again. */
  #clientSide: TcpSide | null = null;
  #serverSide: TcpSide | null = null;

  /** Starts with the packet that is the first of it. */
  begin(id: number, packet: Packet, fromClient: boolean, hash: number): void {
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
  }

  /** Whether a direction came by this place first, or no longer comes by where it did. */
  isFirstPlace(fromClient: boolean, place: number, timeMs: number): boolean {
    const before = fromClient ? this.clientPlace : this.serverPlace;
    if (before !== place && before !== 0 && timeMs - this.lastMs < silentPlaceMs) return false;
    if (fromClient) this.clientPlace = place;
    else this.serverPlace = place;
    return true;
  }

  /** Forgets what the flow was. */
  clear(): void {
    this.sent.packets = 0;
    this.sent.bytes = 0;
    this.received.packets = 0;
    this.received.bytes = 0;
    this.clientCookie = 0;
    this.serverCookie = 0;
    this.clientPlace = 0;
    this.serverPlace = 0;
    this.error = null;
    this.reset = false;
    this.synMs = -1;
    this.synAckMs = -1;
    this.openedMs = -1;
    this.synSequence = 0;
    this.synIpId = -1;
    this.askedMs = -1;
    this.firstByteMs = -1;
    this.application = null;
    this.client?.clear();
    this.server?.clear();
    this.client = null;
    this.server = null;
  }

  /** Ends the application's conversation and lets go of all that it holds. */
  endDialogue(timeMs: number): void {
    if (!this.dialogue) return;
    this.dialogue.end(timeMs);
    this.application = this.dialogue.application;
    this.dialogue = null;
  }

  /** Makes the sides of a TCP connection; a lone SYN is entered into its one. */
  openSides(): void {
    this.#clientSide ??= new TcpSide();
    this.#serverSide ??= new TcpSide();
    this.client = this.#clientSide;
    this.server = this.#serverSide;
    if (this.synMs >= 0) this.client.enterSyn(this.synSequence, this.synIpId, this.synMs);
  }

  get clientPort(): number {
    return this.ports >>> 16;
  }

  get serverPort(): number {
    return this.ports & 0xffff;
  }

  /** The client as `ip:port`. */
  get src(): string {
    return `${addressTexts.format(this.c0, this.c1, this.c2, this.c3)}:${this.clientPort}`;
  }

  /** The server as `ip:port`. */
  get dst(): string {
    return `${addressTexts.format(this.s0, this.s1, this.s2, this.s3)}:${this.serverPort}`;
  }
}
