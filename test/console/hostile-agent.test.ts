import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { WebSocketServer } from 'ws';
import { enroll, openAuthority } from '../../src/platform/certificates/authority.fixture.ts';
import { identityPath, writeIdentity } from '../../src/platform/certificates/identity.ts';
import { listenContext } from '../../src/platform/certificates/tls.ts';
import type { Assignment } from '../../src/wire/monitor.ts';
import {
  type Carried,
  consoleSubprotocol,
  type OrderAnswer,
  type OrderBody,
  type OrderType,
} from '../../src/wire/orders.ts';
import { until } from '../support/until.ts';

const program = join(import.meta.dirname, '../../bin/netmon');
/** A title, a cleared screen, a colour by C1, an override of direction, a new line, a tab and NUL. */
const evil = '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202e\r\nnetmon> \t\0';
const dangerous = /[^\P{Cc}\n]|\p{Cf}/u;

const monitor: Assignment = {
  id: 'm',
  revision: 1,
  name: `shop${evil}`,
  probe: {
    kind: 'tcp',
    host: 'a.example',
    port: 1,
    tls: 'none',
    starttls: null,
    verify: true,
    banner: false,
    steps: [{ expect: evil }],
    family: null,
  },
  interval_ms: 1000,
  timeout_ms: 1000,
  retries: 0,
  assertions: [],
  thresholds: { failures: 1, successes: 1, share: null },
  labels: { place: evil },
};
const phases = {
  resolve_ms: null,
  connect_ms: 1e308,
  tls_ms: null,
  processing_ms: null,
  transfer_ms: null,
};
const last: Carried['last'] = {
  at: '2026-01-01T00:00:00.000Z',
  outcome: 'down',
  duration_ms: 1e308,
  reason: { code: evil, message: `it said ${evil}`, phase: 'connect' },
  attempts: 1,
  address: evil,
  phases,
  echoes: [1e308, null],
  detail: { banner: evil, reply: evil, answers: [{ name: evil, type: 'TXT', ttl: 1, data: evil }] },
};
const huge = Number.MAX_SAFE_INTEGER;
const carried: Carried = { monitor, owner: 'console', running: true, state: 'down', since: last.at, last };

/** What a hostile agent answers; every other order is done. */
const answers: Readonly<Partial<Record<OrderType, OrderAnswer>>> = {
  'monitors.list': { type: 'monitors', revision: 1, monitors: [carried] },
  'results.list': { type: 'results', results: [{ ...last!, monitor: 'm', revision: 1 }] },
  'agent.describe': {
    type: 'agent',
    agent: {
      agent: 'box',
      version: evil,
      kernel: evil,
      os: evil,
      uptime_s: 1e300,
      servers: [evil],
      monitors: huge,
      probes_per_minute: 1e308,
      late_p99_ms: 1e308,
      spooled_records: huge,
      spooled_bytes: huge,
      lost_records: huge,
      cpu_percent: 1e308,
      memory_bytes: huge,
      forbidden: [evil],
    },
  },
};

/** An agent of that name for consoles to connect to, which is none. */
async function listen(agent: string, http: Server = createServer()): Promise<Server> {
  const server = new WebSocketServer({ server: http, handleProtocols: () => consoleSubprotocol });
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.send(JSON.stringify({ kind: 'hello', agent, version: evil, kernel: evil, os: evil }));
    socket.on('message', (data) => {
      const body = JSON.parse(JSON.parse(String(data)).body) as OrderBody;
      socket.send(
        JSON.stringify({ kind: 'answer', id: body.id, answer: answers[body.order.type] ?? { type: 'done' } }),
      );
      if (body.order.type !== 'results.watch') return;
      socket.send(JSON.stringify({ kind: 'result', result: { ...last, monitor: 'm', revision: 1 } }));
    });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return http;
}

