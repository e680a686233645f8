import { AgingMap } from '../../base/aging-map.ts';
import { NetmonError } from '../../base/errors.ts';
import { parseEndpoint } from '../../base/ip.ts';
import type { ReportedConnection } from '../../wire/connection.ts';
import type { LinkChange, LiveFrame } from '../../wire/link.ts';
import type { InterfaceRow, ProcessRow, Sample, SensorStatus, SystemRow } from '../../wire/machine.ts';
import type { TrafficStatistics, TrafficWindow } from '../../wire/traffic-statistics.ts';
import type { ChangeLog } from './change-log.ts';
import { SampleRing, SampleRings } from './history.ts';
import type { IdPool } from './ids.ts';
import type { RecentConnections } from './recent.ts';
import {
  applyChange,
  canonicalEndpoint,
  isSameConnection,
  type LiveRow,
  makeRow,
  reviseRow,
  type TextPool,
} from './row.ts';

/** What an agent says of itself. */
export interface AgentHello {
  readonly agent: string;
  readonly version: string;
  readonly kernel: string;
  readonly os: string;
  readonly sensors: readonly SensorStatus[];
}

export type Totals = NonNullable<LiveFrame['totals']>;

/** Finds names of addresses; one that is not known yet arrives later, if at all. */
export interface NameSource {
  /** Calls back at once when the name is known, later when it is found, never when there is none. */
  lookUp(ip: string, found: (name: string, source: 'ptr' | 'hosts') => void): void;
}

/** What the mirrors of all agents share. */
export interface MirrorParts {
  readonly ids: IdPool;
  readonly pool: TextPool;
  readonly log: ChangeLog;
  readonly recent: RecentConnections;
  readonly names: NameSource | null;
  readonly now: () => number;
  /** Whether one more open connection may be kept; counts it as lost when not. */
  admit(): boolean;
  onRow(row: LiveRow): void;
  onRowGone(row: LiveRow): void;
  /** Whether views hold the row. */
  isShown(row: LiveRow): boolean;
}

/** Processes of one agent. */
const maxProcesses = 50_000;
/** Ended connections whose record is still to come. */
const maxAwaited = 10_000;
/** Clocks further apart than this are brought together, so that charts of several machines line up. */
const clockToleranceMs = 2_000;

/** The messages that make up a full frame have come after this long. */
const fullFrameMs = 10_000;

const noTotals: Totals = { bytes_sent: 0, bytes_received: 0, connections: 0, errors: 0 };

/** What one agent has open right now, kept up to date from its live frames. */
export class AgentMirror {
  hello: AgentHello;
  connected = false;
  lastSeen: number | null = null;
  system: SystemRow | null = null;
  totals: Totals = noTotals;
  interfaces: readonly InterfaceRow[] = [];
  readonly processes = new Map<string, ProcessRow>();
  /** The sums of inspected traffic that were last told, by window. */
  readonly traffic = new Map<TrafficWindow, TrafficStatistics>();
  readonly samples = new SampleRing();
  readonly interfaceSamples = new SampleRings();
  readonly processSamples = new SampleRings();
  readonly #parts: MirrorParts;
  readonly #rows = new Map<number, LiveRow>();
  readonly #inTimeWait = new Set<LiveRow>();
  /** Rows of before a full frame or a disconnect, so that what is still open keeps its id. */
  #previous = new Map<number, LiveRow>();
  #setAsideAt = 0;
  /** Connections that ended, by key, until their record has come. */
  readonly #awaited = new AgingMap<number, LiveRow>();
  /** Ids of records in TIME_WAIT, by key, until a frame shows the connection. */
  readonly #lingering = new AgingMap<number, number>();

  constructor(hello: AgentHello, parts: MirrorParts) {
    this.hello = hello;
    this.#parts = parts;
  }

  get connections(): number {
    return this.#rows.size;
  }

  /** Connections that are not over: all but those in TIME_WAIT. */
  get active(): number {
    return this.#rows.size - this.#inTimeWait.size;
  }

  rows(): Iterable<LiveRow> {
    return this.#rows.values();
  }

