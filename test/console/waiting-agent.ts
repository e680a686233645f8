import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeDataFolder } from '../support/netmon.ts';
import { until } from '../support/until.ts';

const program = join(import.meta.dirname, '../../bin/netmon');

/** `netmon agent --listen` on loopback, without sensors of packets. */
export class WaitingAgent implements AsyncDisposable {
  readonly name: string;
  readonly data: string;
  #child: ChildProcess | null = null;
  #address = '127.0.0.1:0';

  private constructor(name: string) {
    this.name = name;
    this.data = makeDataFolder();
  }

  static async start(name: string): Promise<WaitingAgent> {
    const agent = new WaitingAgent(name);
    await agent.start();
    return agent;
  }

  get address(): string {
    return this.#address;
  }

  /** Starts it, after a stop at the same address with the same data. */
  async start(): Promise<void> {
    const args = ['agent', '--listen', this.#address, '--data', this.data, '--agent-name', this.name];
    const child = spawn(
      program,
      [...args, '--sensor', 'proc', '--no-inspect', '--probe-networks', 'loopback'],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.#child = child;
    let output = '';
    const collect = (text: Buffer): void => {
      output += text.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    this.#address = await until(
      `the address of ${this.name}`,
      () => /"listens for servers and consoles".*?"address":"([^"]+)"/.exec(output)?.[1],
      { withinMs: 120_000, describe: () => output },
    );
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.data, { recursive: true, force: true });
  }
}
