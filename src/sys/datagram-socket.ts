import koffi from 'koffi';
import { errnoName } from '../base/errno.ts';
import type { BpfInstruction } from '../decode/capture/packet-filter.ts';
import { getLibc, lastErrno, systemError } from './libc.ts';
import { readSocketAddress, socketAddressBytes, writeSocketAddress } from './socket-address.ts';
import { attachSocketFilter } from './socket-filter.ts';

/** include/linux/socket.h and the headers of each level. */
const domains = { 4: 2, 6: 10 } as const;
const types = { stream: 1, datagram: 2, raw: 3 } as const;
const flags = { nonblock: 0o4000, cloexec: 0o2000000 } as const;
const solSocket = 1;
const soError = 4;
/** The first may exceed net.core.rmem_max, and needs CAP_NET_ADMIN. */
const soReceiveBuffer = { force: 33, usual: 8 } as const;
/** SO_TIMESTAMPNS: a struct timespec of the wall clock with each packet, from when the kernel took it. */
const soTimestampNs = 35;
/** SO_TIMESTAMPING: a stamp in the error queue for each packet when it is handed to the device, numbered from 0. */
const soTimestamping = 37;
/** TX_SOFTWARE, SOFTWARE, OPT_ID and OPT_TSONLY of uapi/linux/net_tstamp.h. */
const sendStampFlags = 0x02 | 0x10 | 0x80 | 0x800;
/** SO_EE_ORIGIN_TIMESTAMPING of uapi/linux/errqueue.h. */
const originStamp = 4;
/** Stamps of one call, so that a flood of packets cannot keep it. */
const maxStamps = 4096;
const messageFlags = { dontwait: 0x40, noSignal: 0x4000, errorQueue: 0x2000, truncated: 0x20 } as const;
const ip = { level: 0, ttl: 2, receiveErrors: 11, receiveTtl: 12 } as const;
const ip6 = { level: 41, ttl: 16, receiveErrors: 25, receiveTtl: 51, hopLimit: 52 } as const;
/** TCP_INFO up to tcpi_rtt (uapi/linux/tcp.h). */
const tcpInfo = { level: 6, name: 11, rttAt: 68, bytes: 72 } as const;
const clockRealtime = 0;
const msghdrBytes = 56;
const controlBytes = 512;
const maxControls = 16;

export interface DatagramSocketOptions {
  readonly family: 4 | 6;
  readonly type: keyof typeof types;
  readonly protocol: number;
  /** Only what passes it is received. */
  readonly filter?: readonly BpfInstruction[];
  /** Whether what ICMP says of the socket's packets is kept for `receiveError`. */
  readonly errors?: boolean;
  readonly receiveBufferBytes?: number;
  /** Whether the kernel stamps what is received; it does unless this is false. */
  readonly stamps?: boolean;
  /** Whether the kernel tells when what is sent leaves; `receiveError` has to be called then. */
  readonly sendStamps?: boolean;
}

/** What one call of `receive` brought; `bytes` is valid until the next call. */
export interface Received {
  readonly bytes: Uint8Array;
  readonly from: { readonly ip: string; readonly port: number } | null;
  /** Milliseconds of the wall clock, with a fraction, when the kernel took it. */
  readonly atMs: number;
  /** The IP header's, null where the kernel did not tell. */
  readonly ttl: number | null;
  /** True when the packet was longer than the buffer. */
  readonly truncated: boolean;
}

/** What the network said of a packet that this socket had sent. `bytes` is the payload of that packet. */
export interface PathError extends Received {
  readonly errno: string;
  /** ICMP type and code; null for an error of this machine's own. */
  readonly icmp: { readonly type: number; readonly code: number } | null;
  /** Who said so; null for this machine. */
  readonly by: string | null;
}

/** A socket that never waits, with the kernel's times of what it receives. Dispose of it to close it. */
export class DatagramSocket implements Disposable {
  readonly fd: number;
  readonly family: 4 | 6;
  readonly #ttlOption: { level: number; ttl: number };
  #ttl = 0;

  /** Throws NM_SYSTEM: EPERM for a raw socket without CAP_NET_RAW, EMFILE, ... */
  constructor(options: DatagramSocketOptions) {
    const {
      family,
      type,
      protocol,
      filter,
      errors = false,
      stamps = true,
      sendStamps = false,
      receiveBufferBytes,
    } = options;
    const libc = getLibc();
    this.family = family;
    const names = family === 4 ? ip : ip6;
    this.#ttlOption = names;
    this.fd = libc.socket(domains[family], types[type] | flags.nonblock | flags.cloexec, protocol);
    if (this.fd < 0) throw systemError(`open a ${type} socket`);
    try {
      if (filter) attachSocketFilter(this.fd, filter);
      if (stamps) this.set(solSocket, soTimestampNs, 1);
      this.set(names.level, names.receiveTtl, 1);
      if (errors) this.set(names.level, names.receiveErrors, 1);
      if (sendStamps) this.restartStamps();
      if (receiveBufferBytes) this.#widen(receiveBufferBytes);
    } catch (error) {
      libc.close(this.fd);
      throw error;
    }
  }

