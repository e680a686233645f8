import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { WebSocket } from 'ws';
import { AgentLink } from '../../src/agent/link/link.ts';
import type { LiveSource } from '../../src/agent/link/source.ts';
import { connect, type LiveClient } from '../../src/client/live.ts';
import { LiveTable } from '../../src/client/table.ts';
import { makeReporter } from '../../src/platform/reporter.ts';
import { makeConnectionMatcher } from '../../src/rules/connection-filter.ts';
import { makeConnectionComparator } from '../../src/rules/connection-sort.ts';
import { TrafficCollector } from '../../src/rules/statistics/traffic-statistics.ts';
import { makeHttp } from '../../src/store/traffic-contract.ts';
import { type Connection, connectionStates } from '../../src/wire/connection.ts';
import { type AlertKey, maxPieceBytes, type SavedPiece } from '../../src/wire/link.ts';
import type { AgentTotals, LiveUpdate, PublishedMessage } from '../../src/wire/live.ts';
import { ended } from '../../src/wire/reported.fixture.ts';
import { type LinkServer, startLinkServer } from './server.ts';
import { NumberSource } from './source.ts';

const dir = mkdtempSync(join(tmpdir(), 'netmon-live-'));
const reporter = makeReporter({ level: 'error' });
let databases = 0;

/** Whether a refresh had its answers before it gave up waiting for them. */
async function isAnswered(refresh: Promise<void>): Promise<boolean> {
  const since = performance.now();
  await refresh;
  return performance.now() - since < 240;
}

