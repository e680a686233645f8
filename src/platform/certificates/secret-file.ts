import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { NetmonError } from '../../base/errors.ts';

const usualBytes = 64 * 1024;

/** Writes a file that only its owner may read (0600 in 0700), whole or not at all, and on disk when this returns. */
export function writeSecret(path: string, text: string): void {
  const folder = dirname(path);
  const draft = `${path}.new`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const flags = constants.O_CREAT | constants.O_TRUNC | constants.O_WRONLY | constants.O_NOFOLLOW;
    withFile(openSync(draft, flags, 0o600), (file) => {
      fchmodSync(file, 0o600);
      writeFileSync(file, text);
      fsyncSync(file);
    });
    renameSync(draft, path);
    withFile(openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY), fsyncSync);
  } catch (cause) {
    throw new NetmonError('NM_SYSTEM', `unable to write ${path}`, { cause });
  }
}

/** The text of such a file; null where there is none. Throws NM_BAD_CONFIG when it cannot be read or others can. */
export function readSecret(path: string, maxBytes = usualBytes): string | null {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new NetmonError('NM_BAD_CONFIG', `unable to read ${path}`, { cause });
  }
  return withFile(file, () => {
    const stat = fstatSync(file);
    if (!stat.isFile() || stat.size > maxBytes) {
      throw new NetmonError('NM_BAD_CONFIG', `${path} is not a file of netmon's`);
    }
    if ((stat.mode & 0o077) !== 0) {
      throw new NetmonError(
        'NM_BAD_CONFIG',
        `${path}: others may read the key in it: run "chmod 600 ${path}", and enroll again if somebody did`,
      );
    }
    return readFileSync(file, 'utf8');
  });
}

function withFile<T>(file: number, work: (file: number) => T): T {
  try {
    return work(file);
  } finally {
    closeSync(file);
  }
}
