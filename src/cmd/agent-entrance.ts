import { existsSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { dirname, join } from 'node:path';
import { formatEndpoint, isLoopback } from '../base/ip.ts';
import { borrowAccount } from '../platform/account.ts';
import { Authority } from '../platform/certificates/authority.ts';
import { loadLibrary } from '../platform/certificates/library.ts';
import type { ServerConfig } from './server-messages.ts';

type EntranceConfig = Pick<
  ServerConfig,
  'db' | 'account' | 'host' | 'allowHosts' | 'agentListener' | 'certificateMs'
>;

/**
 * The authority of a server that lets agents in by certificates, or has done so: beside its database, made by the user
 * that the server becomes. Null where it never was needed. Throws as `Authority.open`.
 */
export async function openAuthority(config: EntranceConfig): Promise<Authority | null> {
  const folder = join(dirname(config.db), 'ca');
  if (!config.agentListener && !existsSync(folder)) return null;
  // Before: that user may not be able to read the folder of the program.
  await loadLibrary();
  using _identity = config.account && borrowAccount(config.account);
  return await Authority.open({ folder, hosts: () => listHosts(config), lifetimeMs: config.certificateMs });
}

/** Where agents reach the listener on that port, the likeliest first. */
export function listAgentAddresses(config: EntranceConfig, port: number): string[] {
  const host = config.agentListener?.host;
  const bound = host === undefined || isWildcard(host) ? ownAddresses() : [host];
  const all = [...config.allowHosts.filter(isReachable), ...bound.filter(isReachable), ...bound];
  return [...new Set(all)].map((each) => formatEndpoint(each, port));
}

/** Names and addresses for which the server's certificate is. */
function listHosts({ allowHosts, agentListener }: EntranceConfig): string[] {
  const host = agentListener?.host;
  const given = host === undefined || isWildcard(host) ? [] : [host];
  const names = [...allowHosts, hostname(), 'localhost', ...given].map((name) => name.toLowerCase());
  return [...names.filter(isNameOrAddress), ...ownAddresses()];
}

/** The machine's addresses: those of IPv4 before those of IPv6, loopback last. */
function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ family, scopeid }) => family === 'IPv4' || !scopeid)
    .toSorted((a, b) => Number(a.internal) - Number(b.internal) || a.family.localeCompare(b.family));
  return [...new Set(all.map(({ address }) => address))];
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function isReachable(host: string): boolean {
  return host !== 'localhost' && !isLoopback(host);
}

function isNameOrAddress(host: string): boolean {
  return /^[a-z0-9_.-]{1,253}$|^[0-9a-f:.]{2,45}$/.test(host);
}