  /** Sets an option that is a number. Throws NM_SYSTEM. */
  set(level: number, name: number, value: number): void {
    this.setBytes(level, name, new Uint8Array(new Int32Array([value]).buffer));
  }

  /** Throws NM_SYSTEM. */
  setBytes(level: number, name: number, value: Uint8Array): void {
    if (getLibc().setsockopt(this.fd, level, name, value, value.length) < 0)
      throw systemError('prepare a socket');
  }

  #widen(bytes: number): void {
    const value = new Int32Array([bytes]);
    const { force, usual } = soReceiveBuffer;
    if (getLibc().setsockopt(this.fd, solSocket, force, value, 4) < 0)
      getLibc().setsockopt(this.fd, solSocket, usual, value, 4);
  }

  /** TTL or hop limit of what is sent from now on. */
  setTtl(ttl: number): void {
    if (ttl === this.#ttl) return;
    this.set(this.#ttlOption.level, this.#ttlOption.ttl, ttl);
    this.#ttl = ttl;
  }

  /** Null, or the errno: EINPROGRESS for a stream that is under way. */
  connect(address: string, port: number): string | null {
    const target = writeSocketAddress(this.family, address, port);
    if (!target) return 'EINVAL';
    return getLibc().connect(this.fd, target, target.length) < 0 ? lastErrno() : null;
  }

  /** Sends to an address, or to where it is connected. Null, or the errno. */
  send(bytes: Uint8Array, address: Uint8Array | null = null): string | null {
    const sent = getLibc().sendto(
      this.fd,
      bytes,
      bytes.length,
      messageFlags.noSignal,
      address,
      address?.length ?? 0,
    );
    return sent < 0 ? lastErrno() : null;
  }

  /** The next packet; null when there is none now, or the errno that the socket has met (as ECONNREFUSED). */
  receive(): Received | string | null {
    const length = receiveInto(this.fd, messageFlags.dontwait);
    return typeof length === 'number' ? readReceived(length) : length;
  }

  /**
   * The next error that a packet of this socket has met; null when there is none. `onStamp` is told of the stamps of sent
   * packets that lie before it: the how many-th of this socket it was, modulo 2^32, and when it left, in milliseconds of the
   * wall clock.
   */
  receiveError(onStamp?: (index: number, atMs: number) => void): PathError | null {
    for (let i = 0; i < maxStamps; i++) {
      const length = receiveInto(this.fd, messageFlags.dontwait | messageFlags.errorQueue);
      if (typeof length !== 'number') return null;
      const stamp = readSendStamp();
      if (stamp === null) return readPathError(length);
      onStamp?.(stamp.index, stamp.atMs);
    }
    return null;
  }

  /**
   * Numbers stamps from 0 again, after a call of `send` that may or may not have taken a number. Where the kernel gives out
   * none there are none.
   */
  restartStamps(): void {
    for (const flags of [0, sendStampFlags])
      getLibc().setsockopt(this.fd, solSocket, soTimestamping, new Int32Array([flags]), 4);
  }

  /** How a connection that was under way has ended: null when it stands, otherwise the errno. */
  readConnectError(): string | null {
    const value = new Uint8Array(4);
    getLibc().getsockopt(this.fd, solSocket, soError, value, new Int32Array([value.length]));
    const errno = new DataView(value.buffer).getInt32(0, true);
    return errno === 0 ? null : errnoName(errno);
  }

  /** Round-trip time of a connection's handshake in milliseconds, as the kernel has it; null where it does not tell. */
  readRttMs(): number | null {
    const info = new Uint8Array(tcpInfo.bytes);
    const length = new Int32Array([info.length]);
    if (getLibc().getsockopt(this.fd, tcpInfo.level, tcpInfo.name, info, length) < 0) return null;
    const rttUs = new DataView(info.buffer).getUint32(tcpInfo.rttAt, true);
    return length[0] < tcpInfo.bytes || rttUs === 0 ? null : rttUs / 1000;
  }

  [Symbol.dispose](): void {
    getLibc().close(this.fd);
  }
}

/** Milliseconds of the wall clock with a fraction, in the kernel's own words: what packets are stamped with. */
export function readWallMs(): number {
  getLibc().clockGettime(clockRealtime, time);
  return readTimespec(timeView, 0);
}

const time = new BigInt64Array(2);
const timeView = new DataView(time.buffer);
/** The longest datagram; one buffer for all sockets, since a packet is dealt with before the next one is read. */
const payload = new Uint8Array(new ArrayBuffer(65_536));
const name = new DataView(new ArrayBuffer(socketAddressBytes));
const control = new DataView(new ArrayBuffer(controlBytes));
const header = new DataView(new ArrayBuffer(msghdrBytes));
const headerBytes = new Uint8Array(header.buffer);
const vector = new DataView(new ArrayBuffer(16));

/** The length, null when there is nothing, or the errno. */
function receiveInto(fd: number, how: number): number | string | null {
  prepareHeader();
  for (let tries = 0; tries < 4; tries++) {
    const length = getLibc().recvmsg(fd, headerBytes, how);
    if (length >= 0) return length;
    const errno = lastErrno();
    if (errno === 'EAGAIN') return null;
    if (errno !== 'EINTR') return errno;
  }
  return null;
}

let isPrepared = false;

/** What the kernel writes to is set anew; the pointers stay, since an ArrayBuffer's memory does not move. */
function prepareHeader(): void {
  if (!isPrepared) writePointers();
  isPrepared = true;
  header.setUint32(8, socketAddressBytes, true);
  header.setUint32(40, controlBytes, true);
}

/** Name, vector and control buffer of struct msghdr. */
function writePointers(): void {
  vector.setBigUint64(0, koffi.address(payload.buffer), true);
  vector.setBigUint64(8, BigInt(payload.length), true);
  header.setBigUint64(0, koffi.address(name.buffer), true);
  header.setBigUint64(16, koffi.address(vector.buffer), true);
  header.setBigUint64(24, 1n, true);
  header.setBigUint64(32, koffi.address(control.buffer), true);
}

function readReceived(length: number): Received {
  let atMs = 0;
  let ttl: number | null = null;
  visitControls((level, type, at) => {
    if (level === solSocket && type === soTimestampNs) atMs = readTimespec(control, at);
    else if ((level === ip.level && type === ip.ttl) || (level === ip6.level && type === ip6.hopLimit))
      ttl = control.getInt32(at, true);
  });
  return {
    bytes: payload.subarray(0, length),
    from: header.getUint32(8, true) === 0 ? null : readSocketAddress(name, 0),
    atMs: atMs || readWallMs(),
    ttl,
    truncated: (header.getInt32(48, true) & messageFlags.truncated) !== 0,
  };
}

/** Which packet left when; null where the message is none of that. */
function readSendStamp(): { readonly index: number; readonly atMs: number } | null {
  let index: number | null = null;
  let atMs = 0;
  visitControls((level, type, at, end) => {
    if (level === solSocket && type === soTimestamping) atMs = readTimespec(control, at);
    else if (isErrorReport(level, type) && end - at >= 16 && control.getUint8(at + 4) === originStamp)
      index = control.getUint32(at + 12, true);
  });
  return index === null ? null : { index, atMs };
}

function isErrorReport(level: number, type: number): boolean {
  return (
    (level === ip.level && type === ip.receiveErrors) || (level === ip6.level && type === ip6.receiveErrors)
  );
}

/** struct sock_extended_err with the offender's address behind it (uapi/linux/errqueue.h). */
function readPathError(length: number): PathError {
  let errno = 'EIO';
  let icmp: PathError['icmp'] = null;
  let by: string | null = null;
  visitControls((level, type, at, end) => {
    if (!isErrorReport(level, type) || end - at < 16) return;
    errno = errnoName(control.getUint32(at, true));
    if (control.getUint8(at + 4) < 2) return;
    icmp = { type: control.getUint8(at + 5), code: control.getUint8(at + 6) };
    if (end - at >= 32) by = readSocketAddress(control, at + 16)?.ip ?? null;
  });
  return { ...readReceived(length), errno, icmp, by };
}

/** A struct timespec in milliseconds; without BigInt, which costs more than the rest of a packet. */
function readTimespec(view: DataView, at: number): number {
  const seconds = view.getUint32(at, true) + view.getInt32(at + 4, true) * 2 ** 32;
  return seconds * 1e3 + view.getUint32(at + 8, true) / 1e6;
}

/** Visits each control message: where its data begins and ends. */
function visitControls(visit: (level: number, type: number, at: number, end: number) => void): void {
  const length = Math.min(controlBytes, header.getUint32(40, true));
  let at = 0;
  for (let i = 0; i < maxControls && at + 16 <= length; i++) {
    const size = control.getUint32(at, true);
    if (size < 16 || at + size > length) return;
    visit(control.getInt32(at + 8, true), control.getInt32(at + 12, true), at + 16, at + size);
    at += (size + 7) & ~7;
  }
}
