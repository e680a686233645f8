import { NetmonError } from '../base/errors.ts';
import { escapeText } from '../cli/escape.ts';
import { findInstance, isAlive } from '../platform/instance.ts';
import { findPaths } from '../platform/paths.ts';
import type { SettingValues } from '../platform/settings.ts';

/** Longest wait for a netmon to end; it ends within 5 s itself. */
const waitMs = 5500;
const pollMs = 20;

/** Ends the netmon of a data folder and waits until it has. Nothing to end is fine. What killed ones left is removed. */
export async function runDown(values: SettingValues<'data'>): Promise<void> {
  const { pidFile, data } = findPaths(values, process.env, process.getuid!());
  const instance = findInstance(pidFile);
  if (!instance) {
    await removeLeftovers();
    process.stdout.write(
      `no netmon runs with its data in ${escapeText(data)} (--data names another folder)\n`,
    );
    return;
  }
  try {
    process.kill(instance.pid, 'SIGTERM');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EPERM') throw cause;
    throw new NetmonError(
      'NM_PRIVILEGE',
      `process ${instance.pid} belongs to another user: run this as that user`,
    );
  }
  const deadline = Date.now() + waitMs;
  while (isAlive(instance)) {
    if (Date.now() > deadline) {
      throw new NetmonError(
        'NM_TIMEOUT',
        `process ${instance.pid} still runs: "kill -KILL ${instance.pid}" forces it`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  await removeLeftovers();
  process.stdout.write(`ended netmon (process ${instance.pid})\n`);
}

/** What a netmon that was killed has left in the kernel, which only root can have. */
async function removeLeftovers(): Promise<void> {
  if (process.getuid!() !== 0) return;
  try {
    const { removeAllLeftFilters } = await import('../agent/capture/left-filters.ts');
    const removed = removeAllLeftFilters();
    if (removed > 0) process.stdout.write(`removed ${removed} tc filters that a killed netmon had left\n`);
  } catch (error) {
    if (!(error instanceof NetmonError)) throw error;
    process.stderr.write(`netmon: unable to look for what a killed netmon has left: ${error.message}\n`);
  }
}
