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
import { createServer, type Server, type ServerOptions } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { NetmonError } from '../base/errors.ts';
import { formatEndpoint } from '../base/ip.ts';
import type { Component } from '../platform/lifecycle.ts';
import type { Reporter } from '../platform/reporter.ts';
import type { Store } from '../store/store.ts';
import { registerApi } from './api/register.ts';
import {
  defaultHttpLimits,
  type HttpLimits,
  isLoopbackHost,
  refuseOpenAddress,
  type ServerConfig,
} from './config.ts';
import { makeRequestListener, refuseMalformed } from './http/app.ts';
import { makeAuth, readTokenFile } from './http/auth.ts';
import { makeGate } from './http/gate.ts';
import { Router } from './http/router.ts';
import { registerLogin, registerSite } from './http/site.ts';
import { listenOnSocket, prepareSocketFile } from './http/socket-file.ts';
import { loadStaticFiles } from './http/static-files.ts';
import { isWebSocket, makeUpgradeListener } from './http/upgrades.ts';
import type { LiveState } from './live/state.ts';
import type { UpgradeRoute } from './upgrade.ts';

/** Longest request line and headers together. */
const maxHeaderBytes = 16 * 1024;
/** How often Node looks for requests that take too long. */
const checkIntervalMs = 500;

export interface ServerDeps {
  readonly store: Store;
  readonly live: LiveState;
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
  const trusted = new WeakSet<object>();
  /** Open ones, upgraded ones among them, which Node no longer counts as its own. */
  const sockets = new Set<Socket>();
  let main: Server | undefined;
  let local: Server | undefined;

  const track = (server: Server): Server =>
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });

  return {
    name: 'http server',
    async start() {
      const make = prepare(config, deps, trusted);
      if (config.socketPath !== undefined) {
        local = track(make()).on('connection', (socket) => trusted.add(socket));
        await prepareSocketFile(config.socketPath);
        await listenOnSocket(local, config.socketPath);
      }
      main = track(make());
      await listen(main, config);
    },
    async stop() {
      const closed = [main, local].filter((server) => server !== undefined).map(closeServer);
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
      if (config.socketPath !== undefined) rmSync(config.socketPath, { force: true });
    },
    url() {
      const { address, port } = main!.address() as AddressInfo;
      return `http://${formatEndpoint(address, port)}`;
    },
  };
}

/** Loads what is served; the answer makes servers in front of it. */
function prepare(config: ServerConfig, deps: ServerDeps, trusted: WeakSet<object>): () => Server {
  const { host, allowedHosts = [], tokenFile, version, database } = config;
  const { store, live, reporter, upgrades, now = Date.now } = deps;
  refuseOpenAddress(host, tokenFile);
  const limits = { ...defaultHttpLimits, ...config.limits };
  const auth = makeAuth(tokenFile === undefined ? null : readTokenFile(tokenFile), now);
  const names = {
    allowedHosts: allowedHosts.map((name) => name.toLowerCase()),
    anyAddress: !isLoopbackHost(host),
  };
  const gate = makeGate(names, auth, trusted);
  const router = new Router();
  registerApi(router, { store, live, now, version, database }, reporter.metrics);
  registerSite(router, loadStaticFiles(config.webRoot), version);
  if (auth.required) registerLogin(router, auth);
  const onRequest = makeRequestListener({ router, gate, limits, reporter });
  const onUpgrade = makeUpgradeListener(upgrades, gate);
  return () => {
    const server = createServer(describeLimits(limits), onRequest);
    server.maxConnections = limits.connections;
    return server.on('upgrade', onUpgrade).on('clientError', refuseMalformed);
  };
}

function describeLimits(limits: HttpLimits): ServerOptions {
  return {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(checkIntervalMs, limits.headersTimeoutMs),
    shouldUpgradeCallback: isWebSocket,
  };
}

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
