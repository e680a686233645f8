import { join } from 'node:path';
import type { InspectorCommand } from '../agent/capture/inspector-process.ts';
import type { Account } from '../platform/account.ts';
import { inspectorNodeFlags } from './node-flags.ts';

/** The entry that turns the compile cache on. */
const program = join(import.meta.dirname, '..', '..', 'bin', 'netmon.mjs');
/** What the kernel copies in the longest time that the inspector may be busy elsewhere, at 100 MB/s. */
const ringBytes = 8 << 20;

/** How to run the process that reads packets; it becomes `account`, and may know nothing of this one's environment. */
export function makeInspectorCommand(
  account: Account | null,
  mask: boolean,
  stderr: 'inherit' | 'ignore',
): InspectorCommand {
  return {
    argv: [process.execPath, ...inspectorNodeFlags, program, 'inspector-child'],
    config: { ringBytes, account, mask },
    env: { PATH: process.env.PATH, NODE_ENV: 'production', MALLOC_ARENA_MAX: '1' },
    stderr,
  };
}
