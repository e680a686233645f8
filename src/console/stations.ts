import { NetmonError } from '../base/errors.ts';
import { findMonitor } from './actions.ts';
import type { Station, StationMonitor } from './station.ts';

/** Connections of one console at most. */
const maxStations = 64;

/** A monitor with where it is. */
export interface Found {
  readonly station: Station;
  readonly monitor: StationMonitor;
}

/** The stations that a console is connected to. */
export class Stations {
  readonly #stations: Station[] = [];

  get all(): readonly Station[] {
    return this.#stations;
  }

  /** Throws NM_CONFLICT for one that is there already. */
  add(station: Station): void {
    if (this.#stations.some(({ address }) => address === station.address)) {
      throw new NetmonError('NM_CONFLICT', `${station.address} is there already`);
    }
    if (this.#stations.length >= maxStations) {
      throw new NetmonError('NM_RATE', `a console has ${maxStations} connections at most`);
    }
    this.#stations.push(station);
  }

  /** The station of that name or address, which is closed and forgotten. Throws NM_NOT_FOUND. */
  remove(text: string): Station {
    const station = this.find(text);
    this.#stations.splice(this.#stations.indexOf(station), 1);
    station.close();
    return station;
  }

  /** The station of that name or address. Throws NM_NOT_FOUND. */
  find(text: string): Station {
    const found = this.#stations.find(({ name, address }) => name === text || address === text);
    if (found) return found;
    const known = this.#stations.map(({ name }) => name).join(', ');
    throw new NetmonError(
      'NM_NOT_FOUND',
      `not connected to ${text}${known === '' ? '' : `, but to ${known}`}`,
    );
  }

  /** Those that can be asked now. Throws NM_UNAVAILABLE when there is none. */
  ready(): readonly Station[] {
    const ready = this.#stations.filter(({ kind, connected }) => kind === 'server' || connected);
    if (ready.length > 0) return ready;
    throw new NetmonError(
      'NM_UNAVAILABLE',
      this.#stations.length === 0
        ? 'not connected: try "connect ADDRESS"'
        : 'no connection is up at the moment',
    );
  }

  /**
   * Wherever a monitor of that id or name is: `id`, or `id@station` for one station alone. Throws NM_NOT_FOUND, or what
   * kept a station from answering when none has it.
   */
  async locate(text: string, secrets: (station: Station) => boolean = () => false): Promise<Found[]> {
    const at = text.lastIndexOf('@');
    if (at > 0) {
      const station = this.find(text.slice(at + 1));
      return [{ station, monitor: await findMonitor(station, text.slice(0, at), secrets(station)) }];
    }
    const asked = await Promise.allSettled(
      this.ready().map(async (station) => ({
        station,
        monitor: await findMonitor(station, text, secrets(station)),
      })),
    );
    const found = asked.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    if (found.length > 0) return found;
    const reasons = asked.map((answer) => (answer.status === 'rejected' ? (answer.reason as unknown) : null));
    const other = reasons.find(
      (reason) => !(reason instanceof NetmonError) || reason.code !== 'NM_NOT_FOUND',
    );
    throw other ?? new NetmonError('NM_NOT_FOUND', `there is no monitor ${JSON.stringify(text)}`);
  }

  close(): void {
    for (const station of this.#stations) station.close();
  }
}
