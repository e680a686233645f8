import { dirname, join, resolve } from 'node:path';
import { type Account, findAccount } from '../platform/account.ts';
import type { ServerConfig } from './server-messages.ts';
import type { ServerValues } from './setting-names.ts';

/** The server's configuration from the settings. */
export function makeServerConfig(
  values: ServerValues,
  place: { readonly db: string; readonly socket: string | null; readonly account: Account | null },
): ServerConfig {
  return {
    host: values.host,
    port: values.port,
    allowHosts: values['allow-host'],
    tokenFile: values['token-file'] === undefined ? null : resolve(values['token-file']),
    db: place.db,
    dbLimitBytes: values['db-limit'],
    retentionDays: values['retention-days'],
    reverseDns: values['reverse-dns'],
    publicStatus: values['public-status'],
    dials: values.dial,
    agentListener:
      values['agent-port'] === undefined
        ? null
        : {
            port: values['agent-port'],
            ...(values['agent-host'] !== undefined && { host: values['agent-host'] }),
          },
    certificateMs: values['certificate-life'],
    socket: place.socket,
    account: place.account,
    logLevel: values['log-level'],
    logFormat: values['log-format'] ?? null,
  };
}

/** Who the server is to become: null for the one who starts it, which root changes only by `--user root`. */
export function chooseAccount(user: string | undefined): Account | null {
  if (process.getuid!() !== 0) return null;
  const account = findAccount(user);
  return account.uid === 0 ? null : account;
}

/** The folder of what `npm run build:web` made. */
export const webRoot = join(dirname(dirname(import.meta.dirname)), 'web', 'dist');