describe('from the agent to the viewer', () => {
  const stops: Array<() => unknown> = [];
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });
  after(() => rmSync(dir, { recursive: true }));

  async function startServer(): Promise<LinkServer> {
    const server = await startLinkServer(join(dir, `${databases++}.sqlite`), reporter);
    stops.push(() => server.stop());
    return server;
  }

  function startAgent(server: LinkServer, source: LiveSource, agent = 'box'): AgentLink {
    const hello = { agent, version: '0.1.0', kernel: '6.18', os: 'Debian' };
    const link = new AgentLink({ server: server.url, hello, spool: { path: null } }, source, reporter);
    link.start();
    stops.push(() => link.stop());
    return link;
  }

  /** Waits until something holds; looks again whenever the mirror heard from an agent, as `poke` causes. */
  async function until(holds: () => boolean, poke: () => void = () => {}): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (!holds()) {
      assert.ok(Date.now() < deadline, 'it did not come about within a minute');
      poke();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  interface Watcher {
    readonly client: LiveClient;
    readonly table: LiveTable<Connection>;
    frames: number;
    onUpdate: (update: LiveUpdate) => void;
  }

  function watch(server: LinkServer, subscription: object = {}): Watcher {
    const table = new LiveTable<Connection>('id');
    const watcher: Watcher = {
      table,
      frames: 0,
      onUpdate: () => {},
      client: connect({
        url: server.url,
        onProblem: ({ message }) => assert.fail(message),
        onFrame: (frame) => {
          watcher.frames++;
          for (const update of frame.updates) {
            table.apply(update);
            watcher.onUpdate(update);
          }
        },
      }),
    };
    stops.push(() => watcher.client.close());
    watcher.client.subscribe({ kind: 'subscribe', id: 'v', topic: 'connections', ...subscription });
    return watcher;
  }

  const untimed = ({ duration_ms, ...rest }: Connection): object => rest;

  it('adds the inspected traffic of all agents up, or tells that of the one that is asked for', async () => {
    const server = await startServer();
    const sites = { one: ['shop.example', 'shop.example'], two: ['shop.example', 'docs.example'] };
    for (const [agent, hosts] of Object.entries(sites)) {
      const source = new NumberSource();
      const now = Date.now();
      const collector = new TrafficCollector(now);
      for (const host of hosts) collector.add(makeHttp(0, { host }), 'curl', now);
      source.traffic = [collector.describe('1m', now, new Date(now).toISOString())];
      startAgent(server, source, agent);
    }
    const seen = (agent?: string): unknown =>
      server.mirror.traffic('1m', agent)?.http.by.site.rows.map(({ name, hits }) => [name, hits]);
    await until(() => seen('one') !== undefined && seen('two') !== undefined);
    assert.deepEqual(seen(), [
      ['shop.example', 3],
      ['docs.example', 1],
    ]);
    assert.deepEqual(seen('one'), [['shop.example', 2]]);
    assert.equal(server.mirror.traffic('1m'), server.mirror.traffic('1m'));
  });

  it("gives every viewer the rows of its window, after random frames, as the server's own rows say", async () => {
    const server = await startServer();
    const source = new NumberSource();
    for (let key = 0; key < 300; key++) source.add(key, { process_name: key % 3 ? 'curl' : 'sshd' });
    startAgent(server, source);
    const views = [
      { sort: '-speed', offset: 0, limit: 50, filter: {} },
      { sort: 'remote', offset: 20, limit: 30, filter: { process: 'CURL' } },
      { sort: '-timestamp', offset: 0, limit: 1000, filter: { state: ['ESTABLISHED'], active: 'true' } },
    ];
    const watchers = views.map((view) => watch(server, view));
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    for (let round = 0; round < 12; round++) {
      for (let i = 0; i < 40; i++) source.change(random(400), random(5) * 100, random(8) === 0 ? 7 : 0);
      for (let i = 0; i < 8; i++) source.remove(random(400));
      for (let i = 0; i < 8; i++) source.add(1000 + round * 8 + i, { process_name: 'curl' });
      const frames = watchers.map((watcher) => watcher.frames);
      await until(
        () => watchers.every((watcher, i) => watcher.frames > frames[i] + 1),
        () => source.read(),
      );
    }
    for (const [i, { sort, offset, limit, filter }] of views.entries()) {
      const parsed = { ...filter, ...('active' in filter && { active: true }) };
      const { table } = watchers[i];
      const expected = (): readonly [number, object[]] => {
        const matches = makeConnectionMatcher(parsed as never, Date.now());
        const all = [...server.mirror.viewed()].filter(matches).sort(makeConnectionComparator(sort));
        return [all.length, all.slice(offset, offset + limit).map(untimed)];
      };
      const shown = (): readonly [number, object[]] => [table.total, table.rows().map(untimed)];
      // Viewers have the last frame a little after the server.
      await until(() => isDeepStrictEqual(shown(), expected())).catch(() => {});
      assert.deepEqual(shown(), expected());
    }
  });

  it('hands on a file that an agent has saved, piece by piece, or says why there is none', async () => {
    const server = await startServer();
    const file = Buffer.from(Array.from({ length: 2.5 * maxPieceBytes }, (_, i) => i % 251));
    const alert = { raised_at: '2026-01-01T00:00:00.000Z', kind: 'hits', scope: 'all' } as const;
    const source: LiveSource = Object.assign(new NumberSource(), {
      savedPackets: async ({ scope }: AlertKey, offset: number): Promise<SavedPiece> =>
        scope === 'all'
          ? {
              size: file.length,
              piece: file.subarray(offset, offset + maxPieceBytes).toString('base64'),
              reason: null,
            }
          : { size: 0, piece: '', reason: 'none of that' },
    });
    const link = startAgent(server, source);
    await until(() => link.status().connected);
    const found = await server.mirror.savedPackets('box', alert);
    assert.ok(found?.pcapng.equals(file));
    const other = await server.mirror.savedPackets('box', { ...alert, scope: 'site:x' });
    assert.equal(other?.reason, 'none of that');
    assert.equal(await server.mirror.savedPackets('nobody', alert), null);
    const plain = startAgent(server, new NumberSource(), 'plain');
    await until(() => plain.status().connected);
    assert.match((await server.mirror.savedPackets('plain', alert))?.reason ?? '', /saves no packets/);
  });

  it('sends only the changed fields of changed rows, and paces agents by who looks', async () => {
    const server = await startServer();
    const source = new NumberSource();
    for (let key = 0; key < 10; key++) source.add(key);
    startAgent(server, source);
    await until(() => server.mirror.stats().active_connections === 10);
    assert.equal(server.mirror.intervalMs, 1000);
    const watcher = watch(server);
    await until(() => watcher.table.total === 10);
    assert.equal(server.mirror.intervalMs, 100);
    const { promise, resolve } = Promise.withResolvers<LiveUpdate>();
    watcher.onUpdate = (update) => void (update.rows?.length && resolve(update));
    source.change(3, 500);
    const reading = setInterval(() => source.read(), 20);
    const update = await promise;
    clearInterval(reading);
    const { id } = [...server.mirror.connections()].find((row) => row.upload_speed === 500)!;
    assert.deepEqual(update.rows, [{ id, bytes_sent: 500, upload_speed: 500 }]);
    watcher.client.setHidden(true);
    await until(() => server.mirror.intervalMs === 1000);
    watcher.client.close();
    await until(() => server.mirror.viewers() === 0);
  });

  it('keeps the ids of what is still open when the agent comes back, and drops the rest', async () => {
    const server = await startServer();
    const source = new NumberSource();
    source.add(1);
    source.add(2);
    const link = startAgent(server, source);
    await until(() => server.mirror.stats().active_connections === 2);
    const before = [...server.mirror.connections()].map(({ id, remote_addr }) => [id, remote_addr]);
    await link.stop();
    await until(() => server.mirror.stats().active_connections === 0);
    assert.equal(server.mirror.agents()[0].connected, false);
    source.remove(2);
    startAgent(server, source);
    await until(() => server.mirror.stats().active_connections === 1);
    const after = [...server.mirror.connections()].map(({ id, remote_addr }) => [id, remote_addr]);
    assert.deepEqual(after, [before[0]]);
  });

  it('stores an ended connection under the id under which it was live', async () => {
    const server = await startServer();
    const source = new NumberSource();
    source.add(5);
    const link = startAgent(server, source);
    await until(() => server.mirror.stats().active_connections === 1);
    const [{ id, remote_addr }] = server.mirror.connections();
    source.remove(5);
    link.record({ ...ended(1, { remote_addr, error: 'ECONNRESET' }), key: 5 } as never);
    await until(() => server.mirror.recent.errors().length === 1);
    const stored = await server.store.connectionById(id);
    assert.equal(stored?.error, 'ECONNRESET');
    assert.equal(stored?.active, false);
    assert.equal(server.mirror.stats().active_connections, 0);
  });

  it('counts as active what is open, neither in TIME_WAIT nor just ended', async () => {
    const server = await startServer();
    const source = new NumberSource();
    for (let key = 0; key < 4; key++) source.add(key, key === 0 ? { state: 'TIME_WAIT' } : {});
    startAgent(server, source);
    const active = (): number => server.mirror.stats().active_connections;
    const read = (): void => source.read();
    await until(() => active() === 3, read);
    source.change(1, 0, connectionStates.indexOf('TIME_WAIT'));
    await until(() => active() === 2, read);
    source.change(0, 0);
    source.remove(2);
    await until(() => [...server.mirror.recent.rows()].length === 1, read);
    assert.equal(active(), 2);
    source.remove(0);
    source.remove(1);
    await until(() => active() === 1, read);
    assert.equal([...server.mirror.connections()].length, 1);
  });

  it('answers a refresh with a frame taken after it was asked for', async () => {
    const server = await startServer();
    const source = new NumberSource();
    startAgent(server, source);
    await until(() => server.mirror.connectedAgents() === 1 && server.mirror.samples().length > 0);
    for (let key = 1; ; key++) {
      assert.ok(key < 40, 'no answer within the time that a refresh may take');
      source.add(key);
      if (!(await isAnswered(server.mirror.refresh()))) continue;
      assert.equal(server.mirror.stats().active_connections, key);
      break;
    }
  });

  it('publishes the busiest connections with the statistics, without being asked', async () => {
    const server = await startServer();
    const source = new NumberSource();
    for (let key = 0; key < 10; key++) source.add(key, { upload_speed: key });
    startAgent(server, source);
    await until(() => server.mirror.stats().active_connections === 10);
    const socket = new WebSocket(`${server.url}/ws?limit=3`);
    stops.push(() => socket.terminate());
    const [data] = await once(socket, 'message');
    const message = JSON.parse(String(data)) as PublishedMessage;
    assert.deepEqual(
      message.connections.map((row) => row.upload_speed),
      [9, 8, 7],
    );
    assert.deepEqual(
      message.connections.map(untimed),
      [...server.mirror.connections()].sort(makeConnectionComparator('-speed')).slice(0, 3).map(untimed),
    );
    assert.equal(message.stats.active_connections, 10);
    assert.ok(message.connections[0].duration_ms! > 0);
  });

  it('leaves frames out for a viewer that does not read, and then gives it what it missed', async () => {
    const server = await startServer();
    const source = new NumberSource();
    for (let key = 0; key < 1000; key++) source.add(key, { command_line: 'x'.repeat(4000) });
    startAgent(server, source);
    await until(() => server.mirror.stats().active_connections === 1000);
    const reader = watch(server, { limit: 1 });
    const pass = async (passed: number): Promise<void> => {
      const before = reader.frames;
      await until(
        () => reader.frames >= before + passed,
        () => source.read(),
      );
    };
    await pass(1);
    const socket = new WebSocket(`${server.url}/ws?mode=delta`);
    stops.push(() => socket.terminate());
    await once(socket, 'open');
    const table = new LiveTable<Connection>('id');
    let frames = 0;
    socket.on('message', (data) => {
      frames++;
      for (const update of JSON.parse(String(data)).updates) table.apply(update);
    });
    socket.pause();
    // Each new order makes another view, whose snapshot is 4 MB: together more than the kernel's buffers hold.
    for (const sort of ['remote', '-remote', 'local', '-local', 'pid', '-speed']) {
      const subscription = { kind: 'subscribe', id: 'v', topic: 'connections', limit: 1000, sort };
      socket.send(JSON.stringify(subscription));
      await pass(2);
    }
    for (let key = 0; key < 1000; key++) source.change(key, 1000 + key);
    await pass(10);
    const passed = reader.frames;
    socket.resume();
    const reading = setInterval(() => source.read(), 100);
    const order = makeConnectionComparator('-speed');
    const expected = (): Connection[] => [...server.mirror.connections()].sort(order);
    await until(() => table.rows().length === 1000 && table.rows()[0].upload_speed === 1999);
    clearInterval(reading);
    await until(() => isDeepStrictEqual(table.rows().map(untimed), expected().map(untimed)));
    assert.ok(frames < passed - 4, `${frames} frames came of ${passed} and more`);
  });

  it('sends a hidden viewer a frame a second', async () => {
    const server = await startServer();
    const source = new NumberSource();
    source.add(1);
    startAgent(server, source);
    const hidden = watch(server);
    const shown = watch(server);
    await until(() => hidden.table.total === 1 && shown.table.total === 1);
    hidden.client.setHidden(true);
    const reading = setInterval(() => {
      source.change(1, 1);
      source.read();
    }, 100);
    await until(() => shown.frames > 3);
    const before = [hidden.frames, shown.frames];
    const since = performance.now();
    await until(() => shown.frames >= before[1] + 20 && hidden.frames > before[0]);
    clearInterval(reading);
    const frames = hidden.frames - before[0];
    const seconds = (performance.now() - since) / 1000;
    assert.ok(frames <= seconds + 2, `${frames} frames in ${seconds} s`);
    assert.deepEqual(hidden.table.rows().length, 1);
  });

  it('charts the bandwidth: what was, then each new point once', async () => {
    const server = await startServer();
    const source = new NumberSource();
    startAgent(server, source);
    await until(
      () => server.mirror.samples().length > 2,
      () => void server.mirror.refresh(),
    );
    const history = server.mirror.samples().length;
    const updates: LiveUpdate[] = [];
    const client = connect({ url: server.url, onFrame: (frame) => updates.push(...frame.updates) });
    stops.push(() => client.close());
    client.subscribe({ kind: 'subscribe', id: 'chart', topic: 'bandwidth' });
    await until(() => updates.length > 0);
    assert.equal(updates[0].snapshot, true);
    assert.ok(updates[0].samples!.length >= history);
    await until(
      () => updates.length > 5,
      () => source.read(),
    );
    const points = updates.flatMap((update) => update.samples ?? []);
    const times = points.map(([at]) => at);
    assert.deepEqual(
      times,
      [...new Set(times)].sort((x, y) => x - y),
    );
    assert.deepEqual(points.at(-1)!.slice(1), [1000, 2000]);
  });

  it('charts and adds up what some of the agents tell, for who looks at those alone', async () => {
    const server = await startServer();
    const [ash, birch] = [new NumberSource(), new NumberSource()];
    for (const key of [1, 2, 3]) ash.add(key);
    birch.add(1);
    startAgent(server, ash, 'ash');
    startAgent(server, birch, 'birch');
    const totals = new LiveTable<AgentTotals>('of');
    const seen = { all: 0, birch: 0 };
    const client = connect({
      url: server.url,
      onFrame: ({ updates }) => {
        for (const { id, ...update } of updates) {
          if (id === 'totals') totals.apply({ id, ...update });
          else
            for (const [, upload] of update.samples ?? [])
              seen[id as 'all'] = Math.max(seen[id as 'all'], upload);
        }
      },
    });
    stops.push(() => client.close());
    client.subscribe({ kind: 'subscribe', id: 'totals', topic: 'totals', agent: 'birch' });
    client.subscribe({ kind: 'subscribe', id: 'all', topic: 'bandwidth' });
    client.subscribe({ kind: 'subscribe', id: 'birch', topic: 'bandwidth', agent: 'birch' });
    await until(
      () => seen.all === 2000 && seen.birch > 0 && totals.get('agents')?.connections_total === 1,
      () => {
        ash.read();
        birch.read();
      },
    );
    assert.equal(seen.birch, 1000);
    assert.equal(server.mirror.stats().connections_total, 4);
  });

  it('tells of failures as they come, after the last ones', async () => {
    const server = await startServer();
    const source = new NumberSource();
    const link = startAgent(server, source);
    await until(() => link.status().connected);
    link.record(ended(1, { error: 'ECONNREFUSED' }));
    await until(() => server.mirror.recent.errors().length === 1);
    const table = new LiveTable<Connection>('id');
    const client = connect({
      url: server.url,
      onFrame: (frame) => {
        for (const update of frame.updates) table.apply(update);
      },
    });
    stops.push(() => client.close());
    client.subscribe({ kind: 'subscribe', id: 'failures', topic: 'errors' });
    await until(() => table.total === 1);
    link.record(ended(2, { error: 'ETIMEDOUT' }));
    link.record(ended(3));
    await until(() => table.total === 2);
    assert.deepEqual(
      table.rows().map((row) => row.error),
      ['ETIMEDOUT', 'ECONNREFUSED'],
    );
  });

  it('hands a failure on well before the second that other records may wait', async () => {
    const server = await startServer();
    const link = startAgent(server, new NumberSource());
    await until(() => link.status().connected);
    // One that the machine holds up says nothing; that all take so long would.
    for (let tries = 1; ; tries++) {
      link.record(ended(2 * tries));
      const startedAt = performance.now();
      link.record(ended(2 * tries + 1, { error: 'ECONNREFUSED' }));
      await until(() => server.mirror.recent.errors().length === tries);
      const tookMs = performance.now() - startedAt;
      if (tookMs < 700) break;
      assert.ok(tries < 20, `it took ${tookMs} ms`);
    }
    await until(() => link.status().unwritten_records === 0);
  });

  it('publishes ten times a second, whether agents send or not', async () => {
    const server = await startServer();
    const socket = new WebSocket(`${server.url}/ws`);
    stops.push(() => socket.terminate());
    const times: number[] = [];
    socket.on('message', () => times.push(performance.now()));
    /** Mean time between the last ten. */
    const meanMs = (): number => (times.at(-1)! - times.at(-10)!) / 9;
    await until(() => times.length > 10 && meanMs() < 250);
    const seconds = (times.at(-1)! - times[1]) / 1000;
    assert.ok(times.length - 2 <= seconds * 12 + 2, `${times.length} messages in ${seconds} s`);
  });
});
