import type { Socket } from 'node:net';

/** Connections of one address that are no link yet. */
const maxPerAddress = 64;

/** Keeps one address from taking all connections before it has shown who it is. */
export class CallerLimit {
  readonly #waiting = new Map<string, number>();
  /** What is counted, by address and port, since TLS wraps the socket that came. */
  readonly #counted = new Map<string, string>();

  /** Counts a connection, or destroys it where there are too many of that address. */
  add(socket: Socket): boolean {
    const { remoteAddress: address, remotePort: port } = socket;
    const count = this.#waiting.get(address ?? '') ?? 0;
    if (address === undefined || count >= maxPerAddress) {
      socket.destroy();
      return false;
    }
    const key = `${address} ${port}`;
    this.#waiting.set(address, count + 1);
    this.#counted.set(key, address);
    socket.on('close', () => this.#remove(key));
    return true;
  }

  /** The connection is a link now, which is counted elsewhere. */
  release({ remoteAddress, remotePort }: Socket): void {
    this.#remove(`${remoteAddress} ${remotePort}`);
  }

  #remove(key: string): void {
    const address = this.#counted.get(key);
    if (address === undefined) return;
    this.#counted.delete(key);
    const count = this.#waiting.get(address) ?? 0;
    if (count > 1) this.#waiting.set(address, count - 1);
    else this.#waiting.delete(address);
  }
}
