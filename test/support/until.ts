import { setTimeout as wait } from 'node:timers/promises';

/**
 * Asks again every `everyMs` until the answer is not undefined, and returns it. Throws after `withinMs` with what was
 * waited for and the last answer of `describe`.
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  options: { withinMs?: number; everyMs?: number; describe?: () => unknown } = {},
): Promise<T> {
  const { withinMs = 60_000, everyMs = 50, describe } = options;
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) {
      const last = describe ? `; last: ${JSON.stringify(describe(), null, 1)}` : '';
      throw new Error(`${what}: not within ${withinMs} ms${last}`);
    }
    await wait(everyMs);
  }
}
