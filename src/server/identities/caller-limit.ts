import type { Socket } from 'node:net';
import { callerNetwork } from './caller-network.ts';

/** Connections of one caller that are no link yet. */
const maxPerCaller = 64;

/** Keeps one caller from taking all connections before it has shown who it is. */
export class CallerLimit {
  readonly #waiting = new Map<string, number>();
  /** Callers by address and port, since TLS wraps the socket that came. */
  readonly #counted = new Map<string, string>();

  /** Counts a connection, or destroys it where there are too many of that caller. */
  add(socket: Socket): boolean {
    const { remoteAddress: address, remotePort: port } = socket;
    const caller = callerNetwork(address ?? '');
    const count = this.#waiting.get(caller) ?? 0;
    if (address === undefined || count >= maxPerCaller) {
      socket.destroy();
      return false;
    }
    const key = `${address} ${port}`;
    this.#waiting.set(caller, count + 1);
    this.#counted.set(key, caller);
    socket.on('close', () => this.#remove(key));
    return true;
  }

  /** The connection is a link now, which is counted elsewhere. */
  release({ remoteAddress, remotePort }: Socket): void {
    this.#remove(`${remoteAddress} ${remotePort}`);
  }

  #remove(key: string): void {
    const caller = this.#counted.get(key);
    if (caller === undefined) return;
    this.#counted.delete(key);
    const count = this.#waiting.get(caller) ?? 0;
    if (count > 1) this.#waiting.set(caller, count - 1);
    else this.#waiting.delete(caller);
  }
}
