import type { AgentLink } from '../agent/link/link.ts';
import type { Hello } from '../agent/link/session.ts';
import { makeNetworkReader } from '../agent/monitors/network-view.ts';
import { MonitorRunner, type OwnDescription } from '../agent/monitors/runner.ts';
import { makeAddressPolicy } from '../agent/probes/address-policy.ts';
import { probeTypes } from '../agent/probes/registry.ts';
import type { AddressRule } from '../platform/probe-networks.ts';
import type { Reporter } from '../platform/reporter.ts';
import type { OrderType } from '../wire/orders.ts';

export interface AgentMonitorsConfig {
  /** Where monitors are kept. */
  readonly monitorsFile: string;
  readonly forbidden: readonly OrderType[];
  /** Which addresses monitors may reach. */
  readonly probeNetworks: readonly AddressRule[];
}

/** What carries out monitors in an agent. `link` is asked when it is needed, since each knows the other. */
export function makeMonitorRunner(
  { monitorsFile, forbidden, probeNetworks }: AgentMonitorsConfig,
  hello: Hello,
  link: () => AgentLink,
  reporter: Reporter,
): MonitorRunner {
  const monotonic = (): number => performance.now();
  return new MonitorRunner({
    types: probeTypes,
    policy: makeAddressPolicy(probeNetworks),
    now: Date.now,
    monotonic,
    file: monitorsFile,
    record: (record) => link().record(record),
    reporter,
    network: makeNetworkReader(monotonic),
    witnesses: () => {
      const { witness } = link();
      return witness ? [{ name: 'the server', ...witness }] : [];
    },
    describe: makeDescriber(hello, forbidden, link),
  });
}

/** CPU is that since the last question, in percent of one processor. */
function makeDescriber(
  hello: Hello,
  forbidden: readonly OrderType[],
  link: () => AgentLink,
): () => OwnDescription {
  let asked = { at: performance.now() - process.uptime() * 1000, cpu: { user: 0, system: 0 } };
  return () => {
    const at = performance.now();
    const used = process.cpuUsage(asked.cpu);
    const cpu_percent = (used.user + used.system) / 10 / Math.max(1, at - asked.at);
    asked = { at, cpu: process.cpuUsage() };
    const { connected, server, spooled_records, spooled_bytes, lost } = link().status();
    return {
      ...hello,
      uptime_s: process.uptime(),
      servers: connected && server !== null ? [server] : [],
      spooled_records,
      spooled_bytes,
      lost_records: lost,
      cpu_percent,
      memory_bytes: process.memoryUsage.rss(),
      forbidden: [...forbidden],
    };
  };
}
