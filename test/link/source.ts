import type { LiveSource, SourceFrame } from '../../src/agent/link/source.ts';
import { type Connection, connectionStates, type ReportedConnection } from '../../src/wire/connection.ts';
import type { SensorStatus } from '../../src/wire/machine.ts';
import { reported } from '../../src/wire/reported.fixture.ts';
import type { TrafficStatistics } from '../../src/wire/traffic-statistics.ts';

/** Sensors made of numbers: connections that a test opens, changes and closes, merged until they are taken. */
export class NumberSource implements LiveSource {
  readonly open = new Map<number, ReportedConnection>();
  /** Sums of inspected traffic that each frame has. */
  traffic: TrafficStatistics[] = [];
  readonly #opened = new Set<number>();
  readonly #changed = new Set<number>();
  #closed: number[] = [];
  #listener: () => void = () => {};
  #totals = { bytes_sent: 0, bytes_received: 0, connections: 0, errors: 0 };
  #lastSampleAt = 0;

  add(key: number, fields: Partial<ReportedConnection> = {}): void {
    const remote = `10.${(key >> 16) & 255}.${(key >> 8) & 255}.${key & 255}:443`;
    this.open.set(key, reported({ remote_addr: remote, ...fields }));
    this.#opened.add(key);
    this.#totals.connections++;
  }

  change(key: number, upload: number, state = 0): void {
    const connection = this.open.get(key);
    if (!connection) return;
    connection.upload_speed = upload;
    connection.bytes_sent = (connection.bytes_sent ?? 0) + upload;
    connection.state = connectionStates[state];
    this.#totals.bytes_sent += upload;
    this.#changed.add(key);
  }

  remove(key: number): void {
    if (!this.open.delete(key)) return;
    if (!this.#opened.delete(key)) this.#closed.push(key);
    this.#changed.delete(key);
  }

  /** Says that a reading was taken. */
  read(): void {
    this.#listener();
  }

  onReading(listener: () => void): void {
    this.#listener = listener;
  }

  sensors(): readonly SensorStatus[] {
    return [{ name: 'sockets', level: 'full', detail: 'numbers', reason: null, remedy: null }];
  }

  takeFrame(full: boolean): SourceFrame {
    const keys = full ? [...this.open.keys()] : [...this.#opened];
    const changed = full ? [] : [...this.#changed].filter((key) => !this.#opened.has(key));
    const now = Date.now();
    const frame: SourceFrame = {
      at: now,
      full,
      opened: keys.map((key) => ({ key, connection: this.open.get(key)! })),
      revised: [],
      changed: changed.map((key) => toChange(key, this.open.get(key)!)),
      closed: full ? [] : this.#closed,
      samples: now > this.#lastSampleAt ? [[now, 1000, 2000]] : [],
      totals: this.#totals,
      interface_samples: {},
      process_samples: {},
      processes: [],
      processes_gone: [],
      traffic: this.traffic,
    };
    this.#lastSampleAt = now;
    this.#opened.clear();
    this.#changed.clear();
    this.#closed = [];
    return frame;
  }
}

function toChange(key: number, c: ReportedConnection): number[] {
  const state = connectionStates.indexOf(c.state as NonNullable<Connection['state']>);
  return [key, state, c.bytes_sent ?? -1, 0, 0, 0, c.upload_speed ?? -1, 0, -1, -1, -1, 0, 0, 0, -1];
}
