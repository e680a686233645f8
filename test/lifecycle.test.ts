import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';

const program = join(import.meta.dirname, '..', 'bin', 'netmon');
const needsRoot =
  process.getuid!() === 0 ? false : 'NM_PRIVILEGE: only root can load BPF programs and change user';
const timeout = 240_000;

/** A `netmon` in a folder of its own that others may enter; killed and removed when the test ends. */
class Run {
  readonly folder = mkdtempSync(join(tmpdir(), 'netmon-run-'));
  readonly data = join(this.folder, 'data');
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';

  constructor(t: TestContext, args: readonly string[], data?: string) {
    chmodSync(this.folder, 0o755);
    this.child = spawn(program, [...args, '--data', data ?? this.data], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout!.on('data', (chunk) => {
      this.stdout += chunk;
    });
    this.child.stderr!.on('data', (chunk) => {
      this.stderr += chunk;
    });
    t.after(async () => {
      if (this.child.exitCode === null && this.child.signalCode === null) {
        this.child.kill('SIGKILL');
        await once(this.child, 'exit');
      }
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  /** Resolves with the dashboard's URL once it is announced. */
  async url(): Promise<string> {
    while (!/End it with/.test(this.stdout)) {
      const ended = this.child.exitCode !== null || this.child.signalCode !== null;
      assert.ok(!ended, `ended early: ${this.stderr}`);
      await Promise.race([once(this.child.stdout!, 'data'), once(this.child, 'exit')]);
    }
    return /http:\/\/\S+/.exec(this.stdout)![0];
  }

  async exit(): Promise<number> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode ?? -1;
  }

  /** The server's process id. */
  serverPid(): number {
    const { pid } = this.child;
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0]);
  }
}

function statusOf(pid: number, field: string): string {
  return new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1];
}

/** Resolves when the process has ended. */
async function gone(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}`)) await new Promise((resolve) => setImmediate(resolve));
}

function isPortFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer().once('error', () => resolve(false));
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  return promise;
}

describe('netmon up', { skip: needsRoot, timeout }, () => {
  it('serves, refuses a second instance, and leaves nothing behind when it is told to end', async (t) => {
    const run = new Run(t, ['up', '--port', '0']);
    const url = await run.url();
    const health = (await (await fetch(`${url}/health`)).json()) as { status: string; version: string };
    assert.match(health.status, /^(ok|degraded)$/);
    const server = run.serverPid();

    const second = new Run(t, ['up', '--port', '0'], run.data);
    assert.equal(await second.exit(), 75);
    assert.match(
      second.stderr,
      /^netmon: netmon already runs as process \d+: end it with "netmon down"[^\n]*\n$/,
    );

    const down = new Run(t, ['down'], run.data);
    assert.equal(await down.exit(), 0);
    assert.equal(await run.exit(), 0);
    await gone(server);
    assert.equal(await isPortFree(Number(new URL(url).port)), true);
    assert.equal(existsSync(join(run.data, 'run', 'netmon.pid')), false);
    assert.equal(existsSync(join(run.data, 'run', 'link')), false);
  });

  it('runs the server as another user, without a capability or a group of root', async (t) => {
    const run = new Run(t, ['up', '--port', '0', '--user', 'nobody']);
    await run.url();
    const server = run.serverPid();
    assert.match(statusOf(server, 'Uid'), /^(\d+)\t\1\t\1\t\1$/);
    assert.notEqual(statusOf(server, 'Uid').split('\t')[0], '0');
    assert.notEqual(statusOf(server, 'Gid').split('\t')[0], '0');
    assert.doesNotMatch(statusOf(server, 'Groups'), /\b0\b/);
    for (const set of ['CapPrm', 'CapEff', 'CapInh', 'CapAmb'])
      assert.equal(BigInt(`0x${statusOf(server, set)}`), 0n, set);
  });

  it('starts the server again when it dies, and what it had recorded is there', async (t) => {
    const port = await freePort();
    const run = new Run(t, ['up', '--port', String(port)]);
    const url = await run.url();
    const body = { timestamp: '2024-03-16T12:00:00Z', local_addr: '127.0.0.1:1', remote_addr: '127.0.0.1:2' };
    const posted = await fetch(`${url}/api/connections`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    assert.equal(posted.status, 201);
    const { id } = (await posted.json()) as { id: number };
    const server = run.serverPid();
    process.kill(server, 'SIGKILL');
    while (!run.stderr.includes('the server is back')) await once(run.child.stderr!, 'data');
    assert.notEqual(run.serverPid(), server);
    assert.equal((await fetch(`${url}/api/connections/${id}`)).status, 200);
  });

  it('ends the server when the agent is killed', async (t) => {
    const run = new Run(t, ['up', '--port', '0']);
    await run.url();
    const server = run.serverPid();
    run.child.kill('SIGKILL');
    await gone(server);
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    it(`ends in order on ${signal}`, async (t) => {
      const run = new Run(t, ['up', '--port', '0']);
      await run.url();
      run.child.kill(signal);
      assert.equal(await run.exit(), 0);
    });

  it('forces the end on a second signal', async (t) => {
    const run = new Run(t, ['up', '--port', '0', '--log-level', 'debug']);
    await run.url();
    const server = run.serverPid();
    process.kill(server, 'SIGSTOP');
    run.child.kill('SIGINT');
    while (!/stopped.*sensors/.test(run.stderr)) await once(run.child.stderr!, 'data');
    run.child.kill('SIGINT');
    assert.equal(await run.exit(), 1);
    assert.match(run.stderr, /netmon: asked again, forcing the end/);
    await gone(server);
  });
});

describe('netmon up, where it cannot start,', { skip: needsRoot, timeout }, () => {
  it('says that the port is in use', async (t) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    t.after(() => taken.close());
    const { port } = taken.address() as AddressInfo;
    const run = new Run(t, ['up', '--port', String(port)]);
    assert.equal(await run.exit(), 71);
    assert.match(run.stderr, new RegExp(`^netmon: port ${port} of 127\\.0\\.0\\.1 is in use: [^\\n]*\\n$`));
    assert.equal(existsSync(join(run.data, 'run', 'netmon.pid')), false);
  });

  it('says what is wrong with the database', async (t) => {
    const run = new Run(t, ['up', '--port', '0']);
    await run.url();
    run.child.kill('SIGTERM');
    await run.exit();
    writeFileSync(join(run.data, 'server', 'netmon.db'), 'no database at all '.repeat(500));
    const again = new Run(t, ['up', '--port', '0'], run.data);
    assert.equal(await again.exit(), 74);
    assert.match(again.stderr, /^netmon: .*netmon\.db[^\n]*\n$/);
  });

  it('refuses an address that others can reach without a token', async (t) => {
    const run = new Run(t, ['up', '--port', '0', '--host', '0.0.0.0']);
    assert.equal(await run.exit(), 78);
    assert.match(run.stderr, /^netmon: 0\.0\.0\.0 can be reached from other machines[^\n]*\n$/);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
