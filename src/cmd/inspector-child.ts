import { flushCompileCache } from 'node:module';
import { createInterface } from 'node:readline';
import type { InspectorConfig, InspectorQuestion } from '../agent/capture/inspector-messages.ts';

/** As which descriptor the ring comes. */
const ringFd = 3;
/** Between two looks at the ring: the first where there was something, up to the second where there was nothing. */
const shortestMs = 20;
const longestMs = 80;

/**
 * Runs the inspector for the process that started this one. Order:
 *
 * 1. all code is loaded, since the user to become may not be able to read it
 * 2. root is given up for good
 * 3. the ring is mapped and read until the input ends: the parent says so, or died
 */
export async function runInspectorChild(): Promise<void> {
  process.title = 'netmon-inspector';
  // Ctrl-C reaches every process of the terminal; the agent's process says when to stop.
  process
    .on('SIGINT', () => {})
    .on('SIGHUP', () => {})
    .on('SIGTERM', () => {});
  process.stdout.on('error', () => process.exit());
  const lines = createInterface({ input: process.stdin });
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  lines.once('close', end);
  const config = await new Promise<InspectorConfig>((resolve) => {
    lines.once('line', (line) => resolve(JSON.parse(line) as InspectorConfig));
  });
  const code = await loadCode();
  const bootEpochMs = code.readBootEpochMs();
  flushCompileCache();
  if (config.account) code.dropPrivileges(config.account);
  using ring =
    config.by === 'programs'
      ? new code.PacketRing(ringFd, config.ringBytes)
      : new code.TapRing(ringFd, config.ringBytes, bootEpochMs);
  const write = (text: string): void => void process.stdout.write(text);
  write(
    `${JSON.stringify({ kind: 'ready', skipped: config.skip ? ring.skip() : 0, ports: new code.AppRegistry().portNames() })}\n`,
  );
  const inspector = new code.Inspector(
    ring,
    { mask: config.mask, ciphers: code.nodeCiphers, bootEpochMs },
    write,
  );
  lines.on('line', (line) => inspector.answer(JSON.parse(line) as InspectorQuestion));
  code.releaseProgramPages();
  let waitMs = shortestMs;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    waitMs = inspector.drain(performance.now()) > 0 ? shortestMs : Math.min(longestMs, waitMs * 2);
    timer = setTimeout(look, waitMs);
  };
  look();
  await ended;
  clearTimeout(timer);
  inspector.drain(performance.now());
  inspector.finish();
  process.exit();
}

async function loadCode() {
  return {
    ...(await import('../agent/capture/inspector.ts')),
    ...(await import('../agent/capture/packet-ring.ts')),
    ...(await import('../agent/capture/tap-ring.ts')),
    ...(await import('../decode/apps/registry.ts')),
    ...(await import('../platform/ciphers.ts')),
    ...(await import('../sys/clock.ts')),
    ...(await import('../sys/own-memory.ts')),
    ...(await import('../server/privileges.ts')),
  };
}
