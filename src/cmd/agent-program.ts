import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { Agent, type AgentOptions } from '../agent/agent.ts';
import type { IdentityKeeper } from '../agent/identity/keeper.ts';
import { AgentLink } from '../agent/link/link.ts';
import type { LiveSource, SourceFrame } from '../agent/link/source.ts';
import type { SpoolOptions } from '../agent/link/spool.ts';
import { Listener } from '../agent/listen/listener.ts';
import { makeListenTls } from '../agent/listen/tls.ts';
import { OrderDesk } from '../agent/orders/desk.ts';
import type { OrderHandler } from '../agent/orders/handler.ts';
import { SeenOrders } from '../agent/orders/seen.ts';
import type { Account } from '../platform/account.ts';
import type { Component } from '../platform/lifecycle.ts';
import { makeOrderVerifier } from '../platform/order-signature.ts';
import type { Reporter } from '../platform/reporter.ts';
import type { ListenAddress } from '../platform/values.ts';
import { readVersion } from '../platform/version.ts';
import { compileDeviceFilter } from '../sys/pcap-filter.ts';
import type { SensorStatus } from '../wire/machine.ts';
import { chooseName } from './agent-identity.ts';
import { type AgentMonitorsConfig, makeMonitorRunner } from './agent-monitors.ts';
import { makeInspectorCommand } from './inspector-command.ts';
import type { AgentValues } from './setting-names.ts';

export interface AgentProgramConfig extends AgentMonitorsConfig {
  /** `http://host:port`, `https://host:port` or `unix:/path`; null to wait for one that dials. */
  readonly server: string | null;
  /** Where servers and consoles may dial this agent; undefined for nowhere. */
  readonly listen?: ListenAddress | undefined;
  /** Whose programs may come to it over loopback, by user id. */
  readonly isAllowed?: (uid: number) => boolean;
  /** File with the ids of orders that were accepted. */
  readonly ordersFile: string;
  readonly token: string | undefined;
  /** Of an agent that is enrolled. */
  readonly identity?: IdentityKeeper | null;
  readonly spool: SpoolOptions;
  /** Undefined for the host name. */
  readonly name: string | undefined;
  /** Shortest time between two live frames. */
  readonly intervalMs: number;
  readonly sensors: AgentOptions;
}

export interface AgentProgram {
  /** The link before the sensors: when all stops, the sensors have handed over what they had before the link ends. */
  readonly components: readonly Component[];
  sensors(): readonly SensorStatus[];
}

/** A timer may fire this much early, as the sensors' readings do. */
const earlyMs = 30;

/** Wires the sensors and the monitors to the link. */
export function makeAgentProgram(config: AgentProgramConfig, reporter: Reporter): AgentProgram {
  const agent = new Agent(config.sensors, { reporter, record: (record) => link.record(record) });
  const { server, spool, token, listen, isAllowed, identity = null } = config;
  const hello = {
    agent: chooseName(config.name, identity),
    version: readVersion(),
    kernel: release(),
    os: readOsName(),
  };
  const monitors = makeMonitorRunner(config, hello, () => link, reporter);
  const orders = makeOrderDesk(config, hello.agent, monitors, reporter);
  const link: AgentLink = new AgentLink(
    {
      server,
      hello,
      spool,
      orders,
      monitorsRevision: () => monitors.revision,
      ...(token !== undefined && { token }),
      ...(identity && { identity }),
    },
    makeSource(agent, config.intervalMs),
    reporter,
  );
  const listener =
    listen &&
    new Listener(
      {
        address: listen,
        ...(isAllowed && { isAllowed }),
        ...(token !== undefined && { token }),
        ...(identity && { tls: makeListenTls(identity) }),
      },
      { hello, orders, feed: monitors, reporter, link },
    );
  return {
    components: [link, monitors, ...(listener ? [listener] : []), agent],
    sensors: () => agent.sensors(),
  };
}

function makeOrderDesk(
  { ordersFile, forbidden, identity }: Pick<AgentProgramConfig, 'ordersFile' | 'forbidden' | 'identity'>,
  agent: string,
  handler: OrderHandler,
  reporter: Reporter,
): OrderDesk {
  const seen = new SeenOrders({
    path: ordersFile,
    onFailure: (error) =>
      reporter.error('unable to note which orders came; a restart forgets them', { error }),
  });
  const verify = identity ? { verify: makeOrderVerifier(identity.current.orderKey) } : {};
  return new OrderDesk({ agent, forbidden: new Set(forbidden), seen, ...verify }, handler, reporter);
}

/**
 * What the settings say of the sensors; `account` is whom the inspector of packets becomes. Throws NM_BAD_FILTER for a
 * filter that is none.
 */
export function readSensorOptions(
  values: Pick<
    AgentValues,
    | 'sensor'
    | 'max-sockets'
    | 'connect-results'
    | 'inspect'
    | 'inspect-level'
    | 'inspect-filter'
    | 'inspect-netns'
    | 'mask'
  >,
  account: Account | null,
  stderr: 'inherit' | 'ignore' = 'inherit',
): AgentOptions {
  const filter = values['inspect-filter'];
  return {
    sensor: values.sensor,
    maxSockets: values['max-sockets'],
    connectResults: values['connect-results'],
    inspector: values.inspect ? makeInspectorCommand(account, values.mask, stderr) : null,
    scope: {
      level: values['inspect-level'],
      namespaces: values['inspect-netns'],
      filter: filter === undefined ? null : compileDeviceFilter(filter),
    },
  };
}

/** What each sensor can do here, found by starting them for a moment. */
export async function probeSensors(
  options: AgentOptions,
  reporter: Reporter,
): Promise<readonly SensorStatus[]> {
  const agent = new Agent(options, { reporter, record: () => {} });
  agent.start();
  const found = agent.sensors();
  await agent.stop();
  return found;
}

/** The sensors as the link sees them: not more often than asked for, and still there after they have stopped. */
function makeSource(agent: Agent, intervalMs: number): LiveSource {
  return {
    sensors: () => agent.sensors(),
    takeFrame: (full) => (agent.sensors().length === 0 ? emptyFrame() : agent.takeFrame(full)),
    hasMore: () => agent.hasMore(),
    configure: (alerts) => agent.configure(alerts),
    packets: (question) => agent.packets(question),
    savedPackets: (alert, offset) => agent.savedPackets(alert, offset),
    onReading(listener) {
      let last = Number.NEGATIVE_INFINITY;
      agent.onReading(() => {
        const now = performance.now();
        if (now - last < intervalMs - earlyMs) return;
        last = now;
        listener();
      });
    },
  };
}

function emptyFrame(): SourceFrame {
  return {
    at: Date.now(),
    full: false,
    opened: [],
    revised: [],
    changed: [],
    closed: [],
    samples: [],
    interface_samples: {},
    process_samples: {},
    processes: [],
    processes_gone: [],
  };
}

/** PRETTY_NAME of os-release(5). */
function readOsName(): string {
  try {
    const match = /^PRETTY_NAME="?([^"\n]{1,128})"?$/m.exec(readFileSync('/etc/os-release', 'utf8'));
    return match?.[1] ?? 'Linux';
  } catch {
    return 'Linux';
  }
}
