import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { Authority } from '../../platform/certificates/authority.ts';
import type { Identity } from '../../platform/certificates/identity.ts';
import { dialServerTls } from '../../platform/certificates/tls.ts';
import { makeOrderSigner } from '../../platform/order-signature.ts';
import { makeReporter } from '../../platform/reporter.ts';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import type { Store } from '../../store/store.ts';
import { AgentRegistry } from '../agents/registry.ts';
import { Ingest } from '../ingest/ingest.ts';
import { IdPool } from '../live/ids.ts';
import { Mirror } from '../live/mirror.ts';
import { AgentListener } from './agent-listener.ts';
import { Identities } from './identities.ts';

/** A server's entrance for agents, with a real store, on a port of loopback. */
export interface Entrance extends AsyncDisposable {
  readonly folder: string;
  readonly url: string;
  readonly port: number;
  readonly authority: Authority;
  readonly identities: Identities;
  readonly agents: AgentRegistry;
  readonly store: Store;
  readonly ingest: Ingest;
  readonly logged: string[];
  /** The clock of tokens and certificates, ahead of the real one by so much. */
  clock: { aheadMs: number };
}

export async function openEntrance(options: { readonly lifetimeMs?: number } = {}): Promise<Entrance> {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-entrance-'));
  const logged: string[] = [];
  const reporter = makeReporter({ format: 'json', write: (line) => void logged.push(line) });
  const clock = { aheadMs: 0 };
  const store = openSqliteStore({ path: join(folder, 'netmon.db') });
  const authority = await Authority.open({
    folder: join(folder, 'ca'),
    hosts: () => ['localhost', '127.0.0.1'],
    ...options,
  });
  const agents = new AgentRegistry(store, reporter);
  const identities: Identities = new Identities({
    store,
    authority,
    reporter,
    addresses: () => [`127.0.0.1:${listener.port}`],
    onRevoked: (...revoked) => agents.shutOut(...revoked),
    now: () => Date.now() + clock.aheadMs,
  });
  const mirror = new Mirror(new IdPool(store), null);
  const ingest = new Ingest({
    store,
    mirror,
    reporter,
    agents,
    identities,
    sign: makeOrderSigner(authority.orderKey),
  });
  const listener = new AgentListener(
    { host: '127.0.0.1', port: 0 },
    { authority, identities, ingest, reporter },
  );
  await identities.start();
  await ingest.start();
  await listener.start();
  return {
    folder,
    url: `https://127.0.0.1:${listener.port}`,
    port: listener.port,
    authority,
    identities,
    agents,
    store,
    ingest,
    logged,
    clock,
    async [Symbol.asyncDispose]() {
      await listener.stop();
      await ingest.stop();
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** What the entrance answers to a request. */
export async function ask(
  { url, authority }: Pick<Entrance, 'url' | 'authority'>,
  path: string,
  options: {
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly body?: string;
  } = {},
  tls: ConnectionOptions = { ca: authority.certificate },
): Promise<{ readonly status: number; readonly code: string | undefined; readonly text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const { body, ...rest } = options;
  const sent = request(url + path, { ...tls, ...rest, agent: false }, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (part: string) => {
      text += part;
    });
    response.on('end', () => resolve({ status: response.statusCode!, text }));
  });
  sent.on('upgrade', (_, socket) => {
    socket.destroy();
    resolve({ status: 101, text: '{}' });
  });
  sent.on('error', reject);
  sent.end(body);
  const { status, text } = await promise;
  const { code } = JSON.parse(text) as { code?: string };
  return { status, code, text };
}

/** What the entrance answers to an upgrade to the link. */
export function askForLink(
  entrance: Pick<Entrance, 'url' | 'authority'>,
  tls: Identity | ConnectionOptions,
  path = '/api/agent/link',
): ReturnType<typeof ask> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'sec-websocket-protocol': 'netmon.v1',
  };
  return ask(entrance, path, { headers }, 'serial' in tls ? dialServerTls(tls) : tls);
}
