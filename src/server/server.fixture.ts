import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeReporter, type Reporter } from '../platform/reporter.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import type { Connection } from '../wire/connection.ts';
import type { PacketsAnswer } from '../wire/link.ts';
import type { InterfaceRow, ProcessRow, Sample } from '../wire/machine.ts';
import type { Order, OrderAnswer } from '../wire/orders.ts';
import type { AlertSettings } from '../wire/traffic-schema.ts';
import { Dialer } from './agents/dialer.ts';
import { type AgentDirectory, makeAgentDirectory } from './agents/directory.ts';
import { AgentRegistry } from './agents/registry.ts';
import type { ServerConfig } from './config.ts';
import { Identities } from './identities/identities.ts';
import { Ingest } from './ingest/ingest.ts';
import { IdPool } from './live/ids.ts';
import { Mirror } from './live/mirror.ts';
import type { AgentState, LiveState, SavedPackets } from './live/state.ts';
import { Monitors } from './monitors/monitors.ts';
import type { AgentPort } from './monitors/ports.ts';
import { type HttpServer, makeServer } from './server.ts';
import type { UpgradeRoute } from './upgrade.ts';

/** A live state that holds what a test puts into it. */
export interface HeldState extends LiveState {
  readonly held: {
    connections: Connection[];
    processes: ProcessRow[];
    interfaces: InterfaceRow[];
    agents: AgentState[];
    samples: Sample[];
    packets: PacketsAnswer | null;
    saved: SavedPackets | null;
    alerts: AlertSettings[];
  };
}

/** Makes an empty live state. */
export function makeHeldState(): HeldState {
  const held: HeldState['held'] = {
    connections: [],
    processes: [],
    interfaces: [],
    agents: [],
    samples: [],
    packets: null,
    saved: null,
    alerts: [],
  };
  const sum = (read: (connection: Connection) => number | null): number =>
    held.connections.reduce((total, connection) => total + (read(connection) ?? 0), 0);
  return {
    held,
    connections: () => held.connections,
    connectionById: (id) => held.connections.find((connection) => connection.id === id),
    processes: () => held.processes,
    interfaces: () => held.interfaces,
    agents: () => held.agents,
    stats: () => ({
      upload_speed: sum(({ upload_speed }) => upload_speed),
      download_speed: sum(({ download_speed }) => download_speed),
      active_connections: held.connections.length,
      total_bandwidth: sum(({ bytes_sent }) => bytes_sent) + sum(({ bytes_received }) => bytes_received),
      bytes_sent: sum(({ bytes_sent }) => bytes_sent),
      bytes_received: sum(({ bytes_received }) => bytes_received),
      connections_total: held.connections.length,
      errors_total: 0,
    }),
    samples: () => held.samples,
    refresh: async () => {},
    packets: async () => held.packets,
    savedPackets: async () => held.saved,
    configureAlerts: (alerts) => void held.alerts.push(alerts),
    viewers: () => 0,
    lost: () => ({}),
  };
}

export interface RunningServer extends AsyncDisposable {
  readonly server: HttpServer;
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  readonly store: Store;
  readonly live: HeldState;
  readonly monitors: Monitors;
  readonly agents: HeldAgents;
  readonly logged: string[];
}

/** Agents that do what a test says; they know nothing of their own. */
export class HeldAgents implements AgentPort {
  names: string[] = [];
  readonly orders: { readonly agent: string; readonly order: Order }[] = [];
  answer: (agent: string, order: Order) => OrderAnswer = () => ({ type: 'done' });

  connected(): readonly string[] {
    return this.names;
  }

  async order(agent: string, order: Order): Promise<OrderAnswer> {
    this.orders.push({ agent, order });
    return this.answer(agent, order);
  }
}

/** What a server needs to know agents and to dial them. */
export function makeAgentParts(
  store: Store,
  live: LiveState,
  reporter: Reporter,
): {
  readonly directory: AgentDirectory;
  readonly dialer: Dialer;
  readonly ingest: Ingest;
  readonly identities: Identities;
} {
  const registry = new AgentRegistry(store, reporter);
  const mirror = new Mirror(new IdPool(store), null);
  const ingest = new Ingest({ store, mirror, reporter, agents: registry });
  return {
    directory: makeAgentDirectory({ store, registry, live }),
    dialer: new Dialer({ fixed: [] }, { ingest, store, reporter }),
    ingest,
    identities: new Identities({
      store,
      authority: null,
      reporter,
      addresses: () => [],
      onRevoked: () => {},
    }),
  };
}

/** Starts a real server on a free port with a real store in a new folder, and a dashboard of three files. */
export async function startServer(
  config: Partial<ServerConfig> & { readonly token?: string } = {},
  upgrades: readonly UpgradeRoute[] = [],
): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-server-'));
  const path = join(folder, 'netmon.db');
  const store = openSqliteStore({ path });
  const live = makeHeldState();
  const logged: string[] = [];
  const reporter = makeReporter({ format: 'json', write: (line) => void logged.push(line) });
  const agents = new HeldAgents();
  const monitors = new Monitors({ store, agents, reporter });
  const { directory, dialer, ingest, identities } = makeAgentParts(store, live, reporter);
  const { token, ...rest } = config;
  if (token !== undefined) writeFileSync(join(folder, 'token'), token, { mode: 0o600 });
  mkdirSync(join(folder, 'web', 'assets'), { recursive: true });
  writeFileSync(join(folder, 'web', 'index.html'), '<!doctype html><title>dashboard</title>');
  writeFileSync(
    join(folder, 'web', 'assets', 'main-0a1b2c3d.js'),
    `export const text = '${'x'.repeat(5000)}';`,
  );
  writeFileSync(join(folder, 'secret.txt'), 'a secret');
  const server = makeServer(
    {
      host: '127.0.0.1',
      port: 0,
      webRoot: join(folder, 'web'),
      version: '1.2.3',
      database: { path, limitBytes: 1e9, retentionDays: 7 },
      ...(token !== undefined && { tokenFile: join(folder, 'token') }),
      ...rest,
    },
    {
      store,
      live,
      monitors,
      agents,
      directory,
      dialer,
      identities,
      reporter,
      upgrades,
    },
  );
  const dispose = async (): Promise<void> => {
    await server.stop();
    dialer.stop();
    await ingest.stop();
    await monitors.stop();
    await store.close();
    rmSync(folder, { recursive: true });
  };
  try {
    await monitors.start();
    await dialer.start();
    await server.start();
  } catch (thrown) {
    await dispose();
    throw thrown;
  }
  const url = server.url();
  return {
    server,
    url,
    port: Number(new URL(url).port),
    folder,
    store,
    live,
    monitors,
    agents,
    logged,
    [Symbol.asyncDispose]: dispose,
  };
}

/** Sends bytes as they are and gives all that comes back until the server closes; for what fetch would not send. */
export async function sendRaw(port: number, request: string | Buffer): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let answer = '';
  const socket = connect(port, '127.0.0.1', () => socket.write(request));
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    answer += text;
  });
  socket.on('close', () => resolve(answer));
  socket.on('error', (error) => (answer ? resolve(answer) : reject(error)));
  return promise;
}

/** The status of a raw answer. */
export function readStatus(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
}
