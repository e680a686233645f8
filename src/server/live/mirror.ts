import { parseEndpoint } from '../../base/ip.ts';
import { mergeStatistics } from '../../rules/statistics/merge.ts';
import type { Connection, ReportedConnection } from '../../wire/connection.ts';
import { splitAgents } from '../../wire/filter.ts';
import type { AlertKey, LiveFrame, PacketsAnswer, PacketsQuestion, SavedPiece } from '../../wire/link.ts';
import type { LiveStats } from '../../wire/live.ts';
import type { InterfaceRow, Losses, ProcessRow, Sample } from '../../wire/machine.ts';
import type { AlertRow } from '../../wire/traffic-api.ts';
import type { AlertSettings } from '../../wire/traffic-schema.ts';
import type { TrafficStatistics, TrafficWindow } from '../../wire/traffic-statistics.ts';
import { type AgentHello, AgentMirror, type MirrorParts, type NameSource } from './agent-mirror.ts';
import { ChangeLog } from './change-log.ts';
import type { SampleRing } from './history.ts';
import type { IdPool } from './ids.ts';
import { TrafficLedger } from './ledger.ts';
import { RecentConnections } from './recent.ts';
import { type LiveRow, makeRow, ownTexts, TextPool } from './row.ts';
import type { AgentState, LiveState, SavedPackets } from './state.ts';

/** Open connections kept over all agents: 300 MB. */
const maxConnections = 500_000;
/** Agents remembered, connected or not. */
const maxAgents = 1_000;
/** Longest wait for the agents' answers to a refresh. */
const refreshMs = 250;
/** Samples that a speed is the mean of: half a second. */
const speedSamples = 5;

/** Of a capture file saved at an alert; an agent makes none as large. */
const maxSavedBytes = 32 * 1024 * 1024;

/** What the mirror asks of an agent's connection. */
export interface AgentControl {
  /** Resolves with the frame that answers, or when the connection ends. */
  sync(): Promise<void>;
  pace(intervalMs: number): void;
  /** The agent's packets of a connection; null when it does not answer in time. */
  packets(question: PacketsQuestion): Promise<PacketsAnswer | null>;
  /** A piece of the packets that the agent saved at an alert; null as above. */
  savedPackets(alert: AlertKey, offset: number): Promise<SavedPiece | null>;
  /** Tells the agent what alerts are held against. */
  configure(alerts: AlertSettings): void;
  /** Whether the agent is there still, by a sign of life within two seconds. */
  isAlive(): Promise<boolean>;
  /** Ends a connection whose other end is gone. */
  cut(reason: string): void;
}

/** A connection's durable record on its way into the store: under which id and name. */
export interface RecordIdentity {
  readonly id: number | null;
  readonly remote_name: string | null;
  readonly remote_name_source: Connection['remote_name_source'];
}

/** How many viewers there are, and how fast the fastest wants frames. */
interface Audience {
  readonly viewers: number;
  readonly intervalMs: number;
}

/** Sums over several agents, and what they were made of. */
interface MergedTraffic {
  readonly parts: readonly TrafficStatistics[];
  readonly merged: TrafficStatistics;
}

/** Pace of an agent that nobody watches. */
const idleIntervalMs = 1_000;

/** The open connections of all agents, in memory, and what else is so right now. */
export class Mirror implements LiveState {
  readonly log = new ChangeLog();
  readonly recent = new RecentConnections(this.log);
  readonly ledger: TrafficLedger;
  /** The newest alerts, newest first. */
  alerts: readonly AlertRow[] = [];
  readonly ids: IdPool;
  readonly #now: () => number;
  readonly #agents = new Map<string, AgentMirror>();
  readonly #controls = new Map<AgentMirror, AgentControl>();
  readonly #byId = new Map<number, LiveRow>();
  readonly #parts: MirrorParts;
  readonly #traffic = new Map<TrafficWindow, MergedTraffic>();
  readonly #lost = { live_connections: 0, spooled_records: 0 };
  #audience: Audience = { viewers: 0, intervalMs: idleIntervalMs };
  #onArrival: () => void = () => {};
  /** Questions for the newest alerts, and which of them `alerts` answers. */
  #alertsAsked = 0;
  #alertsShown = 0;