  /** Takes a frame in. Throws NM_VALIDATION when it makes no sense; ids for all that it opens must be reserved. */
  apply(frame: LiveFrame): void {
    const now = this.#parts.now();
    this.lastSeen = now;
    if (frame.full) this.#setAside();
    else if (this.#previous.size > 0 && Math.abs(now - this.#setAsideAt) > fullFrameMs)
      this.#previous = new Map();
    for (const { key, connection } of frame.opened) this.#open(key, connection);
    for (const { key, connection } of frame.revised) this.#open(key, connection);
    for (const change of frame.changed) this.#change(change);
    for (const key of frame.closed) this.#close(key, now);
    this.#applyProcesses(frame);
    this.#applySamples(frame, now);
    if (frame.interfaces) this.interfaces = frame.interfaces;
    if (frame.system) this.system = frame.system;
    for (const statistics of frame.traffic ?? []) this.traffic.set(statistics.window, statistics);
    if (frame.totals) this.totals = frame.totals;
    if (frame.sensors) this.hello = { ...this.hello, sensors: frame.sensors };
  }

  /** The agent is gone: nothing of it is open any more as far as one knows. */
  disconnect(): void {
    this.connected = false;
    this.traffic.clear();
    this.#setAside();
  }

  /**
   * The live row that a durable record is about, which by this has ended; undefined for a connection that no frame has
   * shown. The row's id belongs to the record from here on. One in TIME_WAIT stays on show until a frame closes it.
   */
  claim(key: number | null, reported: ReportedConnection): LiveRow | undefined {
    if (key === null) return undefined;
    const row = this.#rows.get(key) ?? this.#awaited.get(key) ?? this.#previous.get(key);
    if (!row || row.protocol !== reported.protocol) return undefined;
    if (row.remote_addr !== canonicalEndpoint(reported.remote_addr) && row.state !== 'NONE') return undefined;
    if (this.#rows.get(key) === row) {
      if (reported.state === 'TIME_WAIT') this.#conclude(row, reported);
      else this.#remove(key, row);
    }
    this.#awaited.delete(key);
    this.#previous.delete(key);
    return row;
  }

  /** A record in TIME_WAIT has been stored: a frame shows its connection, or soon will under the same id. */
  awaitLingering(key: number, id: number): void {
    if (this.#rows.get(key)?.id === id) return;
    this.#lingering.set(key, id);
    if (this.#lingering.size > maxAwaited) this.#lingering.removeOldest();
  }

  #conclude(row: LiveRow, reported: ReportedConnection): void {
    reviseRow(row, reported, this.#parts.pool);
    row.upload_speed = 0;
    row.download_speed = 0;
    this.#touch(row);
  }

  /** Something of a row that is on show changed. */
  #touch(row: LiveRow): void {
    this.#noteState(row);
    this.#parts.log.touch(row);
  }

  #noteState(row: LiveRow): void {
    if (row.state === 'TIME_WAIT') this.#inTimeWait.add(row);
    else this.#inTimeWait.delete(row);
  }

  #open(key: number, reported: ReportedConnection): void {
    const known = this.#rows.get(key);
    if (known) {
      const { remote_addr } = known;
      reviseRow(known, reported, this.#parts.pool);
      this.#touch(known);
      if (known.remote_addr !== remote_addr) this.#findName(known);
      return;
    }
    if (!this.#parts.admit()) return;
    const row = this.#restore(key, reported) ?? this.#makeRow(key, reported);
    this.#rows.set(key, row);
    this.#parts.onRow(row);
    this.#touch(row);
    if (row.remote_name === null) this.#findName(row);
  }

  #makeRow(key: number, reported: ReportedConnection): LiveRow {
    const id = this.#lingering.get(key);
    this.#lingering.delete(key);
    return makeRow(id ?? this.#parts.ids.take(), this.hello.agent, reported, this.#parts.pool);
  }

  #restore(key: number, reported: ReportedConnection): LiveRow | undefined {
    const row = this.#previous.get(key);
    if (!row || !isSameConnection(row, reported)) return undefined;
    this.#previous.delete(key);
    reviseRow(row, reported, this.#parts.pool);
    return row;
  }

  #change(change: LinkChange): void {
    const row = this.#rows.get(change[0]);
    if (!row) return;
    const { state } = row;
    if (!applyChange(row, change)) {
      throw new NetmonError('NM_VALIDATION', 'a change holds a number that cannot be');
    }
    if (row.state !== state) this.#noteState(row);
    this.#parts.log.count(row);
  }

  #close(key: number, now: number): void {
    const row = this.#rows.get(key);
    if (!row) return;
    this.#remove(key, row);
    // Its record came when it ended for its process.
    if (row.state === 'TIME_WAIT' && row.closed_at !== null) return;
    row.active = false;
    row.upload_speed = 0;
    row.download_speed = 0;
    row.closed_at = new Date(now).toISOString();
    row.duration_ms = row.opened_at === null ? null : Math.max(0, now - Date.parse(row.opened_at));
    this.#parts.recent.add(row, now);
    this.#awaited.set(key, row);
    if (this.#awaited.size > maxAwaited) this.#awaited.removeOldest();
  }

  #remove(key: number, row: LiveRow): void {
    this.#rows.delete(key);
    this.#inTimeWait.delete(row);
    this.#parts.onRowGone(row);
    this.#parts.log.remove(row);
  }

  #setAside(): void {
    if (this.#rows.size > 0) this.#previous = new Map(this.#rows);
    for (const [key, row] of this.#rows) this.#remove(key, row);
    this.#setAsideAt = this.#parts.now();
    this.processes.clear();
    this.interfaces = [];
  }

  #findName(row: LiveRow): void {
    const { remote_addr } = row;
    const endpoint = parseEndpoint(remote_addr);
    if (!endpoint || row.direction === 'listening') return;
    this.#parts.names?.lookUp(endpoint.ip, (name, source) => {
      if (row.remote_addr !== remote_addr || row.remote_name_source === 'dns') return;
      row.remote_name = name;
      row.remote_name_source = source;
      if (this.#parts.isShown(row)) this.#parts.log.touch(row);
    });
  }

  #applyProcesses(frame: LiveFrame): void {
    for (const process of frame.processes) {
      if (this.processes.size < maxProcesses || this.processes.has(process.key)) {
        this.processes.set(process.key, process);
      }
    }
    for (const key of frame.processes_gone) this.processes.delete(key);
  }

  #applySamples(frame: LiveFrame, now: number): void {
    const shiftMs = Math.abs(now - frame.at) > clockToleranceMs ? now - frame.at : 0;
    for (const [at, upload, download] of frame.samples) this.samples.add(at + shiftMs, upload, download);
    addAll(this.interfaceSamples, frame.interface_samples, shiftMs);
    addAll(this.processSamples, frame.process_samples, shiftMs);
  }
}

function addAll(rings: SampleRings, samples: Readonly<Record<string, Sample[]>>, shiftMs: number): void {
  for (const [name, points] of Object.entries(samples)) rings.add(name, points, shiftMs);
}
