import { readFileSync } from 'node:fs';
import { NetmonError } from '../base/errors.ts';

/** A user of this machine. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Users to run the server as when none is named, the first that exists. */
const preferred = ['netmon', 'nobody'] as const;

/**
 * The account to run the server as: by name, by number, or when undefined `netmon` or `nobody`. Throws NM_BAD_FLAG for
 * one that does not exist.
 */
export function findAccount(
  wanted: string | undefined,
  passwd = readFileSync('/etc/passwd', 'utf8'),
): Account {
  const accounts = passwd.split('\n').flatMap(parseAccount);
  if (wanted === undefined) {
    const found = preferred.flatMap((name) => accounts.filter((account) => account.name === name))[0];
    if (found) return found;
    throw new NetmonError(
      'NM_BAD_FLAG',
      `neither user ${preferred.join(' nor ')} exists: name one with --user`,
    );
  }
  const account = accounts.find(({ name, uid }) => name === wanted || String(uid) === wanted);
  if (account) return account;
  throw new NetmonError('NM_BAD_FLAG', `--user ${JSON.stringify(wanted)}: no such user in /etc/passwd`);
}

/** Ids of users, by name or number. Throws NM_BAD_FLAG for a name that nobody has; `flag` is what named it. */
export function findUserIds(
  wanted: readonly string[],
  flag: string,
  passwd = readFileSync('/etc/passwd', 'utf8'),
): number[] {
  const accounts = passwd.split('\n').flatMap(parseAccount);
  return wanted.map((each) => {
    const uid = accounts.find(({ name }) => name === each)?.uid;
    if (uid !== undefined) return uid;
    if (/^\d{1,10}$/.test(each)) return Number(each);
    throw new NetmonError('NM_BAD_FLAG', `${flag} ${JSON.stringify(each)}: no such user in /etc/passwd`);
  });
}

function parseAccount(line: string): Account[] {
  const [name, , uid, gid] = line.split(':');
  return name && /^\d+$/.test(uid ?? '') && /^\d+$/.test(gid ?? '')
    ? [{ name, uid: Number(uid), gid: Number(gid) }]
    : [];
}

/** Becomes that user for good, without supplementary groups and so without any capability. */
export function becomeAccount({ uid, gid }: Account): void {
  process.setgroups!([gid]);
  process.setgid!(gid);
  process.setuid!(uid);
}

/** Acts as that user, in what files are opened and made, until disposed of. */
export function borrowAccount({ uid, gid }: Account): Disposable {
  const groups = process.getgroups!();
  process.setgroups!([gid]);
  process.setegid!(gid);
  process.seteuid!(uid);
  return {
    [Symbol.dispose]() {
      process.seteuid!(0);
      process.setegid!(0);
      process.setgroups!(groups);
    },
  };
}
