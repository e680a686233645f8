import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectionStates } from '../../wire/connection.ts';
import { liveSchema } from '../../wire/link.ts';
import { LiveChanges } from './live-changes.ts';
import { makeTracked } from './tracked.fixture.ts';
import type { TrackedConnection } from './tracked.ts';

const clock = { toUnixMs: (ns: number): number => 1_700_000_000_000 + ns / 1e6 };

function makeBench() {
  const live = new LiveChanges(clock);
  const all = new Set<TrackedConnection>();
  const open = (key: number): TrackedConnection => {
    const connection = makeTracked(key);
    all.add(connection);
    live.opened(connection);
    return connection;
  };
  const take = (full = false) => live.take(full, (visit) => all.forEach(visit), 1_700_000_002_000);
  const end = (connection: TrackedConnection): void => {
    all.delete(connection);
    live.gone(connection);
  };
  return { live, open, take, end };
}

const keys = (rows: readonly { readonly key: number }[]): number[] => rows.map(({ key }) => key);

describe('live changes', () => {
  it('tells of a connection once when it opens, then of its changes by position, then of its end', () => {
    const b = makeBench();
    const connection = b.open(1);
    assert.deepEqual(keys(b.take().opened), [1]);
    connection.bytesSent = 77;
    connection.state = 8;
    b.live.changed(connection);
    b.live.changed(connection);
    const { changed } = b.take();
    assert.equal(changed.length, 1);
    assert.deepEqual(changed[0].slice(0, 4), [1, connectionStates.indexOf('CLOSE_WAIT'), 77, 0]);
    b.end(connection);
    assert.deepEqual(b.take().closed, [1]);
    assert.deepEqual(b.take(), { full: false, opened: [], revised: [], changed: [], closed: [] });
  });

  it('says nothing of a connection that came and went between two frames', () => {
    const b = makeBench();
    b.end(b.open(1));
    const frame = b.take();
    assert.deepEqual([frame.opened, frame.closed], [[], []]);
  });

  it('sends all fields again of one whose owner changed', () => {
    const b = makeBench();
    const connection = b.open(1);
    b.take();
    b.live.revised(connection);
    assert.deepEqual(keys(b.take().revised), [1]);
  });

  it('holds everything in a full frame, and then only what changed after it', () => {
    const b = makeBench();
    const first = b.open(1);
    b.take();
    b.open(2);
    b.live.changed(first);
    const full = b.take(true);
    assert.equal(full.full, true);
    assert.deepEqual(keys(full.opened), [1, 2]);
    assert.deepEqual(full.changed, []);
    b.live.changed(first);
    assert.deepEqual(
      b.take().changed.map(([key]) => key),
      [1],
    );
  });

  it('falls back to a full frame when more waited than it keeps', () => {
    const b = makeBench();
    for (let key = 0; key < 50_010; key++) b.open(key);
    assert(b.live.overflowed);
    const frame = b.take();
    assert.equal(frame.full, true);
    const told = keys(frame.opened);
    while (b.live.hasMore) {
      const next = b.take();
      assert.equal(next.full, false);
      told.push(...keys(next.opened));
    }
    assert.deepEqual(
      told,
      Array.from({ length: 50_010 }, (_, key) => key),
    );
  });

  it('tells of many connections in pieces, without those that end meanwhile and with those that open', () => {
    const b = makeBench();
    const connections = Array.from({ length: 300 }, (_, key) => b.open(key));
    const first = b.take(true);
    assert.deepEqual([first.full, first.opened.length, b.live.hasMore], [true, 125, true]);
    b.end(connections[3]);
    b.end(connections[200]);
    b.open(5000);
    b.live.changed(connections[4]);
    b.live.changed(connections[280]);
    const second = b.take();
    assert.deepEqual([second.full, second.opened.length, b.live.hasMore], [false, 125, true]);
    assert.deepEqual([second.closed, second.changed.map(([key]) => key)], [[3], [4]]);
    const third = b.take();
    assert.deepEqual([third.opened.length, b.live.hasMore], [50, false]);
    const told = [first, second, third].flatMap((frame) => keys(frame.opened));
    assert.equal(new Set(told).size, 300);
    assert(!told.includes(200) && told.includes(5000));
  });

  it('begins anew when everything is asked for between two pieces', () => {
    const b = makeBench();
    for (let key = 0; key < 200; key++) b.open(key);
    b.take(true);
    const told = [...keys(b.take(true).opened), ...keys(b.take().opened)];
    assert.deepEqual(
      told,
      Array.from({ length: 200 }, (_, key) => key),
    );
    assert.equal(b.live.hasMore, false);
  });

  it('keeps to the schema of the link', () => {
    const b = makeBench();
    const connection = b.open(1);
    const rest = {
      kind: 'live',
      at: 1,
      samples: [],
      interface_samples: {},
      process_samples: {},
      processes: [],
      processes_gone: [],
    };
    liveSchema.parse({ ...rest, ...b.take() });
    b.live.changed(connection);
    liveSchema.parse({ ...rest, ...b.take() });
  });
});
