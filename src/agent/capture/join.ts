import { AgingMap } from '../../base/aging-map.ts';
import { PassiveNames } from '../../rules/passive-names.ts';
import type { ReportedConnection } from '../../wire/connection.ts';
import type { ApplicationRecord } from '../../wire/traffic.ts';
import type { Owner } from '../sockets/owner.ts';
import type { TrackedConnection } from '../sockets/tracked.ts';
import { EndsIndex } from './ends-index.ts';
import { addRecord, type ConnectionFacts, describeFacts, FactTable, noFacts } from './facts.ts';
import type { InspectorMessage } from './inspector-messages.ts';

/** Owners of connections that ended, for what is told of them afterwards. */
const maxOwners = 16_384;
/** Connections in TIME_WAIT of which something may still be told: as many as are shown at once. */
const maxLingering = 1024;
/** Connections looked at again for a name, since an answer is told of a little after it has passed. */
const maxFresh = 2_000;
const freshMs = 400;
/** A flow's facts may be stamped this much before its connection. */
const earlyMs = 1_000;

interface FlowEnds {
  readonly transport: string;
  readonly src: string;
  readonly dst: string;
  /** Of client and server. */
  readonly cookies: readonly [number, number];
}

/** Whom an inspected record belongs to. */
export type OnRecord = (record: ApplicationRecord, owner: Owner | null) => void;

export interface JoinListener {
  readonly onRecord: OnRecord;
  /** What is said of an open connection is other than before. */
  readonly onRevised: (connection: TrackedConnection) => void;
}

/**
 * Joins what inspection tells to the connections that the kernel counts: by the cookies of the sockets at its ends, and
 * by addresses where a connection is recorded after its end, or is of another network namespace.
 */
export class ConnectionJoin {
  readonly names = new PassiveNames();
  readonly #facts = new FactTable();
  readonly #listener: JoinListener;
  readonly #open = new Map<number, TrackedConnection>();
  readonly #owners = new AgingMap<number, Owner>();
  readonly #lingering = new AgingMap<number, TrackedConnection>();
  /** By both ends, where packets tell no cookies. */
  #ends: EndsIndex | null = null;
  #fresh: { readonly connection: TrackedConnection; readonly sinceMs: number }[] = [];
  #ports: Readonly<Record<string, string>> = {};
  readonly #byPort = new Map<string, ConnectionFacts>();

  constructor(listener: JoinListener) {
    this.#listener = listener;
  }

