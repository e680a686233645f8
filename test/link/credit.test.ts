import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';
import { AgentLink } from '../../src/agent/link/link.ts';
import { makeReporter } from '../../src/platform/reporter.ts';
import { linkPath, linkSubprotocol, type ServerMessage } from '../../src/wire/link.ts';
import { ended } from '../../src/wire/reported.fixture.ts';
import { startLinkServer } from './server.ts';
import { NumberSource } from './source.ts';

const folder = mkdtempSync(join(tmpdir(), 'netmon-credit-'));
after(() => rmSync(folder, { recursive: true }));
const reporter = makeReporter({ write: () => {} });
const hello = { agent: 'box', version: '1', kernel: '', os: '' };

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!holds()) {
    assert.ok(performance.now() < deadline, `${what} did not come`);
    await sleep(10);
  }
}

const sumOf = (frames: readonly { readonly length: number }[]): number =>
  frames.reduce((sum, { length }) => sum + length, 0);

describe('credit for records', () => {
  it('is kept by the agent to the letter, whatever the server grants', async (t) => {
    const http = createServer().listen(0, '127.0.0.1');
    await once(http, 'listening');
    const server = new WebSocketServer({ server: http, handleProtocols: () => linkSubprotocol });
    let socket: WebSocket | undefined;
    let epoch = '';
    /** Last number and length of the frames that were not acknowledged. */
    const underway: { last: number; length: number }[] = [];
    server.on('connection', (opened) => {
      socket = opened;
      opened.on('message', (data) => {
        const message = JSON.parse(String(data));
        if (message.kind === 'hello') {
          epoch = message.epoch;
          opened.send('{"kind":"welcome","committed":-1,"live_interval_ms":1000,"credit":20000}');
        }
        if (message.kind !== 'records') return;
        const { first, records } = message;
        underway.push({ last: first + records.length - 1, length: JSON.stringify(records).length });
      });
    });
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const link = new AgentLink({ server: url, hello, spool: { path: null } }, new NumberSource(), reporter);
    link.start();
    t.after(async () => {
      await link.stop();
      server.close();
      http.closeAllConnections();
      http.close();
    });
    for (let i = 0; i < 1000; i++) link.record(ended(i));
    let seen = -1;
    let credit = 20_000;
    for (const next of [50_000, 0, 1, 300_000, 2_000, 1_000_000]) {
      const isUsed = (): boolean => seen >= 900 || credit <= 10_000 || sumOf(underway) > credit / 2;
      await until('what is granted', () => underway.length > 0 && isUsed());
      // What is too much has time to come.
      await sleep(50);
      const length = sumOf(underway);
      assert.ok(
        underway.length === 1 || length <= credit,
        `${underway.length} frames of ${length} for ${credit}`,
      );
      seen = underway.at(-1)!.last;
      underway.length = 0;
      credit = next;
      socket!.send(JSON.stringify({ kind: 'ack', epoch, seq: seen, credit }));
    }
    await until('the rest', () => underway.at(-1)?.last === 999);
  });

  it('is held against what an agent sends: one that takes more is refused, the others are not', async (t) => {
    const { promise: refusal, resolve: letGo } = Promise.withResolvers<void>();
    const server = await startLinkServer(join(folder, 'greedy.db'), reporter, 0, (store) => ({
      ...store,
      insertReported: async (batch) => {
        await refusal;
        return store.insertReported(batch);
      },
    }));
    t.after(async () => {
      letGo();
      await server.stop();
    });
    const socket = new WebSocket(server.url + linkPath, [linkSubprotocol]);
    const received: ServerMessage[] = [];
    socket.on('message', (data) => received.push(JSON.parse(String(data))));
    await once(socket, 'open');
    socket.send(JSON.stringify({ kind: 'hello', ...hello, epoch: 'e', sensors: [] }));
    await until('the welcome', () => received.length > 0);
    const [welcome] = received;
    assert.ok(welcome.kind === 'welcome' && welcome.credit === 8 * 1024 * 1024);
    const record = JSON.stringify(ended(1, { process_path: `/${'x'.repeat(4000)}` }));
    const frame = (first: number): string =>
      `{"kind":"records","epoch":"e","first":${first},"records":[${new Array(1000).fill(record).join(',')}]}`;
    for (let i = 0; i < 4; i++) socket.send(frame(i * 1000));
    const [code] = await once(socket, 'close');
    assert.equal(code, 1008);
    const last = received.at(-1)!;
    assert.ok(last.kind === 'refused' && last.code === 'NM_RATE', JSON.stringify(last));
  });

  it('lets a server whose database takes a second a commit have everything once, and live frames all the time', async (t) => {
    const total = 4_000;
    let waiting = 0;
    let most = 0;
    const server = await startLinkServer(join(folder, 'slow.db'), reporter, 0, (store) => ({
      ...store,
      insertReported: async (batch) => {
        most = Math.max(most, ++waiting);
        await sleep(1000);
        waiting--;
        return store.insertReported(batch);
      },
    }));
    const source = new NumberSource();
    const spool = { path: join(folder, 'slow.spool') };
    const link = new AgentLink({ server: server.url, hello, spool }, source, reporter);
    for (let i = 0; i < 100; i++) source.add(i);
    link.start();
    t.after(async () => {
      await link.stop();
      await server.stop();
    });
    for (let i = 0; i < total; i++) link.record(ended(1000 + i));
    const reading = setInterval(() => source.read(), 100);
    const began = performance.now();
    let lastSeen = '';
    let frames = 0;
    while (server.store.stats().rows < total) {
      assert.ok(performance.now() - began < 120_000, `${server.store.stats().rows} rows`);
      const seen = server.mirror.agents()[0]?.last_seen ?? '';
      if (seen !== lastSeen) frames++;
      lastSeen = seen;
      await sleep(50);
    }
    clearInterval(reading);
    const seconds = (performance.now() - began) / 1000;
    assert.ok(frames >= Math.floor(seconds / 3), `${frames} frames in ${seconds.toFixed(1)} s`);
    assert.equal(most, 1, 'one commit at a time');
    await until('the last acknowledgement', () => link.status().spooled_records === 0);
    assert.equal(server.store.stats().rows, total);
    assert.equal(server.mirror.stats().active_connections, 100);
  });
});
