/**
 * The echoes of all rounds of this process, over one socket a family:
 *
 * 1. `open` makes the socket, with a filter in the kernel for what answers this process alone.
 * 2. `send` numbers an echo, notes the time and sends it; a number is free again when its echo is over. The kernel tells in the
 *    error queue when the packet left, so that what delays this process between the two is in no round trip.
 * 3. What comes in is matched by id, number, address and a random token, so that nobody makes up a reply unseen.
 * 4. A reply ends an echo; an error does not, since errors can be made up more easily and a reply may follow.
 */
import { randomBytes } from 'node:crypto';
import { AgingMap } from '../../base/aging-map.ts';
import {
  decodeEchoAnswer,
  decodeQuotedEcho,
  encodeEcho,
  makeEchoFilter,
  tokenBytes,
} from '../../decode/packet/echo.ts';
import { DatagramSocket, type Received, readWallMs } from '../../sys/datagram-socket.ts';
import { writeSocketAddress } from '../../sys/socket-address.ts';
import { errnoOf } from './run.ts';
import type { SocketWatch } from './socket-watch.ts';

const protocols = { 4: 1, 6: 58 } as const;
/** ICMP_FILTER of linux/icmp.h and ICMP6_FILTER of RFC 3542: a bit for each type that is kept out. */
const icmpFilter = { level: 255, name: 1 } as const;
const icmp6Filter = { level: 58, name: 1 } as const;
/** Some thousand replies, for a moment in which nobody looks: what finds no room would be told of as lost. */
const receiveBufferBytes = 4 << 20;
const maxSequences = 65_536;
/** Packets of one look, so that a flood of them cannot keep the agent. */
const maxPacketsPerLook = 2048;
/** Echoes that may wait for their stamp; more only wait where the device does not stamp. */
const maxUnstamped = 4096;

export interface EchoOrder {
  readonly family: 4 | 6;
  /** In canonical text, with a zone where it needs one. */
  readonly ip: string;
  readonly ttl: number;
  readonly size: number;
}

export interface EchoReply {
  readonly kind: 'reply';
  readonly rttMs: number;
  readonly ttl: number | null;
}

/** What a router, the target or this machine said of an echo. */
export interface EchoError {
  readonly kind: 'error';
  readonly rttMs: number;
  readonly by: string | null;
  readonly errno: string;
  readonly icmp: { readonly type: number; readonly code: number } | null;
}

interface Waiting {
  readonly ip: string;
  readonly token: Buffer;
  /** By the kernel's stamp, or before there is one by when it was handed to the kernel. */
  sentWallMs: number;
  isStamped: boolean;
  readonly sentMs: number;
  readonly hear: (answer: EchoReply | EchoError) => void;
}

interface Channel {
  readonly socket: DatagramSocket;
  /** Whether packets come as they are, with all errors among them; otherwise as an unprivileged socket gets them. */
  readonly raw: boolean;
  readonly waiting: Map<number, Waiting>;
  /** Echoes whose stamp has not come, by how many were sent before. */
  readonly unstamped: AgingMap<number, Waiting>;
  sent: number;
  watch: Disposable | undefined;
}

/** Sends echoes and hears of them. Its sockets are opened by the first echo and are of that moment's network namespace. */
export class Echoes {
  readonly #watch: SocketWatch;
  readonly #channels: { 4?: Channel; 6?: Channel } = {};
  readonly #id = randomBytes(2).readUInt16BE();
  #sequence = randomBytes(2).readUInt16BE();

  constructor(watch: SocketWatch) {
    this.#watch = watch;
  }

  /** Opens the family's socket, once. Rejects with NM_SYSTEM where there is none to be had, as without CAP_NET_RAW. */
  async open(family: 4 | 6): Promise<void> {
    this.#channels[family] ??= openChannel(family, this.#id);
    await this.#watch.prepare();
  }

