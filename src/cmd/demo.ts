import { NetmonError } from '../base/errors.ts';
import { runDemo } from '../demo/demo.ts';
import { durationValue, numberValue, type ValueKind } from '../platform/values.ts';
import { watchSignals } from './signals.ts';

/** Flags of `netmon demo`, as they are written. */
export interface DemoFlags {
  readonly duration: string;
  readonly rate: string;
  readonly burst: string;
}

const kinds = {
  duration: durationValue(1000, 3_600_000),
  rate: numberValue(0.1, 500, 'NUMBER'),
  burst: numberValue(0, 20_000, 'REQUESTS'),
} as const;

/** Makes traffic on loopback until its time is over or it is told to end. Throws NM_BAD_FLAG. */
export async function runDemoCommand(flags: DemoFlags): Promise<void> {
  const read = (name: keyof typeof kinds): number => readFlag(name, flags[name], kinds[name]);
  const options = { durationMs: read('duration'), rate: read('rate'), burst: Math.floor(read('burst')) };
  process.title = 'netmon-demo';
  const stop = new AbortController();
  const signal = watchSignals(() => {});
  void signal.asked.then(() => stop.abort());
  process.stdout.write('netmon demo: traffic on loopback only, watch it with netmon up or netmon top\n');
  await runDemo({
    ...options,
    signal: stop.signal,
    say: (line) => void process.stdout.write(`${line}\n`),
  });
}

function readFlag<T>(name: string, text: string, kind: ValueKind<T>): T {
  const value = kind.parse(text);
  if (value !== undefined) return value;
  throw new NetmonError('NM_BAD_FLAG', `--${name} = ${JSON.stringify(text)}: expected ${kind.expected}`);
}
