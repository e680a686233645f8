import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { Agent } from '../../src/agent/agent.ts';
import { NetmonError } from '../../src/base/errors.ts';
import { makeReporter } from '../../src/platform/reporter.ts';
import type { ReportedConnection } from '../../src/wire/connection.ts';

/** How many processes each test starts; each lives about a millisecond. */
const processes = 200;
const bash = realpathSync('/bin/bash');

/** An agent that counts in the kernel, with what it recorded; undefined, the test skipped, where that does not work. */
function startAgent(context: TestContext): { agent: Agent; rows: ReportedConnection[] } | undefined {
  const rows: ReportedConnection[] = [];
  const agent = new Agent(
    { sensor: 'full', maxSockets: 16_384, connectResults: true, inspector: null },
    {
      reporter: makeReporter({ write: () => {} }),
      record: (record) => void (record.kind === 'connection' && rows.push(record.connection)),
    },
  );
  try {
    agent.start();
    return { agent, rows };
  } catch (thrown) {
    if (!(thrown instanceof NetmonError)) throw thrown;
    context.skip(thrown.message);
    return undefined;
  }
}

async function listen(): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => socket.end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

/** Runs a script to its end and gives what was recorded of its connections to the port; undefined when skipped. */
async function run(
  context: TestContext,
  makeScript: (port: number) => string,
): Promise<ReportedConnection[] | undefined> {
  const started = startAgent(context);
  if (!started) return undefined;
  const { agent, rows } = started;
  const { server, port } = await listen();
  const script = spawn(bash, ['-c', makeScript(port)], { stdio: 'ignore' });
  await once(script, 'exit');
  server.close();
  await once(server, 'close');
  await agent.stop();
  return rows.filter((row) => row.remote_addr === `127.0.0.1:${port}`);
}

const sum = (rows: readonly ReportedConnection[]): number =>
  rows.reduce((total, { count }) => total + count, 0);

describe('processes that live a millisecond', () => {
  it('are known by the program that they ran, secrets masked', async (context) => {
    const rows = await run(
      context,
      (port) =>
        `for i in $(seq ${processes}); do bash -c "exec 3<>/dev/tcp/127.0.0.1/${port}" a --password=x$i; done`,
    );
    if (!rows) return;
    assert.equal(sum(rows), processes);
    for (const row of rows) {
      assert.equal(row.process_path, bash);
      assert.match(row.command_line!, /^bash -c exec 3<>\/dev\/tcp\S+ a --password=\*\*\*$/);
      assert.match(row.parents![0], /^bash \(\d+\)$/);
      assert.equal(row.owner_unknown_reason, null);
    }
  });

  it('are known by their parent when they ran none of their own', async (context) => {
    const rows = await run(
      context,
      (port) => `for i in $(seq ${processes}); do ( exec 3<>/dev/tcp/127.0.0.1/${port} ) & done; wait`,
    );
    if (!rows) return;
    assert.equal(sum(rows), processes);
    assert.equal(new Set(rows.map((row) => row.process_id)).size, rows.length);
    for (const row of rows) {
      assert.equal(row.process_path, bash);
      assert.match(row.command_line!, /bash -c for i in/);
    }
  });
});
