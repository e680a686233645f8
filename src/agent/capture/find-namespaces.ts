import { readdirSync, readlinkSync } from 'node:fs';
import { readInode } from '../../sys/proc.ts';

/** Where ip-netns(8) keeps names. */
const namesFolder = '/run/netns';
/** Processes that are asked for theirs at most. */
const maxProcesses = 32_768;

/**
 * The network namespaces that are asked for, by inode number, with a path to enter each by: names of ip-netns(8),
 * `pid:N`, or `all`. Those that there are not (yet) are left out, and so is this process's own.
 */
export function findNamespaces(wanted: readonly string[]): Map<number, string> {
  const found = new Map<number, string>();
  const add = (path: string, inode = readNamespace(path)): void => {
    if (inode !== null && !found.has(inode)) found.set(inode, path);
  };
  for (const one of wanted) {
    if (one.startsWith('pid:')) add(`/proc/${one.slice('pid:'.length)}/ns/net`);
    else if (one !== 'all') add(`${namesFolder}/${one}`);
    else {
      for (const name of list(namesFolder)) add(`${namesFolder}/${name}`);
      for (const pid of list('/proc').filter(isNumber).slice(0, maxProcesses)) {
        const path = `/proc/${pid}/ns/net`;
        const inode = readNamespaceOf(path);
        if (inode !== null) add(path, inode);
      }
    }
  }
  const own = readNamespace('/proc/self/ns/net');
  if (own !== null) found.delete(own);
  return found;
}

/** The inode number of a namespace; null where there is none, or it is not to be seen. */
export function readNamespace(path: string): number | null {
  try {
    return readInode(path);
  } catch {
    return null;
  }
}

const isNumber = (name: string): boolean => /^\d+$/.test(name);

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The inode number from the text of the link, which needs no look behind it. */
function readNamespaceOf(path: string): number | null {
  try {
    const inode = /^net:\[(\d{1,10})\]$/.exec(readlinkSync(path))?.[1];
    return inode === undefined ? null : Number(inode);
  } catch {
    return null;
  }
}
