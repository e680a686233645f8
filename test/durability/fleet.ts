import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { until } from '../support/until.ts';
import type { AgentState, AgentTask } from './agent-child.ts';

const child = join(import.meta.dirname, 'agent-child.ts');
/** Longest wait until everything is with the server. */
const drainMs = 600_000;

/** Agents that make records and send them to one server, each a process. */
export class Fleet implements AsyncDisposable {
  readonly names: readonly string[];
  readonly #processes: ChildProcess[];
  readonly #states = new Map<string, AgentState>();

  constructor(agents: number, server: string, folder: string) {
    this.names = Array.from({ length: agents }, (_, i) => `agent-${i}`);
    this.#processes = this.names.map((agent) => {
      const task: AgentTask = { agent, server, spool: join(folder, `${agent}.spool`) };
      const process = fork(child, [JSON.stringify(task)]);
      process.on('message', (state) => void this.#states.set(agent, state as AgentState));
      return process;
    });
  }

  /** What each agent said last. */
  states(): ReadonlyMap<string, AgentState> {
    return new Map(this.#states);
  }

  /** Has them make so many records a second in all. */
  generate(perSecond: number): void {
    for (const process of this.#processes) process.send(perSecond / this.#processes.length);
  }

  /** Waits until they have made, or have had acknowledged, so many records in all. */
  async reach(what: 'made' | 'acknowledged', count: number): Promise<void> {
    await until(`${count} records ${what}`, () => this.sum(what) >= count || undefined, {
      withinMs: drainMs,
      describe: () => [...this.#states],
    });
  }

  sum(what: 'made' | 'acknowledged' | 'waiting' | 'lost'): number {
    return [...this.#states.values()].reduce((sum, state) => sum + state[what], 0);
  }

  /** Ends the making of records and waits until all are acknowledged. */
  async drain(): Promise<void> {
    this.generate(0);
    await this.each('all records acknowledged', ({ rate, waiting }) => rate === 0 && waiting === 0);
  }

  /** Waits until that holds of each agent. */
  async each(what: string, holds: (state: AgentState) => boolean): Promise<void> {
    const all = (): boolean =>
      this.#states.size === this.names.length && [...this.#states.values()].every(holds);
    await until(what, () => all() || undefined, { withinMs: drainMs, describe: () => [...this.#states] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes) {
      if (process.exitCode !== null || process.signalCode !== null) continue;
      process.kill('SIGKILL');
      await once(process, 'exit');
    }
  }
}
