import { NetmonError } from '../base/errors.ts';
import {
  flagInterrupted,
  type NetlinkMessage,
  netlinkHeaderBytes,
  netlinkTypes,
  readError,
  visitMessages,
  writeHeader,
} from '../decode/netlink.ts';
import { getLibc, lastErrno, systemError } from './libc.ts';

/** Families of netlink sockets, include/uapi/linux/netlink.h. */
export const netlinkFamilies = { route: 0, sockDiag: 4 } as const;

const afNetlink = 16;
const sockRaw = 3;
const sockNonblock = 0o4000;
const sockCloexec = 0o2000000;
const msgDontwait = 0x40;
const solSocket = 1;
const soRcvbufForce = 33;
const solNetlink = 270;
const netlinkGetStrictCheck = 12;
const flagRequest = 0x1;
const flagAck = 0x4;
const enoent = 2;
const flagDump = 0x300;
/** The kernel fills as much of a receive buffer as it is given, up to 32 KiB (net/netlink/af_netlink.c). */
const receiveBytes = 64 * 1024;
/** Receive buffer of a socket that follows events, so that a burst of them is not lost. */
const eventBufferBytes = 1 << 20;
/** Most reads in one go, against a peer that never ends. */
const maxReads = 100_000;

/**
 * A netlink socket in the network namespace of the thread that opened it. Requests are answered at once, in the same
 * call, which does not wait. Dispose of it to close it.
 */
export class NetlinkSocket implements Disposable {
  readonly #fd: number;
  readonly #bytes = new Uint8Array(receiveBytes);
  readonly #view = new DataView(this.#bytes.buffer);
  #sequence = 0;

  /** `groups` are the bits of the multicast groups to hear. Throws NM_SYSTEM. */
  constructor(family: number, groups = 0) {
    const libc = getLibc();
    this.#fd = libc.socket(afNetlink, sockRaw | sockNonblock | sockCloexec, family);
    if (this.#fd < 0) throw systemError('open a netlink socket');
    const address = new DataView(new ArrayBuffer(12));
    address.setUint16(0, afNetlink, true);
    address.setUint32(8, groups, true);
    if (libc.bind(this.#fd, new Uint8Array(address.buffer), 12) < 0) {
      const error = systemError('bind a netlink socket');
      libc.close(this.#fd);
      throw error;
    }
    // Both only help: without the first the kernel ignores filters of dumps, without the second bursts are re-read.
    libc.setsockopt(this.#fd, solNetlink, netlinkGetStrictCheck, new Int32Array([1]), 4);
    if (groups !== 0) {
      libc.setsockopt(this.#fd, solSocket, soRcvbufForce, new Int32Array([eventBufferBytes]), 4);
    }
  }

  /**
   * Asks for all objects: `payload` is what follows the header. Visits each message of the answer while its bytes are
   * valid. The answer is false when something changed in the meantime, so that it should be asked anew. Throws
   * NM_SYSTEM with the errno that the kernel answered.
   */
  dump(type: number, payload: Uint8Array, visit: (view: DataView, message: NetlinkMessage) => void): boolean {
    return this.#ask(type, flagDump, payload, visit);
  }

  /** Asks for one object, otherwise as `dump`; false where there is none. */
  get(type: number, payload: Uint8Array, visit: (view: DataView, message: NetlinkMessage) => void): boolean {
    return this.#ask(type, flagAck, payload, visit);
  }

  #ask(
    type: number,
    flags: number,
    payload: Uint8Array,
    visit: (view: DataView, message: NetlinkMessage) => void,
  ): boolean {
    this.#send(type, flagRequest | flags, payload);
    let whole = true;
    let done = false;
    const take = (message: NetlinkMessage): void => {
      if (message.sequence !== this.#sequence || done) return;
      if (message.flags & flagInterrupted) whole = false;
      if (message.type === netlinkTypes.done || message.type === netlinkTypes.error) {
        done = true;
        const errno = readError(this.#view, message);
        if (errno === enoent && flags === flagAck) whole = false;
        else if (errno) throw systemError(`ask by netlink message ${type}`, errno);
      } else visit(this.#view, message);
    };
    for (let reads = 0; !done && reads < maxReads; reads++) {
      const length = this.#receive();
      if (length === 'empty' || length === 'overflow') {
        throw new NetmonError('NM_SYSTEM', `unable to ask by netlink message ${type}: no answer`);
      }
      visitMessages(this.#view, length, take);
    }
    return whole;
  }

  /** Visits what has arrived of the groups. The answer is false when the kernel had to drop some: dump anew. */
  drain(visit: (view: DataView, message: NetlinkMessage) => void): boolean {
    let whole = true;
    const take = (message: NetlinkMessage): void => visit(this.#view, message);
    for (let reads = 0; reads < maxReads; reads++) {
      const length = this.#receive();
      if (length === 'empty') return whole;
      if (length === 'overflow') whole = false;
      else visitMessages(this.#view, length, take);
    }
    return whole;
  }

  [Symbol.dispose](): void {
    getLibc().close(this.#fd);
  }

  #send(type: number, flags: number, payload: Uint8Array): void {
    this.#sequence = (this.#sequence + 1) >>> 0;
    const request = new Uint8Array(netlinkHeaderBytes + payload.length);
    request.set(payload, netlinkHeaderBytes);
    writeHeader(new DataView(request.buffer), request.length, type, flags, this.#sequence);
    if (getLibc().send(this.#fd, request, request.length, 0) < 0) {
      throw systemError(`send netlink message ${type}`);
    }
  }

  #receive(): number | 'empty' | 'overflow' {
    for (;;) {
      const length = getLibc().recv(this.#fd, this.#bytes, receiveBytes, msgDontwait);
      if (length > 0) return length;
      const errno = lastErrno();
      if (length === 0 || errno === 'EAGAIN') return 'empty';
      if (errno === 'ENOBUFS') return 'overflow';
      if (errno !== 'EINTR') throw systemError('receive from a netlink socket');
    }
  }
}
