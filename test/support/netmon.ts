import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Health } from '../../src/wire/api.ts';
import type { Connection } from '../../src/wire/connection.ts';
import { until } from './until.ts';

const program = join(import.meta.dirname, '../../bin/netmon');

export interface NetmonOptions {
  /** Further flags of `netmon up`. */
  readonly flags?: readonly string[];
  /** Keeps its data there, and leaves it there; otherwise a temporary folder. */
  readonly data?: string;
}

/** `netmon up` as a user runs it, on a free port, with its own data folder. */
export class Netmon implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly url: string;
  readonly data: string;
  readonly database: string;
  readonly #temporary: boolean;
  readonly #output: () => string;

  constructor(
    child: ChildProcess,
    parts: { url: string; data: string; temporary: boolean; output: () => string },
  ) {
    this.child = child;
    this.url = parts.url;
    this.data = parts.data;
    this.database = join(parts.data, 'server/netmon.db');
    this.#temporary = parts.temporary;
    this.#output = parts.output;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Everything that it printed so far. */
  get output(): string {
    return this.#output();
  }

  /** A JSON answer; throws on any other. */
  async get<T>(path: string): Promise<T> {
    const response = await fetch(new URL(path, this.url), { headers: { accept: 'application/json' } });
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  health(): Promise<Health> {
    return this.get<Health>('/health');
  }

  /** All connections that match, over all pages. */
  async connections(query: Record<string, string | number> = {}): Promise<Connection[]> {
    const rows: Connection[] = [];
    const asked = new URLSearchParams({ limit: '1000' });
    for (const [name, value] of Object.entries(query)) asked.set(name, String(value));
    for (;;) {
      const page = await this.get<{ connections: Connection[]; next: string | null }>(
        `/api/connections?${asked}`,
      );
      rows.push(...page.connections);
      if (page.next === null) return rows;
      asked.set('cursor', page.next);
    }
  }

  /** Those of them that have ended, which one in TIME_WAIT has: it is shown a while longer, and recorded already. */
  async ended(query: Record<string, string | number> = {}): Promise<Connection[]> {
    return (await this.connections(query)).filter(hasEnded);
  }

  /** Waits until a connection matches both the query and the test. */
  async find(
    what: string,
    query: Record<string, string | number>,
    test: (row: Connection) => boolean,
    withinMs = 60_000,
  ): Promise<Connection> {
    let rows: Connection[] = [];
    return until(
      what,
      async () => {
        rows = await this.connections(query);
        return rows.find(test);
      },
      { withinMs, describe: () => rows.slice(0, 5) },
    );
  }

  /** Ends it by a signal and returns its exit code, or null when the signal killed it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill(signal);
      await ended;
    }
    return this.child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    if (this.#temporary) rmSync(this.data, { recursive: true, force: true });
  }
}

/** Whether nothing more can happen to it. */
export function hasEnded(row: Connection): boolean {
  return !row.active || row.state === 'TIME_WAIT';
}

/** Losses for each of which a connection was not recorded; others only cost a detail of one that was. */
const missingRows = ['sockets_without_slot', 'spooled_records'];

/** How many connections netmon reports as not recorded, by the table that was full. */
export function listMissing({ agents, server }: Health): Record<string, number> {
  const all = { ...server.lost, ...agents[0]?.system?.lost };
  return Object.fromEntries(missingRows.map((name) => [name, all[name] ?? 0]));
}

/** A temporary folder that the server may enter, which is not root. */
export function makeDataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-test-'));
  chmodSync(folder, 0o755);
  return folder;
}

/** Starts `netmon up` and waits until its agent is connected to its server. */
export async function runNetmon(options: NetmonOptions = {}): Promise<Netmon> {
  const data = options.data ?? makeDataFolder();
  const args = ['up', '--port', '0', '--data', data, ...(options.flags ?? [])];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const collect = (text: Buffer) => {
    output += text.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  try {
    const url = await until(
      'the address of netmon up',
      () => {
        if (child.exitCode !== null) throw new Error(`netmon up ended with ${child.exitCode}:\n${output}`);
        return /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0];
      },
      { withinMs: 60_000, everyMs: 20, describe: () => output },
    );
    const netmon = new Netmon(child, {
      url,
      data,
      temporary: options.data === undefined,
      output: () => output,
    });
    await until('an agent that is connected', async () => {
      const health = await netmon.health().catch(() => undefined);
      return health?.agents.some((agent) => agent.connected) || undefined;
    });
    return netmon;
  } catch (error) {
    child.kill('SIGTERM');
    throw error;
  }
}
