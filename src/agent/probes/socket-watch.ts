import { setTimeout as wait } from 'node:timers/promises';
import { DatagramSocket } from '../../sys/datagram-socket.ts';
import { Epoll } from '../../sys/epoll.ts';

/**
 * How often sockets are looked at. Nothing is measured by when that is: the kernel stamps what comes in. Node has no event
 * for such descriptors, and one look at all of them costs 2 us.
 */
const lookMs = 3;
/** While connections are awaited, whose refusals have no stamp. */
const closeLookMs = 1;

/** The kernel starts to stamp packets in a work queue, a moment after a socket first asks for it (net_enable_timestamp). */
const settleMs = 15;

/** Looks at sockets while there are any to look at; between rounds it does nothing. */
export class SocketWatch {
  readonly #watched = new Map<number, () => void>();
  #connections = 0;
  #epoll: Epoll | undefined;
  #timer: NodeJS.Timeout | undefined;
  #settled: Promise<unknown> | undefined;

  /** Has the kernel stamp packets from now on, before the first that matters. Rejects with NM_SYSTEM where no socket is to be had. */
  async prepare(): Promise<void> {
    this.#settled ??= keepStamping();
    try {
      await this.#settled;
    } catch (error) {
      this.#settled = undefined;
      throw error;
    }
  }

  /**
   * Calls `onReady` while there is something to receive, or with `writable` a connection was made, until disposed of. Throws
   * NM_SYSTEM.
   */
  watch(socket: DatagramSocket, onReady: () => void, writable = false): Disposable {
    this.#epoll ??= new Epoll();
    this.#epoll.add(socket.fd, writable);
    this.#watched.set(socket.fd, onReady);
    if (writable) this.#connections++;
    this.#plan();
    return {
      [Symbol.dispose]: () => {
        if (!this.#watched.delete(socket.fd)) return;
        if (writable) this.#connections--;
        this.#epoll?.remove(socket.fd);
        if (this.#watched.size === 0) this.#rest();
      },
    };
  }

  #plan(): void {
    this.#timer ??= setTimeout(() => this.#look(), this.#connections > 0 ? closeLookMs : lookMs);
  }

  #look(): void {
    this.#timer = undefined;
    this.#epoll?.visitReady((fd) => this.#watched.get(fd)?.());
    if (this.#watched.size > 0) this.#plan();
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#epoll?.[Symbol.dispose]();
    this.#epoll = undefined;
  }
}

/** A socket that asks for stamps and is never closed, so that the kernel does not stop and begin again with each probe. */
async function keepStamping(): Promise<DatagramSocket> {
  const socket = new DatagramSocket({ family: 4, type: 'datagram', protocol: 17 });
  await wait(settleMs);
  return socket;
}
