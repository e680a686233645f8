import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { type AgentRow, agentListSchema, dialListSchema } from '../../src/wire/monitor-api.ts';
import { until } from '../support/until.ts';

const program = join(import.meta.dirname, '..', '..', 'bin', 'netmon');
const bare = ['--sensor', 'proc', '--no-inspect', '--log-format', 'json'];

/** A `netmon` as a user runs it. */
class Program {
  readonly child: ChildProcess;
  output = '';

  constructor(args: readonly string[]) {
    this.child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.on('data', (chunk) => {
        this.output += chunk;
      });
    }
  }

  /** What the pattern's group matches, once it was printed. */
  find(pattern: RegExp): Promise<string> {
    return until(String(pattern), async () => pattern.exec(this.output)?.[1], {
      withinMs: 60_000,
      describe: () => this.output,
    });
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill(signal);
    await once(this.child, 'exit');
  }
}

it('agents that wait on one machine are dialled, obey their own policy, and are dialled again', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-programs-'));
  const running: Program[] = [];
  const run = (...args: string[]): Program => {
    const started = new Program(args);
    running.push(started);
    return started;
  };
  t.after(async () => {
    await Promise.all(running.map((each) => each.kill()));
    rmSync(folder, { recursive: true, force: true });
  });
  const agent = (name: string, address: string, ...more: string[]): Program =>
    run('agent', '--listen', address, '--data', join(folder, name), '--agent-name', name, ...bare, ...more);
  const address = (started: Program): Promise<string> => started.find(/"address":"(127\.0\.0\.1:\d+)"/);

  const alpha = agent('alpha', '127.0.0.1:0');
  const beta = agent('beta', '0', '--forbid-orders', 'all');
  const alphaAddress = await address(alpha);
  const server = ['server', '--port', '0', '--data', join(folder, 'server'), '--user', 'root'];
  if (process.getuid!() !== 0) server.splice(-2);
  const running1 = run(...server, '--dial', alphaAddress, '--log-format', 'json');
  let url = await running1.find(/serves (http:\S+),/);

  const agents = async (): Promise<AgentRow[]> =>
    agentListSchema.parse(await (await fetch(`${url}/api/agents`)).json()).agents;
  const connected = (...names: string[]) =>
    until(
      `agents ${names.join()}`,
      async () => {
        const rows = await agents();
        const found = rows.filter((row) => row.connected).map((row) => row.agent);
        return found.join() === names.join() ? rows : undefined;
      },
      { withinMs: 60_000 },
    );
  const dialled = await fetch(`${url}/api/dials`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ address: await address(beta) }),
  });
  assert.equal(dialled.status, 201);
  const [first] = await connected('alpha', 'beta');
  assert.deepEqual([first.dialled_by, first.address], ['server', `http://${alphaAddress}`]);

  await alpha.find(/"carried out an order"(,"type":"monitors.set")/);
  await beta.find(/"refused an order"(,"type":"monitors.set").*NM_FORBIDDEN/);
  const description = (await (await fetch(`${url}/api/agents/alpha`)).json()) as AgentRow;
  assert.equal(description.description?.agent, 'alpha');

  await alpha.kill();
  await connected('beta');
  agent('alpha', alphaAddress);
  const [again] = await connected('alpha', 'beta');
  assert.equal(again.first_seen, first.first_seen);

  await running1.kill();
  const running2 = run(...server, '--log-format', 'json');
  url = await running2.find(/serves (http:\S+),/);
  await connected('beta');
  const { dials } = dialListSchema.parse(await (await fetch(`${url}/api/dials`)).json());
  assert.deepEqual(
    dials.map((dial) => dial.agent),
    ['beta'],
    'what was dialled by a flag is not kept, what was added is',
  );
});
