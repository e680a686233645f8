import { flushCompileCache } from 'node:module';
import { describeError, NetmonError } from '../base/errors.ts';
import { makeReporter } from '../platform/reporter.ts';
import type { FromServer, ServerConfig, ToServer } from './server-messages.ts';

/** Runs the server for the process that started this one, and ends when that says so, ends, or goes away. */
export async function runServerChild(): Promise<void> {
  process.title = 'netmon-server';
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  const { promise: told, resolve: start } = Promise.withResolvers<ServerConfig>();
  process.on('message', (message: ToServer) => {
    if (message.kind === 'start') start(message.config);
    else stop();
  });
  process.on('disconnect', stop);
  // Ctrl-C reaches every process of the terminal; the agent's process says when to stop.
  process.on('SIGINT', () => {}).on('SIGHUP', () => {});
  process.on('SIGTERM', () => stop());
  const config = await told;
  const reporter = makeReporter({
    level: config.logLevel,
    ...(config.logFormat !== null && { format: config.logFormat }),
  });
  try {
    const { startServer } = await import('./server-program.ts');
    flushCompileCache();
    const running = await startServer(config, reporter.with({ part: 'server' }));
    tell({ kind: 'ready', url: running.url });
    await stopped;
    await running.stop();
  } catch (error) {
    const code = error instanceof NetmonError ? error.code : 'NM_INTERNAL';
    tell({ kind: 'failed', code, message: describeError(error) });
    await stopped;
  }
  process.exit();
}

function tell(message: FromServer): void {
  process.send?.(message);
}
