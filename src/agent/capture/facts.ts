import { AgingMap } from '../../base/aging-map.ts';
import type { ReportedConnection } from '../../wire/connection.ts';
import type { HttpRecord, TlsRecord } from '../../wire/traffic.ts';

/** What inspection tells of a connection. Null fields are not known. */
export interface ConnectionFacts {
  readonly application: string | null;
  readonly by: 'payload' | 'port' | null;
  readonly site: string | null;
  readonly sni: string | null;
  readonly alpn: string | null;
  readonly ja4: string | null;
  readonly tlsVersion: string | null;
  readonly remoteName: string | null;
  /** RFC 3339, of the DNS answer. */
  readonly remoteNameAt: string | null;
}

export const noFacts: ConnectionFacts = {
  application: null,
  by: null,
  site: null,
  sni: null,
  alpn: null,
  ja4: null,
  tlsVersion: null,
  remoteName: null,
  remoteNameAt: null,
};

type FactFields = Pick<
  ReportedConnection,
  | 'application'
  | 'application_by'
  | 'site'
  | 'sni'
  | 'alpn'
  | 'ja4'
  | 'tls_version'
  | 'remote_name'
  | 'remote_name_source'
  | 'remote_name_at'
>;

/** The fields of a connection on the wire. */
export function describeFacts(facts: ConnectionFacts | null): FactFields {
  const { application, by, site, sni, alpn, ja4, tlsVersion, remoteName, remoteNameAt } = facts ?? noFacts;
  return {
    application,
    application_by: by,
    site,
    sni,
    alpn,
    ja4,
    tls_version: tlsVersion,
    remote_name: remoteName,
    remote_name_source: remoteName === null ? null : 'dns',
    remote_name_at: remoteNameAt,
  };
}

/** The facts with what a request or a handshake adds; the same object when that is nothing new. */
export function addRecord(facts: ConnectionFacts, record: HttpRecord | TlsRecord): ConnectionFacts {
  if (record.type === 'http') {
    const site = record.host?.slice(0, 255) ?? facts.site;
    return site === facts.site ? facts : { ...facts, site };
  }
  const { sni, alpn, ja4, version } = record;
  return { ...facts, sni, alpn, ja4, tlsVersion: version };
}

/** Flows whose facts are kept, for connections that are recorded after they ended; two entries each. */
const maxEntries = 65_536;

type Ends = Pick<ReportedConnection, 'protocol' | 'local_addr' | 'remote_addr' | 'network_namespace'>;

interface Entry {
  facts: ConnectionFacts;
  readonly cookies: readonly [number, number];
  atMs: number;
}

/** The facts of flows by protocol and addresses, seen from either end. */
export class FactTable {
  readonly #entries = new AgingMap<string, Entry>();

  /** The facts of a flow now; `change` makes them of those before. With `begins` a reused pair of ports starts anew. */
  update(
    flow: {
      readonly transport: string;
      readonly src: string;
      readonly dst: string;
      /** Inode number of the network namespace; 0 for the agent's own. */
      readonly namespace: number;
      readonly cookies: readonly [number, number];
    },
    begins: boolean,
    nowMs: number,
    change: (facts: ConnectionFacts) => ConnectionFacts,
  ): ConnectionFacts {
    const { transport, src, dst, cookies, namespace } = flow;
    const key = `${namespace} ${transport} ${src} ${dst}`;
    let entry = this.#entries.get(key);
    if (!entry || (begins && !isSame(entry.cookies, cookies))) {
      entry = { facts: noFacts, cookies, atMs: nowMs };
      this.#put(key, entry);
      this.#put(`${namespace} ${transport} ${dst} ${src}`, entry);
    }
    entry.atMs = nowMs;
    entry.facts = change(entry.facts);
    return entry.facts;
  }

  /** Facts of what is at the ends of a connection, told since `sinceMs`: in its namespace, or as it passed the agent's. */
  find(
    { protocol, local_addr, remote_addr, network_namespace }: Ends,
    sinceMs: number,
  ): ConnectionFacts | null {
    for (const namespace of [network_namespace, 0]) {
      const entry = this.#entries.get(`${namespace} ${protocol} ${local_addr} ${remote_addr}`);
      if (entry && entry.atMs >= sinceMs) return entry.facts;
    }
    return null;
  }

  #put(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > maxEntries) this.#entries.removeOldest();
  }
}

/** Whether two sightings may be of the same connection; what is not known contradicts nothing. */
function isSame(one: readonly [number, number], other: readonly [number, number]): boolean {
  if (one[0] + one[1] === 0 && other[0] + other[1] === 0) return false;
  return [0, 1].every((i) => one[i] === other[i] || one[i] === 0 || other[i] === 0);
}
