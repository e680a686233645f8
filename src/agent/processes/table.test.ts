import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, realpathSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseStat } from '../../decode/procfs.ts';
import type { ProcessExec, ProcessHint } from './identity.ts';
import { makeProcessTable } from './table.ts';

const hint: ProcessHint = { comm: 'x', ppid: process.pid, uid: 0, cgroup_id: 0 };
/** A number that no living process has here. */
const gonePid = 4_000_000;

function startNsOf(pid: number): number {
  return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))!.startTicks * 1e7 + 5;
}

function execOf(fields: Partial<ProcessExec> = {}): ProcessExec {
  return {
    ...hint,
    pid: gonePid,
    start_ns: 5e9,
    comm: 'sh',
    filename: '/bin/sh',
    args: Buffer.from('sh\0-c\0curl --token abc'),
    ...fields,
  };
}

/** Runs a program that says a line once it runs and ends with its input. */
async function running(command: string, args: readonly string[]): Promise<ChildProcess & AsyncDisposable> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout!, 'data');
  return Object.assign(child, {
    [Symbol.asyncDispose]: async (): Promise<void> => {
      const exit = child.exitCode === null ? once(child, 'exit') : null;
      child.kill('SIGKILL');
      await exit;
    },
  });
}

describe('process table', () => {
  it('knows this process in full, as one object', () => {
    const table = makeProcessTable();
    const start = startNsOf(process.pid);
    const self = table.identify(process.pid, start, {
      ...hint,
      comm: readComm(process.pid),
      uid: process.getuid!(),
    });
    assert.equal(table.identify(process.pid, start, { ...hint, comm: readComm(process.pid) }), self);
    assert.equal(self.process_id, process.pid);
    assert.equal(self.process_path, process.execPath);
    assert.equal(self.user, process.getuid!() === 0 ? 'root' : self.user);
    assert.equal(self.exited_at, null);
    assert.equal(self.unknown_reason, null);
    assert.match(self.command_line!, /node/);
    assert.match(self.parents[0], new RegExp(` \\(${process.ppid}\\)$`));
    assert.match(self.parents.at(-1)!, / \(1\)$/);
    const startedMs = Date.now() - process.uptime() * 1000;
    assert.ok(Math.abs(Date.parse(self.started_at!) - startedMs) < 2000);
  });

  it('knows a process that is gone from what the kernel reported of its program', () => {
    const table = makeProcessTable();
    table.exec(execOf({ uid: 1 }));
    table.exited(gonePid, 5e9);
    const gone = table.identify(gonePid, 5e9, { ...hint, comm: 'sh', uid: 1 });
    assert.equal(gone.process_name, 'sh');
    assert.equal(gone.process_path, realpathSync('/bin/sh'));
    assert.equal(gone.command_line, 'sh -c curl --token ***');
    assert.equal(gone.user, 'daemon');
    assert.match(gone.parents[0], new RegExp(`\\(${process.pid}\\)$`));
    assert.equal(gone.unknown_reason, null);
    assert.equal(gone.key, `${gonePid}-500`);
    assert.notEqual(gone.exited_at, null);
  });

  it('names the interpreter of a script, and no path where the kernel only had a relative one', () => {
    const table = makeProcessTable();
    table.exec(
      execOf({ comm: 'job', filename: '/srv/job', args: Buffer.from('/usr/bin/env\0/srv/job\0a\0') }),
    );
    assert.equal(
      table.identify(gonePid, 5e9, { ...hint, comm: 'job' }).process_path,
      realpathSync('/usr/bin/env'),
    );
    table.exec(execOf({ start_ns: 6e9, filename: './job', args: Buffer.from('./job\0') }));
    const relative = table.identify(gonePid, 6e9, { ...hint, comm: 'job' });
    assert.equal(relative.process_path, null);
    assert.match(relative.unknown_reason!, /exited before/);
  });

  it('takes a fork that is gone for what its parent is, if it bears its name', () => {
    const table = makeProcessTable();
    const comm = readComm(process.pid);
    const start = startNsOf(process.pid) + 60e9;
    const fork = table.identify(gonePid, start, { ...hint, comm });
    assert.equal(fork.process_path, process.execPath);
    assert.equal(fork.process_id, gonePid);
    const other = table.identify(gonePid + 1, start, { ...hint, comm: 'other', ppid: process.pid });
    assert.equal(other.process_path, null);
    assert.equal(other.process_name, 'other');
    assert.match(other.unknown_reason!, /exited before/);
    assert.match(other.parents[0], new RegExp(`\\(${process.pid}\\)$`));
  });

  it('tells two processes with one number apart by their start', () => {
    const table = makeProcessTable();
    table.exec(execOf({ start_ns: 5e9, comm: 'first' }));
    const first = table.identify(gonePid, 5e9, { ...hint, comm: 'first' });
    table.exec(execOf({ start_ns: 9e9, comm: 'second' }));
    const second = table.identify(gonePid, 9e9, { ...hint, comm: 'second' });
    assert.deepEqual([first.process_name, second.process_name], ['first', 'second']);
    assert.equal(table.identify(gonePid, 5e9, { ...hint, comm: 'first' }), first);
  });

  it('takes a living process with another start for another one', () => {
    const table = makeProcessTable();
    const former = table.identify(process.pid, 1e7, { ...hint, comm: 'former', ppid: 0 });
    assert.equal(former.process_name, 'former');
    assert.notEqual(former.exited_at, null);
  });

  it('follows a process that runs another program, reported or not', async () => {
    await using child = await running('sh', ['-c', 'echo; read line; exec sleep 60']);
    const table = makeProcessTable();
    const start = startNsOf(child.pid!);
    const identity = table.identify(child.pid!, start, { ...hint, comm: 'sh' });
    table.opened(identity);
    assert.equal(identity.process_name, 'sh');
    child.stdin!.write('\n');
    // The name changes first, the arguments a moment later.
    while (readCommandLine(child.pid!) !== 'sleep 60') await new Promise(setImmediate);
    table.tick(1e12);
    assert.equal(identity.process_path, realpathSync('/bin/sleep'));
    assert.equal(table.takeChanges(false).processes[0].command_line, 'sleep 60');
  });

  it('notices an exit that nobody reported, and keeps what it knew', async () => {
    const table = makeProcessTable();
    const child = await running('sh', ['-c', 'echo; read line']);
    const start = startNsOf(child.pid!);
    const identity = table.identify(child.pid!, start, { ...hint, comm: 'sh' });
    table.opened(identity);
    await child[Symbol.asyncDispose]();
    table.tick(1e12);
    assert.notEqual(identity.exited_at, null);
    assert.equal(table.identify(child.pid!, start, { ...hint, comm: 'sh' }), identity);
    assert.equal(table.takeChanges(false).processes[0].exited_at, identity.exited_at);
  });

  it('names the file of a program that was deleted while it runs, without the mark of the kernel', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'netmon-processes-'));
    try {
      const path = join(directory, 'a program with a long name (deleted)');
      copyFileSync(realpathSync('/bin/sh'), path);
      await using child = await running(path, ['-c', 'echo; read line']);
      const table = makeProcessTable();
      const read = (): readonly [string | null, boolean, string | null] => {
        const identity = makeProcessTable().identifyLiving(child.pid!)!;
        return [identity.process_path, identity.path_deleted, identity.process_name];
      };
      assert.deepEqual(read(), [path, false, 'a program with a long name (deleted)']);
      unlinkSync(path);
      assert.deepEqual(read(), [path, true, 'a program with a long name (deleted)']);
      assert.equal(table.identifyLiving(gonePid), null);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('gives a reason for an owner that is not known, and no row', () => {
    const table = makeProcessTable();
    const unknown = table.identify(0, 0, hint);
    table.opened(unknown);
    table.account(unknown, 5, 5);
    assert.equal(unknown.process_id, null);
    assert.notEqual(unknown.unknown_reason, null);
    assert.deepEqual(table.takeChanges(true).processes, []);
  });

  it('forgets beyond its limits, says so in frames and counts it', () => {
    const table = makeProcessTable({ maxExited: 10, maxExecs: 4, now: () => 1e12 });
    for (let i = 0; i < 30; i++) {
      const process = table.identify(gonePid + i, 5e9, hint);
      table.opened(process);
      if (i !== 3) table.closed(process);
      table.exec(execOf({ pid: gonePid + 100 + i }));
      if (i === 14) assert.equal(table.takeChanges(false).processes.length, 10);
    }
    const { processes, processes_gone } = table.takeChanges(false);
    assert.equal(processes.length, 9, 'those that came since');
    assert.equal(processes_gone.length, 9, 'those told of before');
    assert.ok(!processes_gone.includes(`${gonePid + 3}-500`), 'one with a connection stays');
    assert.deepEqual(table.losses(), { exec_events: 26 });
    assert.equal(
      table.status().detail,
      '1 living, 10 that exited, 20 forgotten since',
      'this one is the parent of the others',
    );
  });
});

function readComm(pid: number): string {
  return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))!.comm;
}

function readCommandLine(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean).join(' ');
}
