import type { IdentityKeeper } from '../agent/identity/keeper.ts';
import { findUserIds } from '../platform/account.ts';
import { prepareAgentFolders } from '../platform/folders.ts';
import { claimInstance } from '../platform/instance.ts';
import { makeLifecycle } from '../platform/lifecycle.ts';
import { makeMemoryTrimmer } from '../platform/memory-trimmer.ts';
import { findPaths } from '../platform/paths.ts';
import { makeReporter } from '../platform/reporter.ts';
import * as ownMemory from '../sys/own-memory.ts';
import { openIdentity } from './agent-identity.ts';
import { makeAgentProgram, readSensorOptions } from './agent-program.ts';
import { chooseAccount } from './server-config.ts';
import type { AgentValues } from './setting-names.ts';
import { watchSignals } from './signals.ts';
import { readToken } from './token.ts';

/**
 * The sensors of this machine, for a server elsewhere, until told to end. An agent that listens dials a server only
 * where one is named.
 */
export async function runAgent(values: AgentValues, isServerNamed: boolean): Promise<void> {
  process.title = 'netmon';
  const paths = findPaths(values, process.env, process.getuid!());
  const reporter = makeReporter({
    level: values['log-level'],
    ...(values['log-format'] !== undefined && { format: values['log-format'] }),
  });
  const token = readToken(values['token-file']);
  using _claim = claimInstance(paths.pidFile, process.getgid!());
  prepareAgentFolders(paths);
  const identity = openIdentity(paths.data, reporter);
  const agent = makeAgentProgram(
    {
      server: isServerNamed ? values.server : chooseServer(values, identity),
      listen: values.listen,
      isAllowed: chooseUsers(values['listen-users']),
      ordersFile: paths.orders,
      monitorsFile: paths.monitors,
      forbidden: values['forbid-orders'],
      probeNetworks: values['probe-networks'],
      token,
      identity,
      spool: { path: paths.spool, maxBytes: values['spool-limit'] },
      name: values['agent-name'],
      intervalMs: values.interval,
      sensors: { ...readSensorOptions(values, chooseAccount(undefined)), captures: paths.captures },
    },
    reporter,
  );
  const lifecycle = makeLifecycle([...agent.components, ...makeMemoryTrimmer(ownMemory)], reporter);
  const signal = watchSignals(() => _claim[Symbol.dispose]());
  await Promise.race([lifecycle.start(), signal.asked]);
  if (!signal.isAsked()) {
    for (const { name, level, detail, reason } of agent.sensors())
      reporter.info('sensor', { name, works: level, detail, ...(reason !== null && { reason }) });
  }
  const reason = await signal.asked;
  await lifecycle.stop();
  reporter.info('ended', { reason });
}

/** Root, who runs this agent, and as whom a server of this machine runs; beside them those named. */
function chooseUsers(names: readonly string[]): (uid: number) => boolean {
  if (names.includes('any')) return () => true;
  const server = chooseAccount(undefined)?.uid;
  const ids = new Set([0, process.geteuid!(), ...findUserIds(names, '--listen-users')]);
  return (uid) => ids.has(uid) || uid === server;
}

/** Where no server is named: that of the enrolment, or none for an agent that waits for one. */
function chooseServer({ listen, server }: AgentValues, identity: IdentityKeeper | null): string | null {
  if (listen !== undefined) return null;
  return identity?.current.server ?? server;
}
