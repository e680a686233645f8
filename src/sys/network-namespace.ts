import { closeSync, openSync } from 'node:fs';
import koffi from 'koffi';
import { systemError } from './libc.ts';

/** CLONE_NEWNET of setns(2). */
const cloneNewnet = 0x40000000;

let setns: ((fd: number, type: number) => number) | undefined;

/**
 * Does something in another network namespace, which `path` names (namespaces(7)), and comes back. A namespace is that of
 * a thread: `action` must do all of it before it returns, and start no work that goes on after it. Throws what it throws,
 * and NM_SYSTEM where there is no such namespace or it may not be entered.
 */
export function inNetworkNamespace<T>(path: string, action: () => T): T {
  setns ??= koffi.load(null).func('int setns(int fd, int type)');
  const home = openSync('/proc/thread-self/ns/net', 'r');
  try {
    const there = openSync(path, 'r');
    try {
      if (setns(there, cloneNewnet) !== 0) throw systemError('enter a network namespace');
    } finally {
      closeSync(there);
    }
    try {
      return action();
    } finally {
      // All that this process does afterwards would be done in the wrong place.
      if (setns(home, cloneNewnet) !== 0) process.abort();
    }
  } finally {
    closeSync(home);
  }
}
