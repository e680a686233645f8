import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { makeRound } from '../../store/monitors-contract.ts';
import type { MonitorInput } from '../../wire/monitor.ts';
import { newMonitorSchema } from '../../wire/monitor-api.ts';
import { type RunningServer, readStatus, sendRaw, startServer } from '../server.fixture.ts';
import { formatShare, uptimeColor } from './badge.ts';

const token = 'a-token-of-the-server-0123456789';
const hostile = '<img src=x onerror=alert(1)>"\'&]]>\u202e\u001b[2J';
let server: RunningServer;
let sequence = 0;

async function add(id: string, fields: Partial<MonitorInput> = {}): Promise<void> {
  const probe = { kind: 'http', url: 'https://internal-host.example/secret-path' } as const;
  await server.monitors.save([
    newMonitorSchema.parse({ id, name: id, probe, agents: ['agent-lon'], ...fields }),
  ]);
}

async function report(id: string, outcome: 'up' | 'down', ...minutesAgo: number[]): Promise<void> {
  const results = minutesAgo.map((minutes) =>
    makeRound(id, 0, {
      at: new Date(Date.now() - minutes * 60_000).toISOString(),
      outcome,
      reason: outcome === 'up' ? null : { code: 'TIMEOUT', message: 'internal-reason', phase: 'connect' },
    }),
  );
  const records = results.map((result) => ({ kind: 'probe' as const, result }));
  const batch = { agent: 'agent-lon', epoch: 'e', first: sequence, records };
  sequence += records.length;
  const { ids } = await server.store.insertReported(batch);
  server.monitors.committed('agent-lon', results, Math.max(...ids.map(Number)));
}

const get = async (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(server.url + path, { headers, redirect: 'manual' });

before(async () => {
  server = await startServer({ token, publicStatus: true });
  // So that rounds of some minutes ago are not late.
  const interval_ms = 600_000;
  await add('shop', { public: true, name: 'Shop', interval_ms });
  await add('evil', { public: true, name: hostile, interval_ms });
  await add('inner', { name: 'private-name' });
  await report('shop', 'up', 8, 7, 6, 5);
  await report('shop', 'down', 4, 3);
  await report('shop', 'up', 2);
  await report('evil', 'down', 3, 2);
  await report('inner', 'down', 3, 2);
  await server.monitors.settle();
  await server.monitors.sum();
});
after(() => server[Symbol.asyncDispose]());

describe('the public status', () => {
  it('is read without a token, and may be kept for a while', async () => {
    const answer = await get('/public');
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('cache-control'), 'public, max-age=30');
    const page = await answer.text();
    assert.match(page, /1 of 2 down/);
    assert.match(page, />Shop<\/h2><span class="pill good">up<\/span>/);
    assert.match(page, /Shop <b class="bad">down<\/b>, for \d+ min/);
    assert.equal(page.match(/<rect /g)?.length, 180);
  });

  it('tells nothing of targets, agents, reasons and private monitors', async () => {
    const texts = [
      await (await get('/public')).text(),
      await (await get('/public/badge/shop/state.svg')).text(),
      await (await get('/public/badge/shop/response.svg')).text(),
    ];
    for (const text of texts) {
      assert.doesNotMatch(text, /internal-|secret-path|agent-lon|private-name|inner|192\.0\.2/);
    }
  });

  it('shows any name as text', async () => {
    for (const path of ['/public', '/public/badge/evil/state.svg', '/public/badge/evil/uptime.svg']) {
      const text = await (await get(path)).text();
      assert.doesNotMatch(text, /<img|<script|\u202e|]]>|onerror="|onerror='/);
      assert.equal(text.includes('\u001b'), false);
      assert.match(text, /&#60;img src=x/);
    }
  });

  it('has badges of state, uptime and response time that any site may show', async () => {
    const embedded = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'no-cors',
      'sec-fetch-dest': 'image',
    };
    for (const [what, expected] of [
      ['state', />up</],
      ['uptime', /> ?\d+\.\d\d %</],
      ['response', />12 ms</],
    ] as const) {
      const answer = await get(`/public/badge/shop/${what}.svg`, embedded);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('content-type'), 'image/svg+xml; charset=utf-8');
      assert.equal(answer.headers.get('cross-origin-resource-policy'), 'cross-origin');
      assert.match(await answer.text(), expected);
    }
    assert.equal((await get('/api/monitors', embedded)).status, 403);
  });

  it('is the same for a private monitor as for one that is not there', async () => {
    const answers = await Promise.all(
      ['inner', 'nobody'].map(async (id) => {
        const answer = await get(`/public/badge/${id}/state.svg`);
        return [answer.status, await answer.text()];
      }),
    );
    assert.equal(answers[0][0], 404);
    assert.deepEqual(answers[0], answers[1]);
    await server.monitors.edit('shop', () => ({ public: false }));
    assert.equal((await get('/public/badge/shop/state.svg')).status, 404);
    await server.monitors.edit('shop', () => ({ public: true }));
  });

  it('opens nothing but itself', async () => {
    for (const target of [
      '/public/../api/monitors',
      '/public/..%2fapi/monitors',
      '/public/%2e%2e/api/monitors',
      '/public//api/monitors',
      '/public/',
      '/public;x=/../../api/monitors',
      '/api/monitors?/public',
      '/public/badge/shop/..%2f..%2f..%2fapi%2fmonitors',
      '/public/badge/shop/state.svg/../../../../api/monitors',
      '/public/../../etc/passwd',
      '/Public',
    ]) {
      const answer = await sendRaw(
        server.port,
        `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      );
      assert.equal(readStatus(answer), 401, target);
    }
    const posted = await fetch(`${server.url}/public`, { method: 'POST' });
    assert.equal(posted.status, 401);
    const rebound = 'GET /public HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n';
    assert.equal(readStatus(await sendRaw(server.port, rebound)), 421);
  });

  it('is off unless it is switched on', async () => {
    await using closed = await startServer({ token });
    assert.equal((await fetch(`${closed.url}/public`)).status, 401);
    await using open = await startServer();
    assert.equal((await fetch(`${open.url}/public`)).status, 404);
    assert.equal((await fetch(`${open.url}/public/badge/a/state.svg`)).status, 404);
  });

  it('never rounds up to all of the time', () => {
    assert.equal(formatShare(1), '100 %');
    assert.equal(formatShare(0.999999), '99.99 %');
    assert.equal(formatShare(0.98765), '98.76 %');
    assert.equal(formatShare(null), 'no data');
    assert.notEqual(uptimeColor(0.9), uptimeColor(1));
  });
});
