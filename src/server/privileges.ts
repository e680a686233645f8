import { readdirSync, readFileSync } from 'node:fs';
import { NetmonError } from '../base/errors.ts';
import { type Account, becomeAccount } from '../platform/account.ts';

/** Capability sets that let a thread do something (capabilities(7)); the bounding set only limits what it could gain. */
const capabilitySets = ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'] as const;

/**
 * Gives up root for good: becomes the account without supplementary groups, and makes new files private. To be called
 * when everything is loaded, opened and listening; without root it does nothing. Throws NM_PRIVILEGE when any thread
 * of the process is left with a capability or with a way back, so that the server never goes on that way.
 */
export function dropPrivileges(account: Account): void {
  process.umask(0o077);
  if (process.getuid?.() !== 0) return;
  try {
    becomeAccount(account);
  } catch (cause) {
    throw new NetmonError('NM_PRIVILEGE', `unable to become user ${account.name}`, { cause });
  }
  for (const thread of readdirSync('/proc/self/task')) {
    const problem = findPower(readFileSync(`/proc/self/task/${thread}/status`, 'latin1'), account);
    if (problem)
      throw new NetmonError('NM_PRIVILEGE', `unable to give up root: a thread is left with ${problem}`);
  }
}

/** What a thread still may, by its /proc status (proc(5)); null when it is nothing. */
export function findPower(status: string, { uid, gid }: Account): string | null {
  const field = (name: string): string =>
    new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? 'unknown';
  if (field('Uid') !== Array(4).fill(uid).join('\t')) return `user ids ${field('Uid')}`;
  if (field('Gid') !== Array(4).fill(gid).join('\t')) return `group ids ${field('Gid')}`;
  if (field('Groups').trim() !== String(gid)) return `groups ${field('Groups')}`;
  for (const name of capabilitySets) {
    if (!/^0+$/.test(field(name))) return `${name} ${field(name)}`;
  }
  return null;
}
