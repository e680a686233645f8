import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { NetmonError } from '../../base/errors.ts';
import { formatEndpoint, parseEndpoint } from '../../base/ip.ts';
import type { Connection, NewConnection } from '../../wire/connection.ts';
import type { Store } from '../store.ts';
import { addDial, readAgents, readDials, readGaps, removeDial, saveAgents } from './agents/agents.ts';
import { summarize } from './failures.ts';
import {
  addCertificate,
  addEnrollment,
  forgetCertificates,
  readCertificates,
  readEnrollments,
  revokeCertificates,
  takeEnrollment,
} from './identities/identities.ts';
import { insertBatch, insertConnection, readCommitted } from './insert.ts';
import { openDatabase } from './open.ts';
import { queryPage, readConnection, readStoredIds } from './query.ts';
import { applyLimits, makeRoom } from './retention.ts';
import { readHistory } from './rounds/history.ts';
import { readIncidents, readJudged, readNextIncident, saveJudged } from './rounds/judged.ts';
import { readMonitors, removeMonitor, saveMonitors } from './rounds/monitors.ts';
import { readWeeklyPlans } from './rounds/plans.ts';
import { deleteRounds } from './rounds/retention.ts';
import { readRounds, readRoundsAfter } from './rounds/rounds.ts';
import { sumRounds } from './rounds/sum-pass.ts';
import { readUptime } from './rounds/uptime.ts';
import { Session } from './session.ts';
import { readAlerts, readSettings, saveSettings } from './traffic/alerts.ts';
import { readRequests } from './traffic/requests.ts';
import { addLatencyFunctions, addSums, summarizeSums } from './traffic/sums.ts';

export interface SqliteStoreOptions {
  readonly path: string;
  /** How long a connection is kept; 7 days by default. */
  readonly maxAgeMs?: number;
  /** Bytes on disk, journal included; 1 GiB by default, not below `smallestMaxBytes`. */
  readonly maxBytes?: number;
  readonly now?: () => number;
}

/** Limits where none are configured. */
export const defaultMaxAgeMs = 7 * 86_400_000;
export const defaultMaxBytes = 1024 * 1024 * 1024;

/** The least limit that can be kept: a batch of 1,000 records makes a journal of up to some 4 MiB. */
export const smallestMaxBytes = 16 * 1024 * 1024;

