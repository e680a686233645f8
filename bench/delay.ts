// (d) Delay from a connection's opening in the kernel to the frame that shows it in a WebSocket client.
import { connect } from '../src/client/live.ts';
import type { PublishedMessage } from '../src/wire/live.ts';
import { splitEndpoint } from '../test/support/endpoints.ts';
import { startGenerator } from '../test/support/generator.ts';
import { Namespace } from '../test/support/namespaces.ts';
import { type Netmon, runNetmon } from '../test/support/netmon.ts';
import type { ServeReport } from '../test/support/reports.ts';
import { until } from '../test/support/until.ts';
import { announce, type BenchmarkOptions, median, quantile, report } from './report.ts';

type Watch = (netmon: Netmon, port: number, onPort: (port: number) => void) => Disposable;
const viewers: Readonly<Record<string, Watch>> = { delta: watchDelta, published: watchPublished };

export async function measureDelay({ quick }: BenchmarkOptions): Promise<void> {
  announce('delay from connect() in the kernel to the frame in a WebSocket client');
  using space = new Namespace();
  await using netmon = await runNetmon();
  await using server = startGenerator(['serve'], { namespace: space });
  const { port } = await server.next<ServeReport>();
  for (const [name, watch] of Object.entries(viewers)) {
    const shownAt = new Map<number, number>();
    using _viewer = watch(netmon, port, (local) => {
      if (!shownAt.has(local)) shownAt.set(local, Date.now());
    });
    await until('the listener in a frame', () => shownAt.has(port) || undefined);
    const count = quick ? 60 : 200;
    await using pulse = startGenerator(['pulse', '--port', port, '--count', count], { namespace: space });
    const delays: number[] = [];
    for (let i = 0; i < count; i++) {
      const { port: local, at_us } = await pulse.next<{ port: number; at_us: number }>();
      const shown = await until('the frame', () => shownAt.get(local), { everyMs: 5 });
      delays.push(shown - at_us / 1000);
    }
    report(`delay_${name}_median`, median(delays), 'ms', { how: `${count} events` });
    report(`delay_${name}_p99`, quantile(delays, 0.99), 'ms', { aim: 'under 150' });
  }
}

function watchDelta(netmon: Netmon, port: number, onPort: (port: number) => void): Disposable {
  const viewer = connect({
    url: netmon.url,
    onFrame(frame) {
      for (const update of frame.updates)
        for (const row of update.rows ?? [])
          if (typeof row.local_addr === 'string') onPort(splitEndpoint(row.local_addr).port);
    },
  });
  viewer.subscribe({
    kind: 'subscribe',
    id: 'rows',
    topic: 'connections',
    filter: { port },
    limit: 1000,
  });
  return { [Symbol.dispose]: () => viewer.close() };
}

function watchPublished(netmon: Netmon, _port: number, onPort: (port: number) => void): Disposable {
  const socket = new WebSocket(new URL('/ws', netmon.url.replace(/^http/, 'ws')));
  socket.addEventListener('message', ({ data }) => {
    for (const row of (JSON.parse(String(data)) as PublishedMessage).connections)
      onPort(splitEndpoint(row.local_addr).port);
  });
  return { [Symbol.dispose]: () => socket.close() };
}