  /**
   * Sends one echo, of a family that is open; `hear` is told of what comes of it until it is disposed of or answered. The
   * answer is an errno where it could not be sent.
   */
  send(order: EchoOrder, hear: (answer: EchoReply | EchoError) => void): Disposable | string {
    const { family, ip, ttl, size } = order;
    const channel = this.#channels[family];
    const address = writeSocketAddress(family, ip, 0);
    if (!channel || !address) return 'EINVAL';
    const sequence = this.#nextSequence(channel);
    if (sequence === null) return 'ENOBUFS';
    const token = randomBytes(tokenBytes);
    const bytes = encodeEcho({ family, id: this.#id, sequence, token, size });
    try {
      channel.watch ??= this.#watch.watch(channel.socket, () => drain(family, channel));
      channel.socket.setTtl(ttl);
      const echo: Waiting = {
        ip: ip.split('%')[0],
        token,
        sentMs: performance.now(),
        sentWallMs: readWallMs(),
        isStamped: false,
        hear,
      };
      channel.waiting.set(sequence, echo);
      const errno = channel.socket.send(bytes, address);
      if (errno !== null) {
        restartStamps(channel);
        forget(channel, sequence, token);
        return errno;
      }
      expectStamp(channel, echo);
    } catch (thrown) {
      forget(channel, sequence, token);
      return errnoOf(thrown);
    }
    return { [Symbol.dispose]: () => forget(channel, sequence, token) };
  }

  /** Looks at what has come by now, before what is not there is told of as lost. */
  collect(family: 4 | 6): void {
    const channel = this.#channels[family];
    if (channel?.watch) drain(family, channel);
  }

  #nextSequence({ waiting }: Channel): number | null {
    if (waiting.size >= maxSequences) return null;
    do this.#sequence = (this.#sequence + 1) % maxSequences;
    while (waiting.has(this.#sequence));
    return this.#sequence;
  }
}

/** A raw socket; where that is not allowed one of datagrams, which `ping_group_range` may allow. */
function openChannel(family: 4 | 6, id: number): Channel {
  const common = { family, protocol: protocols[family], receiveBufferBytes } as const;
  let socket: DatagramSocket;
  let raw = true;
  try {
    socket = new DatagramSocket({
      ...common,
      type: 'raw',
      filter: makeEchoFilter(family, id),
      sendStamps: true,
    });
    setTypeFilter(socket);
  } catch (refused) {
    raw = false;
    try {
      socket = new DatagramSocket({ ...common, type: 'datagram', errors: true, sendStamps: true });
    } catch {
      throw refused;
    }
  }
  return { socket, raw, waiting: new Map(), unstamped: new AgingMap(), sent: 0, watch: undefined };
}

/** Keeps all but replies and errors out, before the other filter is run. */
function setTypeFilter(socket: DatagramSocket): void {
  const kept = socket.family === 4 ? [0, 3, 11, 12] : [1, 2, 3, 4, 129];
  const words = new Uint32Array(socket.family === 4 ? 1 : 8).fill(0xffffffff);
  for (const type of kept) words[type >> 5] &= ~(1 << (type & 31));
  const { level, name } = socket.family === 4 ? icmpFilter : icmp6Filter;
  socket.setBytes(level, name, new Uint8Array(words.buffer));
}

/** What was sent is stamped before it is answered; a device that does not stamp fills the table and nothing else. */
function expectStamp(channel: Channel, echo: Waiting): void {
  channel.unstamped.set(channel.sent, echo);
  channel.sent = (channel.sent + 1) % 2 ** 32;
  if (channel.unstamped.size > maxUnstamped) channel.unstamped.removeOldest();
}

/** Whether the kernel counted a packet that it did not send depends on its version and on where it failed. */
function restartStamps(channel: Channel): void {
  drainErrors(channel);
  channel.unstamped.clear();
  channel.sent = 0;
  channel.socket.restartStamps();
}

function drain(family: 4 | 6, channel: Channel): void {
  const { socket } = channel;
  drainErrors(channel);
  for (let i = 0; i < maxPacketsPerLook; i++) {
    const received = socket.receive();
    if (received === null) break;
    // What an error queue holds shows as an errno of the next call, too.
    if (typeof received !== 'string') take(family, channel, received);
  }
}

/** Stamps, and for a socket of datagrams the errors. */
function drainErrors(channel: Channel): void {
  const { socket, unstamped } = channel;
  const stamp = (index: number, atMs: number): void => {
    const echo = unstamped.get(index);
    // Fragments of one echo have a stamp each; it has left with the first of them.
    if (!echo || !unstamped.delete(index)) return;
    echo.sentWallMs = atMs;
    echo.isStamped = true;
  };
  for (let i = 0; i < maxPacketsPerLook; i++) {
    const error = socket.receiveError(stamp);
    if (error === null) break;
    const quoted = decodeQuotedEcho(error.bytes);
    const echo = quoted && channel.waiting.get(quoted.sequence);
    if (!quoted || !echo || error.from?.ip !== echo.ip || !isToken(echo, quoted.token)) continue;
    const { errno, icmp, by } = error;
    echo.hear({ kind: 'error', rttMs: timeOf(echo, error.atMs), by, errno, icmp });
  }
}

function take(family: 4 | 6, channel: Channel, { bytes, from, atMs, ttl }: Received): void {
  const answer = decodeEchoAnswer(family, bytes, family === 4 && channel.raw);
  const echo = answer && channel.waiting.get(answer.sequence);
  if (!answer || !echo || !isToken(echo, answer.token)) return;
  // It was sent while the others were looked at.
  if (!echo.isStamped) drainErrors(channel);
  const rttMs = timeOf(echo, atMs);
  if (answer.kind === 'error') {
    if (answer.target !== echo.ip) return;
    const icmp = { type: answer.type, code: answer.code };
    echo.hear({ kind: 'error', rttMs, by: from?.ip ?? null, errno: answer.errno ?? 'EIO', icmp });
  } else if (answer.token !== null && from?.ip === echo.ip) {
    forget(channel, answer.sequence, echo.token);
    echo.hear({ kind: 'reply', rttMs, ttl });
  }
}

/** Routers quote no more than the header as a rule; where there is a token it must be the one. */
function isToken({ token }: Waiting, seen: Uint8Array | null): boolean {
  return seen === null || token.equals(seen);
}

function forget(channel: Channel, sequence: number, token: Buffer): void {
  if (channel.waiting.get(sequence)?.token === token) channel.waiting.delete(sequence);
  if (channel.waiting.size > 0) return;
  channel.watch?.[Symbol.dispose]();
  channel.watch = undefined;
}

/** By the wall clock, which the kernel stamps with; by ours where that was set in between. */
function timeOf({ sentWallMs, sentMs }: Waiting, atMs: number): number {
  const elapsed = performance.now() - sentMs;
  const rttMs = atMs - sentWallMs;
  return rttMs >= 0 && rttMs <= elapsed + 1 ? rttMs : elapsed;
}
