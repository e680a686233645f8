import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Namespace } from '../test/support/namespaces.ts';

export type LoopKind = 'psutil' | 'ss';
export const loopKinds: readonly LoopKind[] = ['psutil', 'ss'];

export interface LoopReport {
  readonly rounds: number;
  readonly cpu_s: number;
  readonly wall_s: number;
  readonly seen: number;
}

/** Runs what others do every 100 ms; see loops.py. Debian's Python, for Debian's psutil. */
export async function runLoop(
  kind: LoopKind,
  seconds: number,
  space: Namespace,
  port?: number,
): Promise<LoopReport> {
  const script = join(import.meta.dirname, 'loops.py');
  const argv = [
    '/usr/bin/python3',
    script,
    kind,
    String(seconds),
    ...(port === undefined ? [] : [String(port)]),
  ];
  const [file, ...args] = space.command(argv);
  const { stdout } = await promisify(execFile)(file!, args);
  return JSON.parse(stdout) as LoopReport;
}
