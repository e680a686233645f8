import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Health } from '../../src/wire/api.ts';
import { until } from '../support/until.ts';
import { monitorIds } from './records.ts';

const program = join(import.meta.dirname, '../../bin/netmon');
/** Longest wait for an answer of a server that was just started. */
const readyMs = 60_000;
/** Rows that a run makes must not be too many for the database's limit. */
const databaseLimit = '64GB';

/** `netmon server` as a user runs it, started again and again. */
export class ServerProgram implements AsyncDisposable {
  #port: number;
  #process: ChildProcess | null = null;
  #output = '';

  /** On a free port, or on one that is nobody else's. */
  constructor(port = 0) {
    this.#port = port;
  }

  /** Where it serves, once it was started. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get pid(): number {
    return this.#process!.pid!;
  }

  /** Begins to start it on a database, which takes a while. */
  spawn(database: string): void {
    const args = ['server', '--port', String(this.#port), '--db', database, '--db-limit', databaseLimit];
    const child = spawn(program, [...args, '--user', 'root', '--log-level', 'error'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => {
        if (child === this.#process) this.#output += text.toString();
      });
    }
    this.#process = child;
  }

  /** Starts it and waits until it serves. */
  async start(database: string): Promise<void> {
    this.spawn(database);
    await until(
      'the server',
      () => {
        if (this.#process!.exitCode !== null) throw new Error(`the server ended: ${this.#output}`);
        const port = /http:\/\/127\.0\.0\.1:(\d+)/.exec(this.#output)?.[1];
        if (port !== undefined) this.#port = Number(port);
        return port !== undefined || undefined;
      },
      { withinMs: readyMs, everyMs: 10, describe: () => this.#output },
    );
  }

  /** Kills it at once, wherever it is, and waits until it is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Waits until its health tells of a problem with the database, or of none, and gives it. */
  async problem(isWanted: boolean): Promise<string | null> {
    let problem: string | null = null;
    const ask = async (): Promise<true | undefined> => {
      const { server } = await this.#get<Health>('/health');
      problem = server.database.problem;
      return (problem !== null) === isWanted || undefined;
    };
    await until(isWanted ? 'a problem' : 'the end of the problem', ask, { withinMs: readyMs });
    return problem;
  }

  /** How many recorded connections it lists, of the newest. */
  async listConnections(): Promise<number> {
    const { connections } = await this.#get<{ connections: unknown[] }>('/api/connections?active=false');
    return connections.length;
  }

  async #get<Answer>(path: string): Promise<Answer> {
    const response = await fetch(this.url + path, { headers: { accept: 'application/json' } });
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Answer;
  }

  /** Has it know the monitors whose rounds the agents report; they are carried out by nobody. */
  async addMonitors(): Promise<void> {
    for (const id of monitorIds) {
      const body = { id, name: id, probe: { kind: 'icmp', host: '192.0.2.1' }, enabled: false };
      const response = await fetch(`${this.url}/api/monitors`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`POST /api/monitors: ${response.status} ${await response.text()}`);
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
