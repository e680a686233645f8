import type { z } from 'zod';
import { formatEndpoint, formatIp, parseEndpoint, parseIp } from '../../base/ip.ts';
import { makeConnectionMatcher } from '../../rules/connection-filter.ts';
import type { Connection } from '../../wire/connection.ts';
import { resolveConnectionFilter } from '../../wire/filter.ts';
import type { Monitor } from '../../wire/monitor.ts';
import type { evidenceSchema } from '../../wire/monitor-api.ts';
import type { Probe } from '../../wire/probe.ts';
import type { ApiContext } from './route.ts';

/** How long before and after a time is looked at. */
const beforeMs = 5 * 60_000;
const afterMs = 60_000;
/** Most recorded connections that are counted, and rounds that are looked through for an address. */
const maxConnections = 5000;
const maxRounds = 50;

type Evidence = z.output<typeof evidenceSchema>;
type AgentEvidence = Evidence['agents'][number];

/** Counts what the sensors saw of connections to the address that a monitor reached for around a time (Unix ms). */
export async function findEvidence(context: ApiContext, monitor: Monitor, at: number): Promise<Evidence> {
  const since = new Date(at - beforeMs).toISOString();
  const until = new Date(Math.min(at + afterMs, context.now())).toISOString();
  const address = await findAddress(context, monitor, at + afterMs);
  if (address === null) return { address, since, until, agents: [] };
  const filter = { remote: address, since, until };
  const agents = new Map<string, AgentEvidence>();
  const isWanted = makeConnectionMatcher(filter, context.now());
  for (const connection of context.live.connections())
    if (isWanted(connection)) count(agents, connection, filter);
  const page = await context.store.queryConnections({
    filter: resolveConnectionFilter(filter, context.now()),
    sort: 'timestamp',
    descending: true,
    limit: maxConnections,
  });
  for (const connection of page.connections) count(agents, connection, filter);
  return { address, since, until, agents: [...agents.values()] };
}

function count(
  agents: Map<string, AgentEvidence>,
  { agent, error, count: times }: Connection,
  filter: Readonly<Record<string, string>>,
): void {
  const name = agent ?? '';
  const query = new URLSearchParams({ ...filter, ...(name !== '' && { agent: name }) });
  const known = agents.get(name) ?? {
    agent: name,
    connections: 0,
    failures: {},
    href: `/api/connections?${query}`,
  };
  agents.set(name, known);
  known.connections += times;
  if (error !== null) known.failures[error] = (known.failures[error] ?? 0) + times;
}

/** Where the last round before a time went; the target itself where it is an address. */
async function findAddress({ store }: ApiContext, monitor: Monitor, until: number): Promise<string | null> {
  const rounds = await store.queryRounds({ monitor: monitor.id, until, limit: maxRounds });
  const reached = rounds.find(({ result }) => result.address !== null)?.result.address;
  if (reached !== null && reached !== undefined && (parseEndpoint(reached) || parseIp(reached)))
    return reached;
  const { host, port } = readTarget(monitor.probe);
  const ip = parseIp(host);
  if (!ip) return null;
  return port === null ? formatIp(ip) : formatEndpoint(formatIp(ip), port);
}

/** Where a probe goes, as far as it says so; all ports where it goes to none. */
function readTarget(probe: Probe): { readonly host: string; readonly port: number | null } {
  switch (probe.kind) {
    case 'http': {
      const { hostname = '', port = '', protocol = '' } = URL.parse(probe.proxy ?? probe.url) ?? {};
      const usual = protocol === 'https:' ? 443 : 80;
      return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? usual : Number(port) };
    }
    case 'dns':
      return { host: probe.server ?? '', port: probe.port ?? (probe.transport === 'tls' ? 853 : 53) };
    case 'tcp':
    case 'udp':
    case 'ntp':
      return probe;
    case 'icmp':
    case 'traceroute':
      return { host: probe.host, port: null };
  }
}
