import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  rmSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { NetmonError } from '../base/errors.ts';
import type { Account } from './account.ts';
import { maxSocketPath, type Paths } from './paths.ts';

/** Makes the data folder of an agent. */
export function prepareAgentFolders(paths: Pick<Paths, 'data'>): void {
  makeFolder(paths.data);
}

/**
 * Makes the data folder, and for the database and for the agent's socket one each that the server's account owns. The account is null when the server
 * runs as this user. Throws NM_SYSTEM that names the folder, NM_STORE when the account could not use the database.
 */
export function prepareFolders(paths: Paths, account: Account | null): void {
  if (paths.socket.length > maxSocketPath) {
    throw new NetmonError(
      'NM_BAD_FLAG',
      `--data ${paths.data}: too long for a socket in it; choose a shorter path`,
    );
  }
  makeFolder(paths.data);
  makeFolder(dirname(paths.socket), 0o750);
  if (account) chownSync(dirname(paths.socket), account.uid, account.gid);
  rmSync(paths.socket, { force: true });
  prepareDatabaseFolder(paths, account);
}

/** Takes away what is in the runtime folder, but for the pid file. */
export function removeRuntimeFolders({ socket }: Pick<Paths, 'socket'>): void {
  rmSync(dirname(socket), { recursive: true, force: true });
}

/** The database's part of it, for a server without an agent. */
export function prepareDatabaseFolder(paths: Pick<Paths, 'data' | 'db'>, account: Account | null): void {
  const folder = dirname(paths.db);
  const isOurs = folder === join(paths.data, 'server');
  if (isOurs) {
    makeFolder(paths.data);
    if (account) {
      chownSync(paths.data, 0, account.gid);
      chmodSync(paths.data, 0o710);
    }
  }
  if (isOurs || !existsSync(folder)) {
    makeFolder(folder);
    if (account) giveFolder(folder, account);
  }
  if (account && !(canWrite(folder, account) && isOwnOrNew(paths.db, account))) {
    throw new NetmonError(
      'NM_STORE',
      `user ${account.name}, as whom the server runs, may not write to ${paths.db}: choose another place with --db or ` +
        '--data, or another user with --user',
    );
  }
}

/** Whether the database does not exist yet, or the account owns it. */
function isOwnOrNew(db: string, { uid }: Account): boolean {
  const found = statSync(db, { throwIfNoEntry: false });
  return found === undefined || found.uid === uid;
}

/** Whether permission bits let the account write into a folder, and enter all that it lies in. */
export function canWrite(folder: string, account: Account): boolean {
  if (account.uid === 0) return true;
  if (!mayAll(statSync(folder), account, 0o3)) return false;
  for (let at = dirname(folder); ; at = dirname(at)) {
    if (!mayAll(statSync(at), account, 0o1)) return false;
    if (at === dirname(at)) return true;
  }
}

function mayAll({ mode, uid, gid }: Stats, account: Account, wanted: number): boolean {
  const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
  return ((mode >> shift) & wanted) === wanted;
}

/** What is in the folder goes to the account too: it may change from one start to the next. */
function giveFolder(folder: string, { uid, gid }: Account): void {
  chownSync(folder, uid, gid);
  for (const name of readdirSync(folder)) lchownSync(join(folder, name), uid, gid);
}

function makeFolder(path: string, mode = 0o700): void {
  try {
    mkdirSync(path, { recursive: true, mode });
  } catch (cause) {
    throw new NetmonError('NM_SYSTEM', `unable to make the folder ${path}`, { cause });
  }
}