describe('a console that is connected to a hostile agent', () => {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-console-'));
  const running: (() => unknown)[] = [];
  afterEach(() => running.splice(0).map((stop) => stop()));
  after(() => rmSync(folder, { recursive: true }));

  /** A `netmon` that is typed to by a pipe; `seen` gives all that it has printed. */
  function run(...args: readonly string[]) {
    const env = { ...process.env, XDG_CONFIG_HOME: folder, NETMON_DATA: folder };
    const child = spawn(program, args, { env });
    const exit = once(child, 'exit').then(([code]) => code as number);
    let seen = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        seen += text;
      });
    }
    running.push(() => child.kill('SIGKILL'));
    const type = async (line: string, answer: RegExp): Promise<void> => {
      const from = seen.length;
      child.stdin.write(`${line}\n`);
      await until(`${answer} after ${line}`, () => answer.test(seen.slice(from)) || undefined, {
        withinMs: 30_000,
        describe: () => seen,
      });
    };
    return { exit, type, seen: () => seen };
  }

  async function start(agent: string): Promise<string> {
    const http = await listen(agent);
    running.push(() => {
      http.closeAllConnections();
      http.close();
    });
    return `127.0.0.1:${(http.address() as AddressInfo).port}`;
  }

  it('shows all that it says without a character that a terminal obeys, and goes on to the end', async () => {
    const console = run('console', await start('box'));
    await console.type('stations', /box {2}agent at/);
    await console.type('list', /MONITOR[\s\S]*\nm .*shop\\x1b/);
    await console.type('agents', /AGENT[\s\S]*\nbox /);
    await console.type('show m', /shop\\x1b[\s\S]*REASON[\s\S]*it said/);
    await console.type('results m', /FOUND[\s\S]*it said/);
    await console.type('edit m --interval 5s', /changed m on box/);
    await console.type('rm m', /removed m from box/);
    await console.type('quit', /$/);
    assert.equal(await console.exit, 0);
    assert.doesNotMatch(console.seen(), dangerous);
  });

  it('is told by plain commands as harmlessly', async () => {
    const at = ['--agent', await start('box')];
    const ways = [['list'], ['show', 'm'], ['results', 'm']];
    await Promise.all(
      ways.map(async (words) => {
        const { exit, seen } = run('monitor', ...words, ...at);
        assert.equal(await exit, 0, seen());
        assert.match(seen(), /\\x1b/, words[0]);
        assert.doesNotMatch(seen(), dangerous, words[0]);
      }),
    );
  });

  it('does not take a name that is none, says so, and goes on', async () => {
    const console = run('console', await start(`../../box${evil}`));
    await console.type('list', /not connected yet: .*says hello as no agent/);
    await console.type('stations', /agent at .*, not connected/);
    await console.type('quit', /$/);
    assert.equal(await console.exit, 69);
    assert.doesNotMatch(console.seen(), dangerous);
  });

  it('is told no token, not even while it is asked what it is, nor behind TLS', async () => {
    const authority = await openAuthority(join(folder, 'ca'));
    writeIdentity(identityPath(folder, 'console'), await enroll(authority, 'console', 'desk'));
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'a-token-of-the-server', { mode: 0o600 });
    const context = { ...listenContext(await enroll(authority, 'agent', 'box')), requestCert: true };
    const told: string[] = [];
    const note = (request: IncomingMessage): void => {
      told.push(`${request.url} ${request.headers.authorization}`);
    };
    const plain = createServer((request, response) => {
      note(request);
      response.writeHead(404).end();
    });
    // An agent of this machine is shown something made of the token.
    plain.on('upgrade', ({ headers }: IncomingMessage) => {
      assert.doesNotMatch(headers.authorization ?? '', /a-token/);
    });
    const secure = createTlsServer(context).on('upgrade', note);
    for (const http of [plain, secure]) {
      await listen('box', http as Server);
      running.push(() => {
        http.closeAllConnections();
        http.close();
      });
    }
    const [asked, behindTls] = [plain, secure].map(
      (http) => `127.0.0.1:${(http.address() as AddressInfo).port}`,
    );
    const console = run('console', behindTls, '--token-file', tokenFile);
    await console.type('list', /MONITOR[\s\S]*\nm /);
    await console.type(`connect ${asked}`, /connected|not connected/);
    await console.type('quit', /$/);
    assert.equal(await console.exit, 0, console.seen());
    assert.deepEqual(told, ['/api/agent/console undefined', '/health undefined']);
  });
});