/** Opens a store in one SQLite file. Throws NM_STORE. */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const now = options.now ?? Date.now;
  const limits = {
    maxAgeMs: options.maxAgeMs ?? defaultMaxAgeMs,
    maxBytes: Math.max(options.maxBytes ?? defaultMaxBytes, smallestMaxBytes),
  };
  const path = resolve(options.path);
  const session = new Session(openDatabase(path, limits.maxBytes), path);
  addLatencyFunctions(session);
  let rows = Number(session.get('SELECT count(*) FROM connections')?.[0]);
  let expired = 0;
  let retaining: Promise<void> | undefined;
  /** Sums are written by one at a time. */
  let summing: Promise<void> = Promise.resolve();
  let removing: Promise<void> = Promise.resolve();
  let closing = false;

  /** Inserts and makes room for what came in, in one transaction. */
  const insert = <T>(work: () => T, countInserted: (result: T) => number, rounds = 0): T => {
    const { result, inserted, deleted } = session.transaction(() => {
      const result = work();
      const inserted = countInserted(result);
      return { result, inserted, deleted: makeRoom(session, inserted, rounds, limits.maxBytes) };
    });
    rows += inserted - deleted;
    expired += deleted;
    return result;
  };
  const retain = async (at: number): Promise<void> => {
    const deleted = await applyLimits(session, limits, at);
    rows -= deleted;
    expired += deleted;
  };

  return {
    insertReported: async (batch) =>
      insert(
        () => insertBatch(session, batch, now()),
        ({ ids }) => ids.filter((id, i) => id !== null && batch.records[i].kind === 'connection').length,
        batch.records.filter(({ kind }) => kind === 'probe').length,
      ),
    insertPosted: async (posted) => {
      const id = insert(
        () => insertConnection(session, completePosted(posted), { id: null, agent: null, now: now() }),
        () => 1,
      );
      const stored = readConnection(session, id);
      if (!stored) throw new NetmonError('NM_STORE', `unable to read connection ${id} back from ${path}`);
      return stored;
    },
    committedSeq: async (agent, epoch) => readCommitted(session, agent, epoch),
    reserveIds: async (count) =>
      session.transaction(() => {
        const row = session.get(
          "UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'connections' RETURNING seq",
          count,
        );
        return Number(row?.[0]) - count + 1;
      }),
    connectionById: async (id) => readConnection(session, id),
    storedIds: async (ids) => readStoredIds(session, ids),
    queryConnections: (query) => queryPage(session, query),
    summarizeFailures: (query) => summarize(session, query),
    addTraffic: async (family, agent, at, rows) =>
      session.transaction(() => addSums(session, family, agent, at, rows)),
    summarizeTraffic: async (query) => summarizeSums(session, query, now()),
    queryRequests: async (query) => readRequests(session, query),
    queryAlerts: async (query) => readAlerts(session, query),
    readAlertSettings: async () => readSettings(session),
    saveAlertSettings: async (settings) => saveSettings(session, settings),
    saveAgents: async (agents) => saveAgents(session, agents),
    readAgents: async () => readAgents(session),
    readGaps: async (agent, limit) => readGaps(session, agent, limit),
    readDials: async () => readDials(session),
    addDial: async (address) => addDial(session, address),
    removeDial: async (address) => removeDial(session, address),
    addEnrollment: async (hash, enrollment) => addEnrollment(session, hash, enrollment),
    readEnrollments: async () => readEnrollments(session),
    takeEnrollment: async (hash, at) => takeEnrollment(session, hash, at),
    addCertificate: async (certificate) => addCertificate(session, certificate),
    readCertificates: async () => readCertificates(session),
    forgetCertificates: async (serials) => forgetCertificates(session, serials),
    revokeCertificates: async (role, name, at) => revokeCertificates(session, role, name, at),
    readMonitors: async () => readMonitors(session),
    readWeeklyPlans: async () => readWeeklyPlans(session),
    saveMonitors: async (monitors) => saveMonitors(session, monitors),
    removeMonitor: async (id) => {
      const key = removeMonitor(session, id);
      if (key === null) return;
      const goOn = async (): Promise<boolean> => {
        await setImmediate();
        return !closing;
      };
      removing = removing.then(() => deleteRounds(session, key, goOn)).catch(() => {});
    },
    queryRounds: async (query) => readRounds(session, query),
    roundsAfter: async (id, limit) => readRoundsAfter(session, id, limit),
    sumRounds: (describe) => {
      const summed = summing.then(() => sumRounds(session, describe, now, setImmediate));
      summing = summed.then(
        () => {},
        () => {},
      );
      return summed;
    },
    readHistory: async (query) => readHistory(session, query, now()),
    readUptime: async (hoursSince, daysSince) => readUptime(session, hoursSince, daysSince),
    readJudged: async () => readJudged(session),
    saveJudged: async (judged, incidents) => saveJudged(session, judged, incidents),
    nextIncident: async () => readNextIncident(session),
    queryIncidents: async (query) => readIncidents(session, query),
    stats: () => ({ rows, bytes: sizeOnDisk(path), expired, problem: session.problem }),
    retain: (at) => {
      retaining ??= retain(at).finally(() => {
        retaining = undefined;
      });
      return retaining;
    },
    close: async () => {
      closing = true;
      await Promise.all([retaining, summing, removing]);
      session.close();
    },
  };
}

/** A posted connection with its addresses in canonical text. */
function completePosted(posted: NewConnection): Partial<Omit<Connection, 'id' | 'agent'>> & {
  local_addr: string;
  remote_addr: string;
} {
  const { process_id, process_name, process_path, error, protocol, state } = posted;
  return {
    timestamp: posted.timestamp,
    process_id: process_id ?? null,
    process_name: process_name ?? null,
    process_path: process_path ?? null,
    local_addr: canonicalEndpoint(posted.local_addr),
    remote_addr: canonicalEndpoint(posted.remote_addr),
    error: error ?? null,
    protocol: protocol ?? null,
    state: state ?? null,
    count: 1,
  };
}

function canonicalEndpoint(text: string): string {
  const endpoint = parseEndpoint(text);
  return endpoint ? formatEndpoint(endpoint.ip, endpoint.port) : text;
}

function sizeOnDisk(path: string): number {
  return ['', '-wal'].reduce((sum, ending) => {
    return sum + (statSync(path + ending, { throwIfNoEntry: false })?.size ?? 0);
  }, 0);
}