  constructor(ids: IdPool, names: NameSource | null, now: () => number = Date.now) {
    this.ids = ids;
    this.#now = now;
    this.ledger = new TrafficLedger(now());
    this.#parts = {
      ids,
      pool: new TextPool(),
      log: this.log,
      recent: this.recent,
      names,
      now,
      admit: () => this.#admit(),
      onRow: (row) => void this.#byId.set(row.id, row),
      onRowGone: (row) => void this.#byId.delete(row.id),
      isShown: (row) => (this.#byId.get(row.id) ?? this.recent.get(row.id)) === row,
    };
  }

  /** An agent said hello; null when one of that name is connected already. */
  connect(hello: AgentHello, control: AgentControl): AgentMirror | null {
    const known = this.#agents.get(hello.agent);
    if (known?.connected) return null;
    const agent = known ?? new AgentMirror(hello, this.#parts);
    agent.hello = hello;
    agent.connected = true;
    agent.lastSeen = this.#now();
    this.#agents.set(hello.agent, agent);
    this.#controls.set(agent, control);
    this.#forgetAgents();
    this.#onArrival();
    return agent;
  }

  /** The connection of the agent of that name; null when there is none. */
  holder(name: string): AgentControl | null {
    const agent = this.#agents.get(name);
    return (agent && this.#controls.get(agent)) ?? null;
  }

  disconnect(agent: AgentMirror): void {
    agent.disconnect();
    this.#controls.delete(agent);
    this.#onArrival();
  }

  /** Takes a live frame in; throws NM_VALIDATION. */
  apply(agent: AgentMirror, frame: LiveFrame): void {
    agent.apply(frame);
    this.recent.expire(this.#now());
    this.#onArrival();
  }

  /** Under which id and remote name a durable record is to be stored. By this its connection has ended. */
  identify(agent: AgentMirror, key: number | null, reported: ReportedConnection): RecordIdentity {
    const row = agent.claim(key, reported);
    if (row) return row;
    let identity: RecordIdentity = { id: null, remote_name: null, remote_name_source: null };
    const ip = reported.remote_name === null ? parseEndpoint(reported.remote_addr)?.ip : undefined;
    // What is not known by now comes too late for the record, but serves the next one to the same address.
    if (ip !== undefined) {
      this.#parts.names?.lookUp(ip, (remote_name, remote_name_source) => {
        identity = { id: null, remote_name, remote_name_source };
      });
    }
    return identity;
  }

  /** A durable record has been stored under this id; `key` is the live connection's, if one is shown. */
  recorded(
    agent: AgentMirror,
    stored: { readonly id: number; readonly key: number | null },
    reported: ReportedConnection,
    identity: RecordIdentity,
  ): void {
    const { id, key } = stored;
    this.ledger.end(id, { ...reported, agent: agent.hello.agent });
    if (key !== null && reported.state === 'TIME_WAIT') {
      agent.awaitLingering(key, id);
      return;
    }
    const row = makeRow(id, agent.hello.agent, reported, ownTexts);
    row.active = false;
    row.upload_speed = 0;
    row.download_speed = 0;
    if (row.remote_name === null) {
      row.remote_name = identity.remote_name;
      row.remote_name_source = identity.remote_name_source;
    }
    this.recent.add(row, this.#now());
    if (row.error !== null) this.recent.addError(row);
  }

  /** An agent has told that so many records were lost before they reached the server. */
  countLost(records: number): void {
    this.#lost.spooled_records += records;
  }

  /** Calls `listener` after each frame or change of agents. */
  onArrival(listener: () => void): void {
    this.#onArrival = listener;
  }

  /** The viewers changed: how many there are, and the pace at which agents are to send. */
  setAudience(viewers: number, intervalMs: number | null): void {
    const audience = { viewers, intervalMs: intervalMs ?? idleIntervalMs };
    const changed = audience.intervalMs !== this.#audience.intervalMs;
    this.#audience = audience;
    if (changed) for (const control of this.#controls.values()) control.pace(audience.intervalMs);
  }

  /** What an agent that connects now is to be told. */
  get intervalMs(): number {
    return this.#audience.intervalMs;
  }

  /** Rows of the live views: what is open, and for a while what has ended. */
  *viewed(): Iterable<LiveRow> {
    yield* this.#byId.values();
    yield* this.recent.rows();
  }

  /** Connected agents first, each in the order in which it came. */
  mirrors(agents?: string): readonly AgentMirror[] {
    return [...this.#named(agents)].sort((a, b) => Number(b.connected) - Number(a.connected));
  }

  *connections(): Iterable<Connection> {
    const now = this.#now();
    for (const row of this.#byId.values()) yield withDuration(row, now);
  }

  connectionById(id: number): Connection | undefined {
    const row = this.#byId.get(id);
    return row && withDuration(row, this.#now());
  }

  *processes(agents?: string): Iterable<ProcessRow> {
    for (const agent of this.#named(agents)) yield* agent.processes.values();
  }

  *interfaces(agents?: string): Iterable<InterfaceRow> {
    for (const agent of this.#named(agents)) yield* agent.interfaces;
  }

  *#named(agents: string | undefined): Iterable<AgentMirror> {
    const names = agents === undefined ? null : splitAgents(agents);
    for (const agent of this.#agents.values()) {
      if (names === null || names.includes(agent.hello.agent)) yield agent;
    }
  }

  agents(): readonly AgentState[] {
    return this.mirrors().map(({ hello, connected, lastSeen, system }) => ({
      agent: hello.agent,
      version: hello.version,
      kernel: hello.kernel,
      os: hello.os,
      sensors: hello.sensors,
      connected,
      last_seen: lastSeen === null ? null : new Date(lastSeen).toISOString(),
      system,
    }));
  }

  /** The sums of a window of the agent of that name, or else of all that are connected; the same object until they change. */
  traffic(window: TrafficWindow, agent?: string): TrafficStatistics | undefined {
    const parts = [...this.#agents.values()]
      .filter(({ hello }) => agent === undefined || hello.agent === agent)
      .map(({ traffic }) => traffic.get(window))
      .filter((found) => found !== undefined);
    if (parts.length < 2) return parts[0];
    const before = this.#traffic.get(window);
    const isSame =
      before?.parts.length === parts.length && parts.every((part, i) => part === before.parts[i]);
    if (isSame) return before.merged;
    const merged = mergeStatistics(parts);
    this.#traffic.set(window, { parts, merged });
    return merged;
  }

  connectedAgents(): number {
    return this.#controls.size;
  }

  /** Totals over the agents of those names, apart by commas; over all unless given. */
  stats(agents?: string): LiveStats {
    const stats = {
      active_connections: 0,
      bytes_sent: 0,
      bytes_received: 0,
      connections_total: 0,
      errors_total: 0,
    };
    for (const { totals, active } of this.#named(agents)) {
      stats.active_connections += active;
      stats.bytes_sent += totals.bytes_sent;
      stats.bytes_received += totals.bytes_received;
      stats.connections_total += totals.connections;
      stats.errors_total += totals.errors;
    }
    const [upload, download] = this.#speeds(agents);
    return {
      upload_speed: upload,
      download_speed: download,
      total_bandwidth: stats.bytes_sent + stats.bytes_received,
      ...stats,
    };
  }

  samples(): readonly Sample[] {
    return this.samplesFrom(0).samples;
  }

  /**
   * The samples over all agents, or those of these names, from number `start` on, and the number of the next. They stand
   * at the times of the first agent's; what the others had at those times is added.
   */
  samplesFrom(start: number, agents?: string): { readonly samples: Sample[]; readonly end: number } {
    const [first, ...others] = this.mirrors(agents);
    if (!first) return { samples: [], end: 0 };
    const samples = first.samples.from(start);
    for (const other of others) other.samples.addTo(samples);
    return { samples, end: first.samples.end };
  }

  /** The ring of an interface (by name) or a process (by key) on the first agent (of these names) that has one. */
  ring(by: 'interface' | 'process', key: string, agents?: string): SampleRing | undefined {
    for (const agent of this.mirrors(agents)) {
      const ring = (by === 'interface' ? agent.interfaceSamples : agent.processSamples).get(key);
      if (ring) return ring;
    }
    return undefined;
  }

  async refresh(): Promise<void> {
    if (this.#controls.size === 0) return;
    const answers = [...this.#controls.values()].map((control) => control.sync());
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, refreshMs);
    await Promise.race([promise, Promise.allSettled(answers)]);
    clearTimeout(timer);
  }

  async packets({ agent, ...connection }: Connection): Promise<PacketsAnswer | null> {
    const control = this.#controlOf(agent);
    const { protocol, local_addr, remote_addr, opened_at, closed_at } = connection;
    if (!control || protocol === null) return null;
    return control.packets({ protocol, local_addr, remote_addr, opened_at, closed_at });
  }

  async savedPackets(agent: string, alert: AlertKey): Promise<SavedPackets | null> {
    const control = this.#controlOf(agent);
    const pieces: Buffer[] = [];
    let offset = 0;
    for (;;) {
      const answer = await control?.savedPackets(alert, offset);
      if (!answer) return null;
      const { size, piece, reason } = answer;
      if (reason !== null) return { pcapng: Buffer.alloc(0), reason };
      const bytes = Buffer.from(piece, 'base64');
      pieces.push(bytes);
      offset += bytes.length;
      if (size > maxSavedBytes)
        return { pcapng: Buffer.alloc(0), reason: 'the agent tells of too large a file' };
      if (offset >= size || bytes.length === 0) return { pcapng: Buffer.concat(pieces), reason: null };
    }
  }

  /** Has `ask` tell the newest alerts, of which an answer is left out when a later question was answered before it. */
  async showAlerts(ask: () => Promise<readonly AlertRow[]>): Promise<void> {
    const turn = ++this.#alertsAsked;
    const alerts = await ask();
    if (turn < this.#alertsShown) return;
    this.#alertsShown = turn;
    this.alerts = alerts;
  }

  configureAlerts(alerts: AlertSettings): void {
    for (const control of this.#controls.values()) control.configure(alerts);
  }

  viewers(): number {
    return this.#audience.viewers;
  }

  lost(): Losses {
    return { ...this.#lost };
  }

  #controlOf(agent: string | null): AgentControl | undefined {
    return [...this.#controls].find(([{ hello }]) => hello.agent === agent)?.[1];
  }

  #speeds(agents: string | undefined): readonly [number, number] {
    let upload = 0;
    let download = 0;
    for (const agent of this.#named(agents)) {
      if (!this.#controls.has(agent)) continue;
      const samples = agent.samples.from(agent.samples.end - speedSamples);
      for (const sample of samples) {
        upload += sample[1] / samples.length;
        download += sample[2] / samples.length;
      }
    }
    return [Math.round(upload), Math.round(download)];
  }

  #admit(): boolean {
    if (this.#byId.size < maxConnections) return true;
    this.#lost.live_connections++;
    return false;
  }

  #forgetAgents(): void {
    for (const [name, agent] of this.#agents) {
      if (this.#agents.size <= maxAgents) return;
      if (!agent.connected) this.#agents.delete(name);
    }
  }
}

function withDuration(row: LiveRow, now: number): LiveRow {
  if (row.opened_at !== null && row.closed_at === null)
    row.duration_ms = Math.max(0, now - Date.parse(row.opened_at));
  return row;
}
