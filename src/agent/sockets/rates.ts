import type { TrackedConnection } from './tracked.ts';

/** Time constant of a connection's rate: it follows a change by two thirds within this time. */
const smoothingMs = 500;
/** Below this many bytes a second a rate that falls is over. */
const negligible = 1;

/** The rates of those connections that have one; the others cost nothing. */
export class RateMeter {
  readonly #moving: TrackedConnection[] = [];

  /** Counts payload of this tick. */
  add(connection: TrackedConnection, sent: number, received: number): void {
    connection.tickSent += sent;
    connection.tickReceived += received;
    if (connection.moving) return;
    connection.moving = true;
    this.#moving.push(connection);
  }

  /** Ends a tick of `elapsedMs`: brings all rates up to date and calls `onChange` for each that has one. */
  tick(elapsedMs: number, onChange: (connection: TrackedConnection) => void): void {
    const weight = 1 - Math.exp(-elapsedMs / smoothingMs);
    const perSecond = 1000 / elapsedMs;
    let kept = 0;
    for (const connection of this.#moving) {
      if (connection.closedNs > 0) {
        connection.moving = false;
        continue;
      }
      connection.uploadSpeed += (connection.tickSent * perSecond - connection.uploadSpeed) * weight;
      connection.downloadSpeed += (connection.tickReceived * perSecond - connection.downloadSpeed) * weight;
      connection.tickSent = 0;
      connection.tickReceived = 0;
      if (connection.uploadSpeed < negligible) connection.uploadSpeed = 0;
      if (connection.downloadSpeed < negligible) connection.downloadSpeed = 0;
      onChange(connection);
      if (connection.uploadSpeed + connection.downloadSpeed === 0) connection.moving = false;
      else this.#moving[kept++] = connection;
    }
    this.#moving.length = kept;
  }
}
