/** A process that starts a server as root in the folder given, gives up root, uses the server and prints what it saw. */
import { chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { findAccount } from '../platform/account.ts';
import { makeReporter } from '../platform/reporter.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import { Monitors } from './monitors/monitors.ts';
import { dropPrivileges } from './privileges.ts';
import { HeldAgents, makeAgentParts, makeHeldState } from './server.fixture.ts';
import { makeServer } from './server.ts';

const folder = process.argv[2];
const account = findAccount('nobody');
const path = join(folder, 'data', 'netmon.db');
mkdirSync(join(folder, 'web'), { mode: 0o700 });
writeFileSync(join(folder, 'web', 'index.html'), '<!doctype html>', { mode: 0o600 });
mkdirSync(join(folder, 'data'));
chownSync(join(folder, 'data'), account.uid, account.gid);

const loadedLater: string[] = [];
let dropped = false;
registerHooks({
  load(url, context, nextLoad) {
    if (dropped && url.startsWith('file:')) loadedLater.push(url);
    return nextLoad(url, context);
  },
});

const reporter = makeReporter();
const database = { path, limitBytes: 1, retentionDays: 1 };
let store = openSqliteStore({ path });
await store.close();
for (const name of [path]) chownSync(name, account.uid, account.gid);
store = openSqliteStore({ path });
for (const ending of ['-wal', '-shm']) chownSync(path + ending, account.uid, account.gid);
const config = { host: '127.0.0.1', port: 0, webRoot: join(folder, 'web'), version: '0', database };
const agents = new HeldAgents();
const monitors = new Monitors({ store, agents, reporter });
const live = makeHeldState();
const { directory, dialer, identities } = makeAgentParts(store, live, reporter);
const server = makeServer(config, {
  store,
  live,
  monitors,
  agents,
  directory,
  dialer,
  identities,
  reporter,
  upgrades: [],
});
await server.start();
dropPrivileges(account);
dropped = true;

const ask = (url: string, body?: string): Promise<number> => {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const options = {
    method: body ? 'POST' : 'GET',
    headers: body ? { 'content-type': 'application/json' } : {},
  };
  const sent = request(server.url() + url, options, (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
};
const posted = JSON.stringify({
  timestamp: '2024-03-16T12:00:00Z',
  local_addr: '127.0.0.1:1',
  remote_addr: '[::1]:2',
});
const statuses = [];
for (const url of [
  '/',
  '/health',
  '/docs',
  '/api/openapi.json',
  '/metrics',
  '/api/connections?text=a',
  '/api/errors',
]) {
  statuses.push(await ask(url));
}
statuses.push(await ask('/api/connections', posted), await ask('/api/connections?sort=bytes'));
statuses.push(await ask('/nowhere'), await ask('/api/connections', '{'));
await store.retain(Date.now());

const regain = (): boolean => {
  try {
    process.setuid?.(0);
    return true;
  } catch {
    return false;
  }
};
const status = readFileSync('/proc/self/status', 'latin1');
console.log(
  JSON.stringify({
    statuses,
    loadedLater,
    uid: process.getuid?.(),
    regains: regain(),
    capabilities: [...status.matchAll(/^Cap(?:Inh|Prm|Eff|Amb):\s*(\w+)$/gm)]
      .map((match) => `${match[1]}\n`)
      .join(''),
    ownedBy: statSync('/proc/self/maps').uid,
    databaseMode: (statSync(path).mode & 0o777).toString(8),
  }),
);
await server.stop();
await store.close();
