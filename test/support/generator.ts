import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Namespace } from './namespaces.ts';

const sources = join(import.meta.dirname, 'generate');
const cache = join(realpathSync(join(import.meta.dirname, '../../node_modules')), '.cache/netmon-test');

/** Path of the traffic generator, compiled when its sources changed; its process name is `generate`. */
export function buildGenerator(): string {
  const files = readdirSync(sources).filter((name) => name.endsWith('.c'));
  const hash = createHash('sha256');
  for (const name of readdirSync(sources).sort()) hash.update(name).update(readFileSync(join(sources, name)));
  const program = join(cache, hash.digest('hex').slice(0, 16), 'generate');
  if (existsSync(program)) return program;
  mkdirSync(dirname(program), { recursive: true });
  const part = `${program}.${process.pid}`;
  const paths = files.map((name) => join(sources, name));
  // Static, so that starting one process for each of thousands of connections stays cheap.
  const flags = ['-std=gnu17', '-D_GNU_SOURCE', '-O2', '-Wall', '-Wextra', '-Werror', '-static'];
  execFileSync('gcc', [...flags, '-o', part, ...paths]);
  renameSync(part, program);
  return program;
}

/** A generator that is running: it prints lines of JSON, and input lets it go on or end. */
export class Generator implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterableIterator<string>;
  readonly #closed: Promise<unknown>;
  #complaint = '';

  constructor(argv: readonly string[]) {
    const [file, ...rest] = argv;
    this.child = spawn(file!, rest, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stderr?.on('data', (text: Buffer) => {
      this.#complaint += text.toString();
    });
    this.child.stdin?.on('error', () => {});
    this.#lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
    this.#closed = once(this.child, 'close');
  }

  /** The next line it prints. Throws with what it complained about when it ended instead. */
  async next<T>(withinMs = 60_000): Promise<T> {
    const late = setTimeout(() => this.child.kill('SIGKILL'), withinMs);
    const line = await this.#lines.next();
    clearTimeout(late);
    if (!line.done) return JSON.parse(line.value) as T;
    await this.#closed;
    throw new Error(
      `the generator ended with ${this.child.exitCode ?? this.child.signalCode}: ${this.#complaint}`,
    );
  }

  /** Lets it go on after a step. */
  go(): void {
    this.child.stdin?.write('\n');
  }

  /** Ends its input, at which the commands that keep something open stop. */
  finish(): void {
    this.child.stdin?.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.finish();
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.#closed;
  }
}

export interface GeneratorOptions {
  readonly namespace?: Namespace | undefined;
  /** Runs a copy of the program with another name. */
  readonly program?: string;
}

/** Starts the generator with these arguments. */
export function startGenerator(
  args: readonly (string | number)[],
  options: GeneratorOptions = {},
): Generator {
  const argv = [options.program ?? buildGenerator(), ...args.map(String)];
  return new Generator(options.namespace ? options.namespace.command(argv) : argv);
}

/** Runs the generator to its end and returns the line that it printed. */
export async function generate<T>(
  args: readonly (string | number)[],
  options: GeneratorOptions = {},
): Promise<T> {
  await using generator = startGenerator(args, options);
  const line = await generator.next<T>();
  return line;
}
