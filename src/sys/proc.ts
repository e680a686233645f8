import { closeSync, openSync, readdirSync, readlinkSync, readSync, statSync } from 'node:fs';

/** Longest text read of a file of /proc; longer ones are cut. */
const maxBytes = 64 * 1024;
const buffer = Buffer.allocUnsafe(maxBytes);

/** The bytes of a file of /proc, as one read gives them; null when it is gone or may not be read. The caller owns them. */
export function readProcBytes(path: string, max = maxBytes): Buffer | null {
  const length = readInto(path, max);
  return length < 0 ? null : Buffer.from(buffer.subarray(0, length));
}

/** The text of a file of /proc, bytes that are no UTF-8 replaced; null when it is gone or may not be read. */
export function readProcText(path: string, max = maxBytes): string | null {
  const length = readInto(path, max);
  return length < 0 ? null : buffer.toString('utf8', 0, length);
}

/** Where a link of /proc leads, or the name of the error, such as ENOENT or EACCES. */
export function readProcLink(path: string): { readonly target: string } | { readonly error: string } {
  try {
    return { target: readlinkSync(path) };
  } catch (thrown) {
    return { error: (thrown as NodeJS.ErrnoException).code ?? 'EIO' };
  }
}

/** Number of the object behind a link such as /proc/self/ns/net, or null. */
export function readInode(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? null;
}

/** Whether /proc shows the programs and descriptors of other users' processes: to root, or with CAP_SYS_PTRACE. */
export function mayReadOthers(): boolean {
  try {
    readdirSync('/proc/1/fd');
    return true;
  } catch {
    return false;
  }
}

function readInto(path: string, max: number): number {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return -1;
  }
  try {
    return readSync(fd, buffer, 0, Math.min(max, maxBytes), 0);
  } catch {
    return -1;
  } finally {
    closeSync(fd);
  }
}