  /** Has open connections found by their addresses too. */
  findByAddresses(): void {
    this.#ends = new EndsIndex();
    for (const connection of this.#open.values()) this.#ends.open(connection);
  }

  opened(connection: TrackedConnection, nowMs: number): void {
    if (connection.direction === 'listening' || connection.peer) return;
    this.#open.set(connection.cookie, connection);
    this.#ends?.open(connection);
    connection.facts = this.#namePort(connection);
    if (this.#fresh.length < maxFresh) this.#fresh.push({ connection, sinceMs: nowMs });
  }

  /** With `lingers` it stays on show in TIME_WAIT. */
  ended(connection: TrackedConnection, lingers: boolean): void {
    const { cookie, identity } = connection;
    if (this.#open.get(cookie) === connection) this.#open.delete(cookie);
    if (lingers) this.#linger(connection);
    else this.#ends?.end(connection);
    if (identity.process_id === null) return;
    this.#owners.set(cookie, identity);
    if (this.#owners.size > maxOwners) this.#owners.removeOldest();
  }

  /** Its last packets are told of a moment after its end. */
  #linger(connection: TrackedConnection): void {
    this.#lingering.set(connection.cookie, connection);
    if (this.#lingering.size <= maxLingering) return;
    const oldest = this.#lingering.removeOldest();
    if (oldest) this.#ends?.end(oldest);
  }

  /** Cookies of the sockets of the programs that are chosen, open ones and those that ended last; `most` of them. */
  cookiesOf(isWanted: (owner: Owner) => boolean, most: number): number[] {
    const cookies: number[] = [];
    for (const [cookie, owner] of this.#owners) if (isWanted(owner)) cookies.push(cookie);
    for (const [cookie, { identity }] of this.#open) if (isWanted(identity)) cookies.push(cookie);
    return cookies.slice(-most);
  }

  take(message: InspectorMessage, nowMs: number): void {
    if (message.kind === 'ready') this.#ports = message.ports;
    else if (message.kind === 'application') {
      const { application } = message;
      const facts = this.#facts.update(message, true, nowMs, (before) => ({
        ...before,
        application,
        by: 'payload',
      }));
      this.#share(message, facts);
    } else if (message.kind === 'record') this.#takeRecord(message, nowMs);
  }

  /** Looks for the names of those that opened a moment ago. */
  tick(nowMs: number): void {
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const one of fresh) {
      if (this.#name(one.connection, nowMs) || nowMs - one.sinceMs > freshMs) continue;
      this.#fresh.push(one);
    }
  }

  /** Completes the row of a connection that is to be recorded. */
  complete(row: ReportedConnection): void {
    const openedMs = row.opened_at === null ? 0 : Date.parse(row.opened_at) - earlyMs;
    const facts = this.#facts.find(row, openedMs);
    if (!facts) return;
    const { remote_name, remote_name_source, remote_name_at } = row;
    Object.assign(row, describeFacts(facts));
    if (row.remote_name === null) Object.assign(row, { remote_name, remote_name_source, remote_name_at });
  }

  #takeRecord(message: Extract<InspectorMessage, { kind: 'record' }>, nowMs: number): void {
    const { record, cookies, namespace, counts } = message;
    const { src, dst } = record;
    const transport = transportOf(record);
    const client = this.#ownerOf(cookies[0]) ?? this.#ends?.ownerOf(transport, src, dst) ?? null;
    const server = this.#ownerOf(cookies[1]) ?? this.#ends?.ownerOf(transport, dst, src) ?? null;
    if (counts)
      this.#listener.onRecord(record, record.type === 'dns' ? (client ?? server) : (server ?? client));
    if (record.type === 'dns') {
      this.names.add(record, nowMs);
      return;
    }
    const flow = { transport, src, dst, cookies, namespace };
    const facts = this.#facts.update(flow, false, nowMs, (before) => addRecord(before, record));
    this.#share(flow, facts);
  }

  #ownerOf(cookie: number): Owner | null {
    if (cookie === 0) return null;
    const identity = this.#open.get(cookie)?.identity ?? this.#owners.get(cookie) ?? null;
    return identity?.process_id === null ? null : identity;
  }

  #share({ cookies, transport, src, dst }: FlowEnds, facts: ConnectionFacts): void {
    const byCookie = cookies.map((cookie) => this.#open.get(cookie) ?? this.#lingering.get(cookie));
    const byEnds = [this.#ends?.find(transport, src, dst), this.#ends?.find(transport, dst, src)];
    for (const connection of new Set([...byCookie, ...byEnds])) {
      if (!connection) continue;
      const { remoteName = null, remoteNameAt = null } = connection.facts ?? {};
      this.#set(connection, { ...facts, remoteName, remoteNameAt });
    }
  }

  #set(connection: TrackedConnection, facts: ConnectionFacts): void {
    const before = connection.facts ?? noFacts;
    const fields = Object.keys(noFacts) as (keyof ConnectionFacts)[];
    if (fields.every((field) => before[field] === facts[field])) return;
    connection.facts = facts;
    this.#listener.onRevised(connection);
  }

  /** Gives a connection the name that an answer gave its peer; false when there is none. */
  #name(connection: TrackedConnection, nowMs: number): boolean {
    const found = this.names.find(connection.remoteIp, connection.localIp, nowMs);
    if (!found) return false;
    const { name, answeredMs } = found;
    const remoteNameAt = new Date(answeredMs).toISOString();
    this.#set(connection, { ...(connection.facts ?? noFacts), remoteName: name, remoteNameAt });
    return true;
  }

  /** What the service's port speaks of, as long as nothing is proved; one object a port. */
  #namePort({ protocol, direction, localPort, remotePort }: TrackedConnection): ConnectionFacts | null {
    const ports =
      direction === 'inbound' ? [localPort] : direction === 'local' ? [remotePort, localPort] : [remotePort];
    const key = ports.map((port) => `${protocol} ${port}`).find((one) => Object.hasOwn(this.#ports, one));
    if (key === undefined) return null;
    const known = this.#byPort.get(key);
    if (known) return known;
    const facts: ConnectionFacts = { ...noFacts, application: this.#ports[key], by: 'port' };
    this.#byPort.set(key, facts);
    return facts;
  }
}

function transportOf(record: ApplicationRecord): 'tcp' | 'udp' {
  if (record.type === 'http') return 'tcp';
  return record.transport === 'tcp' ? 'tcp' : 'udp';
}
