import type { DatagramSocket } from '../../sys/datagram-socket.ts';
import { Epoll } from '../../sys/epoll.ts';

/**
 * How often sockets are looked at. Nothing is measured by when that is: the kernel stamps what comes in. Node has no event
 * for such descriptors, and one look at all of them costs 2 us.
 */
const lookMs = 3;

interface Watched {
  readonly onReady: () => void;
}

/** Looks at sockets while there are any to look at; between rounds it does nothing. */
export class SocketWatch {
  readonly #watched = new Map<number, Watched>();
  #epoll: Epoll | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Calls `onReady` while there is something to receive, until disposed of. Throws NM_SYSTEM. */
  watch(socket: DatagramSocket, onReady: () => void): Disposable {
    this.#epoll ??= new Epoll();
    this.#epoll.add(socket.fd);
    this.#watched.set(socket.fd, { onReady });
    this.#timer ??= setTimeout(() => this.#look(), lookMs);
    return {
      [Symbol.dispose]: () => {
        if (!this.#watched.delete(socket.fd)) return;
        this.#epoll?.remove(socket.fd);
        if (this.#watched.size === 0) this.#rest();
      },
    };
  }

  #look(): void {
    this.#epoll?.visitReady((fd) => this.#watched.get(fd)?.onReady());
    if (this.#watched.size > 0) this.#timer?.refresh();
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#epoll?.[Symbol.dispose]();
    this.#epoll = undefined;
  }
}
