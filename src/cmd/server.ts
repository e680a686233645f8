import { flushCompileCache } from 'node:module';
import type { Account } from '../platform/account.ts';
import { prepareDatabaseFolder } from '../platform/folders.ts';
import { findPaths, type Paths } from '../platform/paths.ts';
import { makeReporter, type Reporter } from '../platform/reporter.ts';
import { readVersion } from '../platform/version.ts';
import { chooseAccount, makeServerConfig } from './server-config.ts';
import { startServer } from './server-program.ts';
import type { ServerValues } from './setting-names.ts';
import { watchSignals } from './signals.ts';

/** The server alone, until told to end. */
export async function runServer(values: ServerValues): Promise<void> {
  const paths = findPaths(values, process.env, process.getuid!());
  const reporter = makeReporter({
    level: values['log-level'],
    ...(values['log-format'] !== undefined && { format: values['log-format'] }),
  });
  const account = prepareAccount(values, paths, reporter);
  const config = makeServerConfig(values, { db: paths.db, socket: null, account });
  const signal = watchSignals(() => {});
  const server = await startServer(config, reporter);
  flushCompileCache();
  process.stdout.write(`netmon ${readVersion()} serves ${server.url}, database ${paths.db}\n`);
  const reason = await signal.asked;
  await server.stop();
  reporter.info('ended', { reason });
}

/**
 * Who the server becomes. A database where that user may not write keeps a server that root started as root, unless
 * the user was named; it says so.
 */
function prepareAccount(values: ServerValues, paths: Paths, reporter: Reporter): Account | null {
  const account = chooseAccount(values.user);
  try {
    prepareDatabaseFolder(paths, account);
    return account;
  } catch (error) {
    if (account === null || values.user !== undefined) throw error;
    reporter.warn('the server goes on as root, since no other user may write to its database', {
      db: paths.db,
    });
    return null;
  }
}
