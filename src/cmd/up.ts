/**
 * Everything on this machine. Order of a run:
 *
 * 1. the pid file and the folders are claimed, so that a second instance stops here
 * 2. the server starts as a second process that gives up root; a port in use or a broken database stops here
 * 3. the sensors start in this process, and the link between both
 * 4. until a signal comes or the sensors fail, nothing more happens here
 * 5. all is stopped in reverse: the sensors hand over what they have, the server commits it
 */
import { flushCompileCache } from 'node:module';
import { NetmonError } from '../base/errors.ts';
import { escapeText } from '../cli/escape.ts';
import { prepareFolders, removeRuntimeFolders } from '../platform/folders.ts';
import { claimInstance } from '../platform/instance.ts';
import { makeLifecycle } from '../platform/lifecycle.ts';
import { makeMemoryTrimmer } from '../platform/memory-trimmer.ts';
import { findPaths, type Paths } from '../platform/paths.ts';
import { makeReporter } from '../platform/reporter.ts';
import { readVersion } from '../platform/version.ts';
import * as ownMemory from '../sys/own-memory.ts';
import type { SensorStatus } from '../wire/machine.ts';
import { makeAgentProgram, readSensorOptions } from './agent-program.ts';
import { chooseAccount, makeServerConfig } from './server-config.ts';
import { ServerProcess } from './server-process.ts';
import type { UpValues } from './setting-names.ts';
import { watchSignals } from './signals.ts';

/** Runs until it is told to end. Throws NetmonError for what keeps it from starting. */
export async function runUp(values: UpValues): Promise<void> {
  process.title = 'netmon';
  const paths = findPaths(values, process.env, process.getuid!());
  const account = chooseAccount(values.user);
  const config = makeServerConfig(values, { db: paths.db, socket: paths.socket, account });
  const reporter = makeReporter({
    level: values['log-level'],
    ...(values['log-format'] !== undefined && { format: values['log-format'] }),
  });
  using _claim = claimInstance(paths.pidFile, account?.gid ?? process.getgid!());
  prepareFolders(paths, account);

  const server = new ServerProcess(config, reporter);
  const agent = makeAgentProgram(
    {
      server: `unix:${paths.socket}`,
      ordersFile: paths.orders,
      monitorsFile: paths.monitors,
      forbidden: values['forbid-orders'],
      probeNetworks: values['probe-networks'],
      token: undefined,
      spool: { path: paths.spool, maxBytes: values['spool-limit'] },
      name: values['agent-name'],
      intervalMs: values.interval,
      sensors: { ...readSensorOptions(values, account), captures: paths.captures },
    },
    reporter,
  );
  const lifecycle = makeLifecycle([server, ...agent.components, ...makeMemoryTrimmer(ownMemory)], reporter);
  const signal = watchSignals(() => {
    server.kill();
    _claim[Symbol.dispose]();
  });
  stopOnFatal((reason) => signal.stop(reason));
  const starting = lifecycle.start();
  await Promise.race([starting, signal.asked]);
  if (!signal.isAsked()) announce(server, paths, agent.sensors(), values.data);
  flushCompileCache();
  const reason = await signal.asked;
  await lifecycle.stop();
  removeRuntimeFolders(paths);
  reporter.info('ended', { reason });
}

/** What no part has caught ends the program in order, with an exit code that says so. */
function stopOnFatal(stop: (reason: string) => void): void {
  const onFatal = (error: unknown): void => {
    process.stderr.write(
      `netmon: internal error: ${escapeText(error instanceof Error ? (error.stack ?? '') : String(error))}\n`,
    );
    if (process.exitCode !== undefined) return;
    process.exitCode = new NetmonError('NM_INTERNAL', '').exit;
    stop('an internal error');
  };
  process.on('uncaughtException', onFatal);
}

/** The first lines a user sees, on standard output. */
function announce(
  server: ServerProcess,
  paths: Paths,
  sensors: readonly SensorStatus[],
  data: string | undefined,
): void {
  const stop =
    data === undefined ? '"npm stop" or "netmon down"' : `"netmon down --data ${escapeText(data)}"`;
  const lines = [
    `netmon ${readVersion()}`,
    `  dashboard  ${escapeText(server.url)}`,
    `  database   ${paths.db}`,
    ...sensors.map(({ name, level, detail, reason }) => {
      const why = reason === null ? '' : `: ${reason} (netmon doctor says what would lift it)`;
      return escapeText(`  ${name.padEnd(10)} ${level}, ${detail}${why}`);
    }),
    `End it with Ctrl-C, or with ${stop} from elsewhere.`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
