import { AgingMap } from '../../base/aging-map.ts';
import { formatEndpoint } from '../../base/ip.ts';
import type { Owner } from '../sockets/owner.ts';
import type { TrackedConnection } from '../sockets/tracked.ts';

/** Connections found at once; each takes a text of some 60 characters. */
const maxOpen = 65_536;
/** Owners of connections that ended, for what is told of them afterwards. */
const maxEnded = 16_384;

/** Connections by protocol and both ends, seen from the local one. */
export class EndsIndex {
  readonly #open = new AgingMap<string, TrackedConnection>();
  readonly #ended = new AgingMap<string, Owner>();

  open(connection: TrackedConnection): void {
    this.#open.set(keyOf(connection), connection);
    if (this.#open.size > maxOpen) this.#open.removeOldest();
  }

  end(connection: TrackedConnection): void {
    const key = keyOf(connection);
    if (this.#open.get(key) === connection) this.#open.delete(key);
    if (connection.identity.process_id === null) return;
    this.#ended.set(key, connection.identity);
    if (this.#ended.size > maxEnded) this.#ended.removeOldest();
  }

  find(transport: string, local: string, remote: string): TrackedConnection | undefined {
    return this.#open.get(`${transport} ${local} ${remote}`);
  }

  /** Whose the local end is or was a moment ago; null where that is not known. */
  ownerOf(transport: string, local: string, remote: string): Owner | null {
    const key = `${transport} ${local} ${remote}`;
    const owner = this.#open.get(key)?.identity ?? this.#ended.get(key) ?? null;
    return owner?.process_id === null ? null : owner;
  }
}

function keyOf({ protocol, localIp, localPort, remoteIp, remotePort }: TrackedConnection): string {
  return `${protocol} ${formatEndpoint(localIp, localPort)} ${formatEndpoint(remoteIp, remotePort)}`;
}
