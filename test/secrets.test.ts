import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { type Netmon, runNetmon } from './support/netmon.ts';
import { until } from './support/until.ts';

const program = join(import.meta.dirname, '../bin/netmon');
/** One for each place of a probe that may hold one, so that a finding names the place. */
const secrets = {
  header: 'Ahd7-secret-of-header',
  bearer: 'Bbr8secretofbearer',
  cookie: 'Cck9-secret-of-cookie',
  user: 'Dus1-secret-of-user',
  query: 'Equ2-secret-of-query',
  body: 'Fbo3-secret-of-body',
  pass: 'Gpa4-secret-of-pass',
} as const;
const all = Object.values(secrets);

/** Whatever was asked comes back, in the answer's head and body, where assertions and messages see it. */
function makeEcho() {
  const http = createHttpServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      body += part;
    });
    request.on('end', () => {
      response.writeHead(500, { 'x-echo': request.headers.authorization ?? '' });
      response.end(JSON.stringify({ url: request.url, headers: request.headers, body }));
    });
  });
  const tcp = createServer((socket) => {
    socket.on('error', () => {});
    socket.write('+OK\r\n');
    socket.on('data', (data) => socket.write(`-ERR ${String(data)}`));
  });
  return { http, tcp };
}

describe('the secrets of monitors', () => {
  const { http, tcp } = makeEcho();
  let netmon: Netmon;
  let site: string;
  let port: number;

  before(async () => {
    http.listen(0, '127.0.0.1');
    tcp.listen(0, '127.0.0.1');
    await Promise.all([once(http, 'listening'), once(tcp, 'listening')]);
    site = `127.0.0.1:${(http.address() as AddressInfo).port}`;
    ({ port } = tcp.address() as AddressInfo);
    netmon = await runNetmon({
      flags: [
        '--sensor',
        'proc',
        '--no-inspect',
        '--probe-networks',
        'loopback',
        '--public-status',
        '--log-level',
        'debug',
      ],
    });
    for (const monitor of listMonitors()) {
      const answer = await fetch(`${netmon.url}/api/monitors`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(monitor),
      });
      assert.equal(answer.status, 201, await answer.text());
    }
  });
  after(async () => {
    await netmon[Symbol.asyncDispose]();
    http.closeAllConnections();
    http.close();
    tcp.close();
  });

  /** Monitors that all fail, with messages about what came back. */
  function listMonitors(): object[] {
    const { header, bearer, cookie, user, query, body, pass } = secrets;
    const echoing = {
      kind: 'http',
      url: `http://me:${user}@${site}/?token=${query}&page=1`,
      method: 'POST',
      headers: { 'X-Api-Key': header, Authorization: `Bearer ${bearer}`, Cookie: `session=${cookie}` },
      body: `{"password": "${body}"}`,
    };
    const tests = [
      '[BODY] == x',
      '[BODY].headers.cookie == x',
      '[BODY].body == x',
      '[HEADER].x-echo == x',
      '[URL] == x',
    ];
    const { Authorization: _, ...fewer } = echoing.headers;
    const common = { interval_ms: 1000, public: true, thresholds: { failures: 1 } };
    return [
      ...tests.map((test, i) => ({
        ...common,
        id: `http-${i}`,
        name: `http ${i}`,
        // The credentials of a URL are sent where no header says others.
        probe: i % 2 === 0 ? echoing : { ...echoing, headers: fewer },
        assertions: [{ test: '[STATUS] == 500' }, { test }],
      })),
      {
        ...common,
        id: 'refused',
        name: 'refused',
        probe: {
          ...echoing,
          url: `http://me:${user}@127.0.0.1:1/?token=${query}`,
          proxy: `http://me:${user}@127.0.0.1:1`,
        },
      },
      {
        ...common,
        id: 'mail',
        name: 'mail',
        probe: {
          kind: 'tcp',
          host: '127.0.0.1',
          port,
          banner: true,
          steps: [{ expect: '+OK' }, { send: `PASS ${pass}\r\n` }, { expect: 'welcome' }],
        },
      },
    ];
  }

  const look = async (path: string): Promise<string> => {
    const answer = await fetch(netmon.url + path);
    assert.equal(answer.status, 200, path);
    return answer.text();
  };
  const holdsNone = (what: string, text: string): void => {
    for (const secret of all) {
      for (const form of [
        secret,
        encodeURIComponent(secret),
        Buffer.from(`me:${secret}`).toString('base64'),
      ]) {
        assert.ok(!text.includes(form.slice(0, 12)), `${what} shows ${secret}: ${text.slice(0, 2000)}`);
      }
    }
  };

  it('are sent where they belong, and told nowhere else', async () => {
    const ids = [0, 1, 2, 3, 4].map((i) => `http-${i}`).concat('refused', 'mail');
    for (const id of ids) {
      await until(
        `two rounds of ${id}`,
        async () => {
          const { results } = JSON.parse(await look(`/api/monitors/${id}/results?limit=10`));
          return results.length >= 2 ? results : undefined;
        },
        { withinMs: 60_000, describe: () => netmon.output },
      );
    }
    assert.match(await look('/api/monitors/mail'), /-ERR PASS \*\*\*/);
    assert.match(await look('/api/monitors/http-0/results'), /it is .*\*\*\*/);
    for (const id of ids) {
      for (const path of ['', '/results', '/history', '/incidents', '/evidence']) {
        holdsNone(path, await look(`/api/monitors/${id}${path}`));
      }
    }
    for (const path of [
      '/api/monitors',
      '/api/monitors/export',
      '/api/incidents',
      '/metrics',
      '/public',
      '/health',
    ]) {
      holdsNone(path, await look(path));
    }
    holdsNone('the log', netmon.output);
  });

  it('are in no frame for a viewer', async () => {
    const socket = new WebSocket(`${netmon.url}/ws?mode=monitors`);
    let text = '';
    socket.on('message', (data) => {
      text += String(data);
    });
    await until('a round', () => (text.includes('"type":"result"') && text.includes('"mail"')) || undefined, {
      withinMs: 60_000,
    });
    socket.terminate();
    holdsNone('a frame', text);
  });

  it('are not shown by the command line', async () => {
    const run = (...args: readonly string[]): Promise<string> =>
      new Promise((resolve) =>
        execFile(program, [...args, '--server', netmon.url], { timeout: 60_000 }, (_, out, err) =>
          resolve(out + err),
        ),
      );
    const outputs = await Promise.all([
      run('monitor', 'show', 'http-0'),
      run('monitor', 'show', 'mail', '--json'),
      run('monitor', 'results', 'http-1', '--json'),
      run('monitor', 'export'),
    ]);
    for (const [i, output] of outputs.entries()) {
      assert.ok(output.length > 100, output);
      holdsNone(String(i), output);
    }
  });

  it('are in files that nobody else can read', async () => {
    const found: string[] = [];
    for (const entry of readdirSync(netmon.data, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const bytes = readFileSync(path, 'latin1');
      if (!all.some((secret) => bytes.includes(secret))) continue;
      found.push(entry.name);
      assert.equal(statSync(path).mode & 0o077, 0, path);
    }
    assert.ok(found.includes('monitors.json'), found.join());
  });
});
