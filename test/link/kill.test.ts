import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const child = join(import.meta.dirname, 'kill-child.ts');
/** Numbers that a run of the agent may use up. */
const perRun = 1_000_000;

interface Report {
  readonly first: number;
  /** All numbers below it are on disk at the agent's. */
  readonly written: number;
  readonly waiting: number;
}

async function kill(process: ChildProcess): Promise<void> {
  process.kill('SIGKILL');
  if (process.exitCode === null && process.signalCode === null) await once(process, 'exit');
}

describe('durable records', () => {
  it('are neither lost nor stored twice when either side is killed, again and again', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'netmon-kill-'));
    const database = join(dir, 'db.sqlite');
    const runs: Report[] = [];
    let port = 0;
    const startServer = async (): Promise<ChildProcess> => {
      const server = fork(child, ['server', database, String(port)]);
      const [url] = (await once(server, 'message')) as [string];
      port = Number(new URL(url).port);
      return server;
    };
    const startAgent = (): ChildProcess => {
      const run = runs.length;
      const args = ['agent', `http://127.0.0.1:${port}`, join(dir, 'spool.sqlite'), String(run * perRun)];
      const agent = fork(child, args);
      agent.on('message', (report) => {
        runs[run] = report as Report;
      });
      return agent;
    };
    let server = await startServer();
    let agent = startAgent();
    await once(agent, 'message');
    try {
      // The moments of the kills vary on purpose, so that they fall before, in and after commits and flushes.
      for (const [victim, afterMs] of [
        ['server', 1430],
        ['agent', 1210],
        ['server', 1090],
        ['server', 640],
        ['agent', 1370],
        ['server', 1007],
      ] as const) {
        await sleep(afterMs);
        if (victim === 'server') {
          await kill(server);
          server = await startServer();
        } else {
          await kill(agent);
          agent = startAgent();
          await once(agent, 'message');
        }
      }
      while (countWritten(runs) < 3_000) await once(agent, 'message');
      agent.send('enough');
      await drained(agent);
    } finally {
      await kill(agent);
      await kill(server);
    }
    const stored = readNumbers(database);
    const twice = [...stored].filter(([, times]) => times > 1);
    assert.deepEqual(twice, [], 'stored twice');
    for (const { first, written } of runs) {
      for (let number = first; number < written; number++) {
        assert.equal(stored.get(number), 1, `number ${number} of those below ${written} is missing`);
      }
    }
    rmSync(dir, { recursive: true });
  });
});

function countWritten(runs: readonly Report[]): number {
  return runs.reduce((sum, { first, written }) => sum + written - first, 0);
}

async function drained(agent: ChildProcess): Promise<void> {
  const signal = AbortSignal.timeout(120_000);
  for (;;) {
    const [report] = (await once(agent, 'message', { signal })) as [Report];
    if (report.waiting === 0) return;
  }
}

function readNumbers(path: string): Map<number, number> {
  const database = new DatabaseSync(path);
  const numbers = new Map<number, number>();
  for (const { process_id } of database.prepare('SELECT process_id FROM connections').iterate()) {
    numbers.set(Number(process_id), (numbers.get(Number(process_id)) ?? 0) + 1);
  }
  const gaps = database.prepare('SELECT count(*) AS n FROM gaps').get()!;
  database.close();
  assert.equal(gaps.n, 0, 'a gap was recorded');
  return numbers;
}
