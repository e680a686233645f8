import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import { AgentLink } from '../../src/agent/link/link.ts';
import type { LiveSource, SourceFrame } from '../../src/agent/link/source.ts';
import { LiveChanges } from '../../src/agent/sockets/live-changes.ts';
import { makeTracked } from '../../src/agent/sockets/tracked.fixture.ts';
import type { TrackedConnection } from '../../src/agent/sockets/tracked.ts';
import { makeReporter } from '../../src/platform/reporter.ts';
import { type LinkServer, startLinkServer } from './server.ts';

const dir = mkdtempSync(join(tmpdir(), 'netmon-pieces-'));
const reporter = makeReporter({ level: 'error' });
let databases = 0;

/** The agent's changes of connections that a test opens and ends, with a say between two frames. */
class ChangeSource implements LiveSource {
  readonly open = new Map<number, TrackedConnection>();
  frames = 0;
  onFrame: (frame: number) => void = () => {};
  readonly #live = new LiveChanges({ toUnixMs: (ns) => 1_700_000_000_000 + ns / 1e6 });
  #listener: () => void = () => {};

  add(key: number): void {
    const connection = makeTracked(key);
    connection.remoteIp = `10.0.${key >> 8}.${key & 255}`;
    this.open.set(key, connection);
    this.#live.opened(connection);
  }

  send(key: number, bytes: number): void {
    const connection = this.open.get(key)!;
    connection.bytesSent = bytes;
    this.#live.changed(connection);
  }

  end(key: number): void {
    this.#live.gone(this.open.get(key)!);
    this.open.delete(key);
  }

  sensors = (): [] => [];
  hasMore = (): boolean => this.#live.hasMore;
  onReading = (listener: () => void): void => {
    this.#listener = listener;
  };
  read = (): void => this.#listener();

  takeFrame(full: boolean): SourceFrame {
    const at = Date.now();
    const changes = this.#live.take(full, (visit) => this.open.forEach(visit), at);
    this.onFrame(++this.frames);
    return {
      at,
      ...changes,
      samples: [],
      interface_samples: {},
      process_samples: {},
      processes: [],
      processes_gone: [],
    };
  }
}

describe('a full picture in pieces', () => {
  const stops: Array<() => unknown> = [];
  let server: LinkServer;
  let source: ChangeSource;
  beforeEach(async () => {
    server = await startLinkServer(join(dir, `${databases++}.sqlite`), reporter);
    stops.push(() => server.stop());
    source = new ChangeSource();
    for (let key = 1; key <= 4000; key++) source.add(key);
  });
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });
  after(() => rmSync(dir, { recursive: true }));

  function startAgent(): AgentLink {
    const hello = { agent: 'box', version: '0.1.0', kernel: '6.18', os: 'Debian' };
    const link = new AgentLink({ server: server.url, hello, spool: { path: null } }, source, reporter);
    link.start();
    stops.push(() => link.stop());
    return link;
  }

  const shown = (): string[] =>
    [...server.mirror.connections()].map((row) => `${row.remote_addr} ${row.bytes_sent}`).sort();
  const actual = (): string[] =>
    [...source.open.values()].map((one) => `${one.remoteIp}:${one.remotePort} ${one.bytesSent}`).sort();

  async function until(holds: () => boolean): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (!holds()) {
      assert(Date.now() < deadline, 'it did not come about within a minute');
      source.read();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  const whole = (): boolean => !source.hasMore() && shown().join() === actual().join();

  it('comes in several frames and is the same at both ends', async () => {
    startAgent();
    await until(whole);
    assert(source.frames >= 32, `${source.frames} frames`);
    assert.equal(shown().length, 4000);
  });

  it('holds what closed, changed and opened between two pieces', async () => {
    source.onFrame = (frame) => {
      if (frame !== 2) return;
      for (const key of [1, 999, 1001, 3999]) source.end(key);
      for (const key of [2, 998, 1002, 3998]) source.send(key, key);
      for (const key of [4001, 4002]) source.add(key);
    };
    startAgent();
    await until(whole);
    assert.equal(shown().length, 3998);
  });

  it('begins anew after a disconnect between two pieces, under the same ids', async () => {
    const first = startAgent();
    await until(whole);
    const idOf = new Map([...server.mirror.connections()].map((row) => [row.remote_addr, row.id]));
    await first.stop();
    await until(() => server.mirror.connectedAgents() === 0);
    source.frames = 0;
    const { promise: interrupted, resolve } = Promise.withResolvers<void>();
    source.onFrame = (frame) => {
      if (frame === 12) resolve();
    };
    const second = startAgent();
    await interrupted;
    await second.stop();
    source.end(7);
    source.end(3990);
    await until(() => server.mirror.connectedAgents() === 0);
    startAgent();
    await until(whole);
    assert.equal(shown().length, 3998);
    const same = [...server.mirror.connections()].filter((row) => idOf.get(row.remote_addr) === row.id);
    assert(same.length >= 1000, `${same.length} kept their ids`);
  });

  it('answers a refresh with its last piece', async () => {
    startAgent();
    await until(() => source.frames >= 1 && server.mirror.connectedAgents() === 1);
    for (let key = 5000; ; key++) {
      assert(key < 5040, 'no answer within the time that a refresh may take');
      source.add(key);
      const since = performance.now();
      await server.mirror.refresh();
      // It gives up waiting after 250 ms; then there is something to see later only.
      if (performance.now() - since > 240) continue;
      assert.equal(shown().join(), actual().join());
      break;
    }
  });
});
