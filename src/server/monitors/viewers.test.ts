import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import WebSocket from 'ws';
import { makeReporter } from '../../platform/reporter.ts';
import { makeRound as makeOldRound } from '../../store/monitors-contract.ts';
import { type MonitorFrame, monitorFrameSchema } from '../../wire/monitor.ts';
import { newMonitorSchema } from '../../wire/monitor-api.ts';
import { type RunningServer, startServer } from '../server.fixture.ts';
import { MonitorViewers, wantsMonitors } from './viewers.ts';

/** A round of now, and that many seconds. */
const makeRound: typeof makeOldRound = (id, second, fields) =>
  makeOldRound(id, 0, { at: new Date(Date.now() + second * 1000).toISOString(), ...fields });

let server: RunningServer;
let viewers: MonitorViewers | undefined;
before(async () => {
  server = await startServer({}, [
    {
      path: '/ws',
      audience: 'viewer',
      handle: (...upgrade) => {
        assert.ok(wantsMonitors(upgrade[0]));
        viewers?.upgrade(...upgrade);
      },
    },
  ]);
  viewers = new MonitorViewers(server.monitors, makeReporter({ write: () => {} }));
  viewers.start();
});
after(async () => {
  viewers?.stop();
  await server[Symbol.asyncDispose]();
});

/** A viewer, and its frames one after the other. */
function view(query = ''): { socket: WebSocket; next: () => Promise<MonitorFrame> } {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws?mode=monitors${query}`);
  const frames: MonitorFrame[] = [];
  socket.on('message', (data) => {
    frames.push(monitorFrameSchema.parse(JSON.parse(String(data))));
    socket.emit('frame');
  });
  const next = async (): Promise<MonitorFrame> => {
    while (frames.length === 0) await once(socket, 'frame');
    return frames.shift()!;
  };
  return { socket, next };
}

const input = (id: string) =>
  newMonitorSchema.parse({
    id,
    name: `<${id}>`,
    probe: { kind: 'icmp', host: '192.0.2.1' },
    agents: ['lon'],
  });

describe('a viewer of monitors', () => {
  it('gets everything once, and then what happens in its order', async () => {
    await server.monitors.save([input('a')]);
    const { socket, next } = view();
    const first = await next();
    assert.equal(first.kind, 'snapshot');
    assert.deepEqual(first.kind === 'snapshot' && first.monitors.map(({ id, name }) => [id, name]), [
      ['a', '<a>'],
    ]);
    await server.monitors.save([input('b')]);
    server.monitors.committed('lon', [makeRound('b', 0)], 1);
    await server.monitors.remove('b');
    const events: string[] = [];
    while (events.at(-1) !== 'removed') {
      const frame = await next();
      if (frame.kind === 'events') events.push(...frame.events.map(({ type }) => type));
    }
    // The first state tells which agents will carry it out, the second what one of them found.
    assert.deepEqual(events, ['monitor', 'state', 'state', 'result', 'removed']);
    socket.close();
    await once(socket, 'close');
  });

  it('gets no rounds where it wants none', async () => {
    const { socket, next } = view('&results=false');
    await next();
    server.monitors.committed('lon', [makeRound('a', 0), makeRound('a', 1)], 3);
    await server.monitors.edit('a', () => ({ name: 'other' }));
    const frame = await next();
    assert.deepEqual(
      frame.kind === 'events' && frame.events.map(({ type }) => type).filter((type) => type !== 'state'),
      ['monitor'],
    );
    socket.close();
    await once(socket, 'close');
  });

  it('that does not read gets the state anew when it does', async () => {
    const { socket, next } = view();
    const reader = view();
    await next();
    await reader.next();
    socket.pause();
    const long = makeRound('a', 0, { detail: { banner: 'x'.repeat(500) } });
    for (let i = 0; i < 30; i++) {
      const rounds = new Array(500).fill(long) as (typeof long)[];
      server.monitors.committed('lon', rounds, 10 + i);
      await reader.next();
    }
    reader.socket.close();
    socket.resume();
    let kind = '';
    while (kind !== 'snapshot') ({ kind } = await next());
    socket.close();
    await once(socket, 'close');
  });
});
