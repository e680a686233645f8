import { z } from 'zod';
import { bandwidthHistorySchema, bandwidthPoints, networkStatsSchema, statsSchema } from '../../wire/api.ts';
import type { InterfaceRow, Sample } from '../../wire/machine.ts';
import { type ApiContext, type ApiRoute, defineRoute } from './route.ts';

const noQuery = z.strictObject({});
/** Time between two samples, as `bandwidthHistorySchema` says. */
const intervalMs = 100;

/** Sums over everything, and the last half minute. */
export function makeTotalRoutes({ live, store, now }: ApiContext): ApiRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/stats',
      operation: 'readStats',
      summary: 'Rates and totals over all connections',
      description: 'Rates are bytes per second; totals count since the start of the agents.',
      query: noQuery,
      answers: { 200: { description: 'The totals.', schema: statsSchema } },
      handle: async () => {
        await live.refresh();
        const { rows, bytes } = store.stats();
        return { body: { ...live.stats(), recorded_connections: rows, database_bytes: bytes } };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/bandwidth-history',
      operation: 'readBandwidthHistory',
      summary: 'The last 30 s of traffic at 100 ms, 300 points, oldest first',
      query: noQuery,
      answers: { 200: { description: 'The points.', schema: bandwidthHistorySchema } },
      handle: async () => {
        await live.refresh();
        return { body: { interval_ms: intervalMs, points: fillPoints(live.samples(), now()) } };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/network-stats',
      operation: 'readNetworkStats',
      summary: "The interfaces' counters, and their sums",
      query: noQuery,
      answers: { 200: { description: 'Interfaces and sums.', schema: networkStatsSchema } },
      handle: async () => {
        await live.refresh();
        const interfaces = Array.from(live.interfaces());
        return {
          body: { interfaces, connections: live.stats().active_connections, ...sumCounters(interfaces) },
        };
      },
    }),
  ];
}

/** The newest samples as points, with zeros before the first where there are fewer than asked for. */
function fillPoints(samples: readonly Sample[], now: number): object[] {
  const known = samples.slice(-bandwidthPoints);
  const first = known[0]?.[0] ?? now + intervalMs;
  const missing = bandwidthPoints - known.length;
  const padding = Array.from(
    { length: missing },
    (_, i): Sample => [first - (missing - i) * intervalMs, 0, 0],
  );
  return [...padding, ...known].map(([at, upload_speed, download_speed]) => ({
    timestamp: new Date(at).toISOString(),
    upload_speed,
    download_speed,
  }));
}

function sumCounters(interfaces: readonly InterfaceRow[]): object {
  const sum = (read: (row: InterfaceRow) => number): number =>
    interfaces.reduce((total, row) => total + read(row), 0);
  return {
    total_bytes_sent: sum((row) => row.bytes_sent),
    total_bytes_recv: sum((row) => row.bytes_received),
    packets_sent: sum((row) => row.packets_sent),
    packets_recv: sum((row) => row.packets_received),
  };
}
