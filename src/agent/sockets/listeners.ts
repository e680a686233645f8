import type { TrackedConnection } from './tracked.ts';

/** The sockets that listen, by network namespace and port. */
export class Listeners {
  readonly #byPort = new Map<string, TrackedConnection[]>();

  add(listener: TrackedConnection): void {
    const name = nameOf(listener);
    const others = this.#byPort.get(name);
    if (others) others.push(listener);
    else this.#byPort.set(name, [listener]);
  }

  remove(listener: TrackedConnection): void {
    const name = nameOf(listener);
    const left = this.#byPort.get(name)?.filter((other) => other !== listener) ?? [];
    if (left.length > 0) this.#byPort.set(name, left);
    else this.#byPort.delete(name);
  }

  /** The listener that a connection's local end belongs to: bound to its address, or else to any. */
  find(connection: TrackedConnection): TrackedConnection | undefined {
    const listeners = this.#byPort.get(nameOf(connection));
    return listeners?.find((listener) => listener.localIp === connection.localIp) ?? listeners?.[0];
  }
}

const nameOf = ({ protocol, netns, localPort }: TrackedConnection): string =>
  `${protocol} ${netns} ${localPort}`;
