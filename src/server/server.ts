/**
 * The HTTP side of the server. Each request passes, in this order:
 *
 * 1. Node's own limits: size and time of headers, number of connections
 * 2. the gate: Host, Origin, what a browser says of its source, and the token where there is one (http/gate.ts)
 * 3. path and method, then the body (http/json-body.ts) and the parameters against their schemas
 *
 * A WebSocket upgrade passes 1 and 2 before a byte of it is answered.
 */
import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { NetmonError } from '../base/errors.ts';
import { formatEndpoint } from '../base/ip.ts';
import type { Component } from '../platform/lifecycle.ts';
import type { Reporter } from '../platform/reporter.ts';
import type { Store } from '../store/store.ts';
import type { Dials } from './agents/dialer.ts';
import type { AgentDirectory } from './agents/directory.ts';
import { registerApi } from './api/register.ts';
import {
  defaultHttpLimits,
  type HttpLimits,
  isLoopbackHost,
  refuseOpenAddress,
  type ServerConfig,
} from './config.ts';
import { describeLimits, makeApp, refuseMalformed } from './http/app.ts';
import { type Auth, makeAuth, readTokenFile } from './http/auth.ts';
import { type Gate, makeGate } from './http/gate.ts';
import { watchMethods } from './http/methods.ts';
import { registerLogin, registerSite } from './http/site.ts';
import { listenOnSocket, prepareSocketFile } from './http/socket-file.ts';
import { loadStaticFiles } from './http/static-files.ts';
import { makeUpgradeListener } from './http/upgrades.ts';
import type { Identities } from './identities/identities.ts';
import type { LiveState } from './live/state.ts';
import { writeMonitorMetrics } from './monitors/metrics.ts';
import type { Monitors } from './monitors/monitors.ts';
import type { AgentPort } from './monitors/ports.ts';
import { isPublicPath } from './public/paths.ts';
import { registerPublic } from './public/routes.ts';
import type { UpgradeRoute } from './upgrade.ts';

export interface ServerDeps {
  readonly store: Store;
  readonly live: LiveState;
  readonly monitors: Monitors;
  readonly agents: AgentPort;
  readonly directory: AgentDirectory;
  readonly dialer: Dials;
  readonly identities: Identities;
  readonly reporter: Reporter;
  /** WebSocket paths, and what takes them. */
  readonly upgrades: readonly UpgradeRoute[];
  readonly now?: () => number;
}

export interface HttpServer extends Component {
  /** Where it listens, `http://127.0.0.1:8080`; only after the start. */
  url(): string;
}

/**
 * Makes the HTTP server. When `start` has resolved, everything that it serves is in memory and it listens, but no
 * connection was accepted yet: this is the moment to give up privileges. `start` throws NM_PUBLIC_ADDRESS,
 * NM_BAD_CONFIG, NM_PORT_IN_USE or NM_SYSTEM.
 */
export function makeServer(config: ServerConfig, deps: ServerDeps): HttpServer {
  const limits = { ...defaultHttpLimits, ...config.limits };
  const trusted = new WeakSet<object>();
  /** Open ones, upgraded ones among them, which Node no longer counts as its own. */
  const sockets = new Set<Socket>();
  let app: FastifyInstance | undefined;
  let local: Server | undefined;

  const track = (server: Server): void => {
    server.maxConnections = limits.connections;
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
  };

  return {
    name: 'http server',
    async start() {
      const now = deps.now ?? Date.now;
      const { auth, gate } = makeEntrance(config, now, trusted);
      app = await makeApp({ gate, limits, reporter: deps.reporter });
      await addRoutes(app, config, { ...deps, now }, auth);
      const onUpgrade = makeUpgradeListener(deps.upgrades, gate);
      track(app.server.on('upgrade', onUpgrade));
      if (config.socketPath !== undefined) {
        local = makeLocalServer(app, limits);
        track(local.on('upgrade', onUpgrade).on('connection', (socket) => trusted.add(socket)));
        await prepareSocketFile(config.socketPath);
        await listenOnSocket(local, config.socketPath);
      }
      await listen(app.server, config);
    },
    async stop() {
      const closed = [app?.server, local].filter((server) => server !== undefined).map(closeServer);
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
      await app?.close();
      if (config.socketPath !== undefined) rmSync(config.socketPath, { force: true });
    },
    url() {
      const { address, port } = app!.server.address() as AddressInfo;
      return `http://${formatEndpoint(address, port)}`;
    },
  };
}

function makeEntrance(
  { host, allowedHosts = [], tokenFile, publicStatus = false }: ServerConfig,
  now: () => number,
  trusted: WeakSet<object>,
): { readonly auth: Auth; readonly gate: Gate } {
  refuseOpenAddress(host, tokenFile);
  const auth = makeAuth(tokenFile === undefined ? null : readTokenFile(tokenFile), now);
  const names = {
    allowedHosts: allowedHosts.map((name) => name.toLowerCase()),
    anyAddress: !isLoopbackHost(host),
  };
  return { auth, gate: makeGate(names, auth, trusted, publicStatus ? isPublicPath : () => false) };
}

/** Loads what is served, and makes the routes to it ready. */
async function addRoutes(
  app: FastifyInstance,
  { webRoot, version, database, publicStatus }: ServerConfig,
  { reporter, upgrades: _, ...deps }: Required<ServerDeps>,
  auth: Auth,
): Promise<void> {
  const refuseOtherMethods = watchMethods(app);
  reporter.metrics.append(() => writeMonitorMetrics(deps.monitors));
  registerApi(app, { ...deps, version, database }, reporter.metrics);
  if (publicStatus) registerPublic(app, deps);
  registerSite(app, loadStaticFiles(webRoot), version);
  if (auth.required) await registerLogin(app, auth);
  refuseOtherMethods();
  await app.ready();
}

/** A second server in front of the same routes, for those who may open its socket file. */
function makeLocalServer(app: FastifyInstance, limits: HttpLimits): Server {
  const server = createServer(describeLimits(limits), (request, response) => app.routing(request, response));
  return server.on('clientError', refuseMalformed);
}

/** Listens on this address alone, where fastify would also take what else `localhost` stands for. */
async function listen(server: Server, { host, port }: ServerConfig): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host, port, backlog: 511 }, resolve);
  try {
    await promise;
  } catch (cause) {
    throw explainListen(cause, host, port);
  } finally {
    server.off('error', reject);
  }
}

function explainListen(cause: unknown, host: string, port: number): NetmonError {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    const message = `port ${port} of ${host} is in use: end what listens there, or choose another with --port`;
    return new NetmonError('NM_PORT_IN_USE', message, { cause });
  }
  if (code === 'EACCES') {
    const message = `this user may not listen on port ${port}: choose one from 1024 up with --port`;
    return new NetmonError('NM_PRIVILEGE', message, { cause });
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    const message = `${host} is no address of this machine: choose another with --host`;
    return new NetmonError('NM_BAD_FLAG', message, { cause });
  }
  return new NetmonError('NM_SYSTEM', `unable to listen on ${host}, port ${port}`, { cause });
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  await promise;
}
