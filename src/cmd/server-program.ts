/**
 * The server's parts, wired. Order of a start:
 *
 * 1. the database is opened, and its files made, with the effective user that the server will have
 * 2. the HTTP server reads its token and its files and listens, still as root where it was root
 * 3. root is given up for good, before a byte from the network is read
 * 4. viewers and agents are let in
 */
import { borrowAccount } from '../platform/account.ts';
import { dialAgentTls } from '../platform/certificates/tls.ts';
import { type Component, makeLifecycle } from '../platform/lifecycle.ts';
import { makeMemoryTrimmer } from '../platform/memory-trimmer.ts';
import { makeOrderSigner } from '../platform/order-signature.ts';
import type { Reporter } from '../platform/reporter.ts';
import { readVersion } from '../platform/version.ts';
import { Dialer } from '../server/agents/dialer.ts';
import { makeAgentDirectory } from '../server/agents/directory.ts';
import { AgentRegistry } from '../server/agents/registry.ts';
import { readTokenFile } from '../server/http/auth.ts';
import { AgentListener } from '../server/identities/agent-listener.ts';
import { Identities } from '../server/identities/identities.ts';
import { Ingest } from '../server/ingest/ingest.ts';
import { IdPool } from '../server/live/ids.ts';
import { Mirror } from '../server/live/mirror.ts';
import { ViewerHub } from '../server/live/viewers/hub.ts';
import { countAssigned } from '../server/monitors/assignment.ts';
import { Monitors } from '../server/monitors/monitors.ts';
import { MonitorViewers, wantsMonitors } from '../server/monitors/viewers.ts';
import { Names } from '../server/names/names.ts';
import { dropPrivileges } from '../server/privileges.ts';
import { makeServer } from '../server/server.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { linkPath } from '../wire/link.ts';
import { rollupMs } from '../wire/rollup.ts';
import { listAgentAddresses, openAuthority } from './agent-entrance.ts';
import { webRoot } from './server-config.ts';
import type { ServerConfig } from './server-messages.ts';

/** Time between two looks at what is too old or too much in the database. */
const retentionMs = 60_000;
const dayMs = 86_400_000;

export interface RunningServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a server. Throws NetmonError for what keeps it from starting, with everything given back. */
export async function startServer(config: ServerConfig, reporter: Reporter): Promise<RunningServer> {
  const token = config.tokenFile === null ? undefined : readTokenFile(config.tokenFile);
  const authority = await openAuthority(config);
  const store = openStore(config);
  const names = new Names({ dns: config.reverseDns });
  const mirror = new Mirror(new IdPool(store), names);
  const viewers = new ViewerHub(mirror, reporter);
  const agents = new AgentRegistry(store, reporter);
  const monitors = new Monitors({ store, agents, reporter });
  const identities = new Identities({
    store,
    authority,
    reporter,
    addresses: () => (listener ? listAgentAddresses(config, listener.port) : []),
    onRevoked: (...revoked) => agents.shutOut(...revoked),
  });
  const ingest = new Ingest({
    store,
    mirror,
    reporter,
    agents,
    monitors,
    identities,
    ...(authority && { sign: makeOrderSigner(authority.orderKey) }),
  });
  const listener =
    authority && config.agentListener
      ? new AgentListener(config.agentListener, { authority, identities, ingest, reporter })
      : null;
  const notes = {
    countMonitors: () => countAssigned(monitors.book.values()),
    certificate: (agent: string) => identities.certificate(agent),
  };
  const directory = makeAgentDirectory({ store, registry: agents, live: mirror, notes });
  const dialer = new Dialer(
    {
      fixed: config.dials,
      ...(token !== undefined && { token }),
      ...(authority && { tls: { options: () => dialAgentTls(authority.server) } }),
    },
    { ingest, store, reporter },
  );
  const monitorViewers = new MonitorViewers(monitors, reporter);
  const http = makeServer(
    {
      host: config.host,
      port: config.port,
      allowedHosts: config.allowHosts,
      publicStatus: config.publicStatus,
      webRoot,
      version: readVersion(),
      database: { path: config.db, limitBytes: config.dbLimitBytes, retentionDays: config.retentionDays },
      ...(config.tokenFile !== null && { tokenFile: config.tokenFile }),
      ...(config.socket !== null && { socketPath: config.socket }),
    },
    {
      store,
      live: mirror,
      monitors,
      agents,
      directory,
      dialer,
      identities,
      reporter,
      upgrades: [
        {
          path: '/ws',
          audience: 'viewer',
          handle: (...upgrade) => (wantsMonitors(upgrade[0]) ? monitorViewers : viewers).upgrade(...upgrade),
        },
        { path: linkPath, audience: 'agent', handle: (...upgrade) => ingest.upgrade(...upgrade) },
      ],
    },
  );
  const lifecycle = makeLifecycle(
    [
      { name: 'store', start: () => {}, stop: () => store.close() },
      { name: 'names', start: () => {}, stop: () => names[Symbol.dispose]() },
      http,
      { name: 'privileges', start: () => dropRoot(config), stop: () => {} },
      monitors,
      makeRetention(store, reporter),
      makeAccounts(store, mirror, reporter),
      { name: 'identities', start: () => identities.start(), stop: () => {} },
      ingest,
      ...(listener ? [listener] : []),
      dialer,
      // After what brings the agents, and so let go before it: a page keeps the last picture, not one without agents.
      viewers,
      monitorViewers,
      // Without letting go of program pages: the server's process calls no C library by itself.
      ...makeMemoryTrimmer(null),
    ],
    reporter,
  );
  await lifecycle.start();
  return { url: http.url(), stop: () => lifecycle.stop() };
}

function openStore({ db, dbLimitBytes, retentionDays, account }: ServerConfig): Store {
  using _identity = account && borrowAccount(account);
  return openSqliteStore({ path: db, maxBytes: dbLimitBytes, maxAgeMs: retentionDays * dayMs });
}

function dropRoot({ account }: ServerConfig): void {
  if (account) dropPrivileges(account);
}

/** Writes down, every ten seconds, what passed under which application and to which encrypted site. */
function makeAccounts(store: Store, mirror: Mirror, reporter: Reporter): Component {
  let timer: NodeJS.Timeout | undefined;
  const write = async (): Promise<void> => {
    const at = Date.now() - rollupMs / 2;
    mirror.ledger.look(mirror.connections());
    for (const { agent, applications, encrypted } of mirror.ledger.take()) {
      await store.addTraffic('application', agent, at, applications);
      await store.addTraffic('encrypted', agent, at, encrypted);
    }
  };
  const writeSafely = (): Promise<void> =>
    write().catch((error: unknown) => reporter.error('unable to write traffic by application', { error }));
  return {
    name: 'accounts',
    start() {
      timer = setInterval(() => void writeSafely(), rollupMs);
    },
    async stop() {
      clearInterval(timer);
      await writeSafely();
    },
  };
}

function makeRetention(store: Store, reporter: Reporter): Component {
  let timer: NodeJS.Timeout | undefined;
  return {
    name: 'retention',
    start() {
      timer = setInterval(() => {
        store
          .retain(Date.now())
          .catch((error: unknown) => reporter.error('unable to delete old records', { error }));
      }, retentionMs);
    },
    stop: () => clearInterval(timer),
  };
}
