import { parseEndpoint } from '../../base/ip.ts';
import type { Connection } from '../../wire/connection.ts';
import { otherName } from '../../wire/rollup.ts';

/** Traffic of one application, or to one encrypted site, since the last time it was taken. */
interface Sums {
  connections: number;
  bytes_sent: number;
  bytes_received: number;
}
export type ApplicationSums = Sums & { readonly application: string; readonly decided_by: string };
export type EncryptedSums = Sums & {
  readonly site: string;
  readonly transport: string;
  readonly process: string;
};

export interface AgentSums {
  readonly agent: string;
  readonly applications: readonly ApplicationSums[];
  readonly encrypted: readonly EncryptedSums[];
}

/** What has been counted of a connection. */
interface Entry {
  sent: number;
  received: number;
  counted: boolean;
  /** Looks since it was last open. */
  missed: number;
}

/** Rows of each kind that are held until they are taken; what has none is added up under `otherName`. */
const maxRows = 500;
/** Connections whose count is remembered, a little more than can be open. */
const maxEntries = 600_000;
/** An ended connection's count is forgotten after this many looks: its record has come by then, or never will. */
const maxMissed = 3;

type Counted = Pick<
  Connection,
  | 'agent'
  | 'application'
  | 'application_by'
  | 'bytes_received'
  | 'bytes_sent'
  | 'count'
  | 'direction'
  | 'local_addr'
  | 'process_name'
  | 'protocol'
  | 'remote_addr'
  | 'sni'
  | 'tls_version'
>;

/**
 * Counts the bytes of connections, open and ended, under their application and their encrypted site, each byte once. Of a
 * connection between two ends of this machine, each of which has a row, only one counts. A
 * connection counts when it is first looked at, or a look later while its application is not known.
 */
export class TrafficLedger {
  readonly #entries = new Map<number, Entry>();
  readonly #applications = new Map<string, Map<string, ApplicationSums>>();
  readonly #encrypted = new Map<string, Map<string, EncryptedSums>>();
  readonly #startedAt: string;

  /** Bytes that passed before this time, of connections opened before it, are not counted. */
  constructor(startedAt: number) {
    this.#startedAt = new Date(startedAt).toISOString();
  }

  /** Counts what open connections have passed since the last look. */
  look(open: Iterable<Connection>): void {
    for (const entry of this.#entries.values()) entry.missed++;
    for (const row of open) {
      if (!isCounted(row) || this.#entries.size >= maxEntries) continue;
      let entry = this.#entries.get(row.id);
      const isNew = entry === undefined;
      if (!entry) {
        const known = row.opened_at !== null && row.opened_at >= this.#startedAt;
        entry = makeEntry(known ? 0 : (row.bytes_sent ?? 0), known ? 0 : (row.bytes_received ?? 0));
        this.#entries.set(row.id, entry);
      }
      entry.missed = 0;
      if (isNew && row.application === null) continue;
      this.#count(row, entry);
    }
    for (const [id, { missed }] of this.#entries) if (missed > maxMissed) this.#entries.delete(id);
  }

  /** Counts what an ended connection has passed in all. */
  end(id: number, reported: Counted): void {
    if (!isCounted(reported)) return;
    const entry = this.#entries.get(id) ?? makeEntry(0, 0);
    this.#count(reported, entry);
    // One in TIME_WAIT is still looked at.
    if (this.#entries.has(id)) entry.missed = 0;
  }

  /** What has been counted since the last call, by agent. */
  take(): AgentSums[] {
    const agents = new Set([...this.#applications.keys(), ...this.#encrypted.keys()]);
    const sums = Array.from(agents, (agent) => ({
      agent,
      applications: [...(this.#applications.get(agent)?.values() ?? [])],
      encrypted: [...(this.#encrypted.get(agent)?.values() ?? [])],
    }));
    this.#applications.clear();
    this.#encrypted.clear();
    return sums;
  }

  #count(row: Counted, entry: Entry): void {
    const sent = Math.max(0, (row.bytes_sent ?? 0) - entry.sent);
    const received = Math.max(0, (row.bytes_received ?? 0) - entry.received);
    const connections = entry.counted ? 0 : row.count;
    if (sent + received + connections === 0) return;
    entry.sent += sent;
    entry.received += received;
    entry.counted = true;
    const agent = row.agent ?? '';
    add(this.#application(agent, row), connections, sent, received);
    if (isEncrypted(row)) add(this.#site(agent, row), connections, sent, received);
  }

  #application(agent: string, { application, application_by }: Counted): Sums {
    const names = { application: application ?? '', decided_by: application_by ?? '' };
    return rowOf(tableOf(this.#applications, agent), names, {
      application: otherName,
      decided_by: names.decided_by,
    });
  }

  #site(agent: string, row: Counted): Sums {
    const { sni, remote_addr, protocol, process_name, application } = row;
    const transport =
      application === 'quic' || application === 'dtls' ? application : protocol === 'udp' ? 'quic' : 'tls';
    const site = sni ?? parseEndpoint(remote_addr)?.ip ?? remote_addr;
    const names = { site: site.toLowerCase(), transport, process: process_name ?? '' };
    return rowOf(tableOf(this.#encrypted, agent), names, { site: otherName, transport, process: otherName });
  }
}

/** Of two ends on one machine that with the higher port counts, which is the client's as a rule. */
function isCounted({ direction, local_addr, remote_addr }: Counted): boolean {
  if (direction !== 'local') return direction !== 'listening';
  const local = parseEndpoint(local_addr);
  const remote = parseEndpoint(remote_addr);
  if (!local || !remote) return true;
  return local.port === remote.port ? local.ip >= remote.ip : local.port > remote.port;
}

function makeEntry(sent: number, received: number): Entry {
  return { sent, received, counted: false, missed: 0 };
}

function isEncrypted({ sni, tls_version, application }: Counted): boolean {
  return sni !== null || tls_version !== null || application === 'tls' || application === 'quic';
}

function add(sums: Sums, connections: number, sent: number, received: number): void {
  sums.connections += connections;
  sums.bytes_sent += sent;
  sums.bytes_received += received;
}

function tableOf<Row>(tables: Map<string, Map<string, Row>>, agent: string): Map<string, Row> {
  const table = tables.get(agent) ?? new Map<string, Row>();
  tables.set(agent, table);
  return table;
}

/** The row of these names, or the one for all others when there are too many. */
function rowOf<Names extends object>(table: Map<string, Names & Sums>, names: Names, others: Names): Sums {
  const key = Object.values(names).join('\n');
  const known = table.get(key);
  if (known) return known;
  const full = table.size >= maxRows;
  const otherKey = Object.values(others).join('\n');
  const row = (full ? table.get(otherKey) : undefined) ?? {
    ...(full ? others : names),
    connections: 0,
    bytes_sent: 0,
    bytes_received: 0,
  };
  table.set(full ? otherKey : key, row);
  return row;
}
