// Nothing is left behind when `netmon up` ends, in whatever way, and it starts again afterwards.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { generate } from '../support/generator.ts';
import { missing } from '../support/needs.ts';
import { makeDataFolder, type Netmon, runNetmon } from '../support/netmon.ts';
import type { FailureReport } from '../support/reports.ts';
import { until } from '../support/until.ts';

const skip = missing('root', 'gcc', 'bpf', 'bpftool');

describe('netmon up leaves nothing behind', { skip }, () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const)
    it(`after ${signal}, and starts again with its data`, async () => {
      const data = makeDataFolder();
      try {
        const netmon = await runNetmon({ data });
        const family = listFamily(netmon.pid);
        assert.ok(family.length >= 2, 'an agent and a server');
        const loaded = family.flatMap(listHeld);
        for (const kind of ['prog', 'map', 'link'])
          assert.ok(
            loaded.some((one) => one.startsWith(kind)),
            `it holds a ${kind} while it runs`,
          );
        const report = await generate<FailureReport>(['failure']);
        await netmon.find('a failure', { pid: report.pid }, (row) => row.error === 'ECONNREFUSED');

        const code = await netmon.stop(signal);
        if (signal !== 'SIGKILL') assert.equal(code, 0);
        await until('the end of its processes', () => family.every((pid) => !isAlive(pid)) || undefined);
        await expectNothingLeft(netmon, loaded, signal);

        await using again = await runNetmon({ data });
        const row = await again.find(
          'the failure of the first run',
          { pid: report.pid },
          (one) => one.error === 'ECONNREFUSED',
        );
        assert.equal(row.process_name, 'generate');
      } finally {
        rmSync(data, { recursive: true, force: true });
      }
    });

  it('a second one with the same data is refused with a reason', async () => {
    await using first = await runNetmon();
    await assert.rejects(runNetmon({ data: first.data }), /ended with [1-9]\d*:\n.+/);
  });
});

async function expectNothingLeft(netmon: Netmon, loaded: readonly string[], signal: string): Promise<void> {
  const left = () => listKernelObjects().filter((one) => loaded.includes(one));
  await until('the end of its programs and maps', () => left().length === 0 || undefined, {
    describe: left,
  });
  assert.deepEqual(globSync('/sys/fs/bpf/**/*netmon*'), []);
  // A socket file cannot go away by itself when its process is killed; the next start must cope with it.
  if (signal !== 'SIGKILL') {
    const files = readdirSync(netmon.data, { recursive: true, withFileTypes: true });
    assert.deepEqual(
      files.filter((entry) => entry.isSocket()).map((entry) => entry.name),
      [],
    );
  }
}

/** Programs, maps and links of the whole machine, by kind and number. */
function listKernelObjects(): string[] {
  const list = (kind: 'prog' | 'map' | 'link') =>
    (JSON.parse(execFileSync('bpftool', ['-j', kind, 'list'], { encoding: 'utf8' })) as { id: number }[]).map(
      (one) => `${kind} ${one.id}`,
    );
  return [...list('prog'), ...list('map'), ...list('link')];
}

/** Those of them that a process holds a descriptor of, others on this machine left out. */
function listHeld(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fdinfo`).flatMap((fd) => {
    const info = readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8');
    return [...info.matchAll(/^(prog|map|link)_id:\s*(\d+)$/gm)].map(([, kind, id]) => `${kind} ${id}`);
  });
}

/** A process with its descendants. */
function listFamily(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return [
    pid,
    ...children
      .split(' ')
      .filter(Boolean)
      .flatMap((child) => listFamily(Number(child))),
  ];
}

function isAlive(pid: number): boolean {
  try {
    readlinkSync(`/proc/${pid}/exe`);
    return true;
  } catch {
    return false;
  }
}
