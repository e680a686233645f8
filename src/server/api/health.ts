import { type Health, healthSchema } from '../../wire/api.ts';
import { type ApiContext, type ApiRoute, defineRoute } from './route.ts';

/** CPU share is taken over at least this time, so that frequent questions do not blur it. */
const minWindowMs = 1000;

/** How the server and its agents are. */
export function makeHealthRoutes(context: ApiContext): ApiRoute[] {
  const readCpu = makeCpuMeter();
  const startedAt = performance.now();
  return [
    defineRoute({
      method: 'GET',
      path: '/health',
      operation: 'readHealth',
      summary: 'State of the server and of its agents, and what is degraded and why',
      answers: { 200: { description: 'The state; also when something is degraded.', schema: healthSchema } },
      handle: () => ({ body: describeHealth(context, (performance.now() - startedAt) / 1000, readCpu()) }),
    }),
  ];
}

function describeHealth(context: ApiContext, uptimeS: number, cpuPercent: number): Health {
  const { live, store, database } = context;
  const agents = live.agents().map((agent) => ({ ...agent, sensors: [...agent.sensors] }));
  const whole = agents.every(
    (agent) => agent.connected && agent.sensors.every(({ level }) => level === 'full'),
  );
  const { bytes, rows, problem } = store.stats();
  return {
    status: whole && problem === null ? 'ok' : 'degraded',
    version: context.version,
    uptime_s: Math.round(uptimeS * 10) / 10,
    server: {
      memory_bytes: process.memoryUsage.rss(),
      cpu_percent: cpuPercent,
      database: {
        path: database.path,
        bytes,
        rows,
        limit_bytes: database.limitBytes,
        retention_days: database.retentionDays,
        problem,
      },
      viewers: live.viewers(),
      lost: { ...live.lost() },
    },
    agents,
  };
}

/** Reads this process's share of one core since the last reading that was long enough ago. */
function makeCpuMeter(): () => number {
  let from = { at: performance.now(), used: process.cpuUsage() };
  let percent = 0;
  return () => {
    const at = performance.now();
    if (at - from.at < minWindowMs) return percent;
    const { user, system } = process.cpuUsage(from.used);
    percent = Math.round((user + system) / (at - from.at)) / 10;
    from = { at, used: process.cpuUsage() };
    return percent;
  };
}
