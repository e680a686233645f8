import { chmodSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { NetmonError } from '../../base/errors.ts';

/**
 * Makes the way free for a Unix socket: its directory exists (made with mode 0750) and is no one else's to write in, and a
 * file that a killed server left is gone. Throws NM_SYSTEM when another server answers there or something else is there.
 */
export async function prepareSocketFile(path: string): Promise<void> {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o750 });
  if ((lstatSync(folder).mode & 0o022) !== 0) {
    throw new NetmonError('NM_SYSTEM', `${folder}: other users may write in it, so no socket is made there`);
  }
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) throw new NetmonError('NM_SYSTEM', `${path} exists and is no socket: move it away`);
  if (await answers(path))
    throw new NetmonError('NM_SYSTEM', `another netmon listens on ${path}: end that one`);
  rmSync(path, { force: true });
}

/** Listens on the path; user and group may connect, as far as the directory lets them in. */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(path, resolve);
  await promise;
  server.off('error', reject);
  chmodSync(path, 0o660);
}

async function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(path, () => resolve(true));
  socket.on('error', () => resolve(false));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}
