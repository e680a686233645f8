import { statSync } from 'node:fs';
import { parsePasswd } from '../../decode/procfs.ts';
import { readProcText } from '../../sys/proc.ts';

/** How often the file is looked at for a change. */
const checkEveryMs = 1000;

/** Names of users by id, from /etc/passwd, read again when it changes. */
export interface UserNames {
  /** Null for a user who is not in the file (LDAP, a container's own, or one without a name). */
  nameOf(uid: number): string | null;
}

/** Makes a reader of the file, which need not exist. */
export function makeUserNames(path = '/etc/passwd', now: () => number = Date.now): UserNames {
  let names = new Map<number, string>();
  let version = '';
  let checkedAt = Number.NEGATIVE_INFINITY;
  return {
    nameOf(uid) {
      if (now() - checkedAt >= checkEveryMs) {
        checkedAt = now();
        const stat = statSync(path, { throwIfNoEntry: false });
        const found = stat ? `${stat.ino} ${stat.mtimeMs} ${stat.size}` : '';
        if (found !== version) {
          version = found;
          names = parsePasswd(readProcText(path) ?? '');
        }
      }
      return names.get(uid) ?? null;
    },
  };
}
