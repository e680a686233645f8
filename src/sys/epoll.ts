import { getLibc, systemError } from './libc.ts';

const epollCloexec = 0o2000000;
const actions = { add: 1, remove: 2 } as const;
const events = { readable: 0x1, writable: 0x4 } as const;
/** struct epoll_event is packed on x86-64 alone (uapi/linux/eventpoll.h). */
const eventBytes = process.arch === 'x64' ? 12 : 16;
const dataAt = eventBytes - 8;
const maxEvents = 256;

/** Says which of many descriptors have something to read or an error; asking does not wait. Dispose of it to close it. */
export class Epoll implements Disposable {
  readonly #fd: number;
  readonly #events = new DataView(new ArrayBuffer(eventBytes * maxEvents));
  readonly #bytes = new Uint8Array(this.#events.buffer);

  /** Throws NM_SYSTEM. */
  constructor() {
    this.#fd = getLibc().epollCreate(epollCloexec);
    if (this.#fd < 0) throw systemError('make an epoll');
  }

  /**
   * Ready is what can be read or has an error, and with `writable` a connection that is made. Throws NM_SYSTEM, as with too
   * many that are watched.
   */
  add(fd: number, writable = false): void {
    const event = new DataView(new ArrayBuffer(eventBytes));
    event.setUint32(0, events.readable | (writable ? events.writable : 0), true);
    event.setInt32(dataAt, fd, true);
    if (getLibc().epollControl(this.#fd, actions.add, fd, new Uint8Array(event.buffer)) < 0)
      throw systemError('watch a socket');
  }

  remove(fd: number): void {
    getLibc().epollControl(this.#fd, actions.remove, fd, this.#bytes);
  }

  /** Visits descriptors that are ready, 256 at most. */
  visitReady(visit: (fd: number) => void): void {
    const count = getLibc().epollWait(this.#fd, this.#bytes, maxEvents, 0);
    const fds = Array.from({ length: Math.max(0, count) }, (_, i) =>
      this.#events.getInt32(i * eventBytes + dataAt, true),
    );
    for (const fd of fds) visit(fd);
  }

  [Symbol.dispose](): void {
    getLibc().close(this.#fd);
  }
}
