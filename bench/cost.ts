// What a process and its descendants, and netmon's kernel programs, cost.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** A process and its descendants, itself first. */
export function listFamily(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(listFamily)];
}

/** Seconds on a CPU so far, to the nanosecond: first field of each thread's schedstat (proc(5)). */
export function readCpuSeconds(pids: readonly number[]): number {
  let nanoseconds = 0;
  for (const pid of pids)
    for (const task of readdirSync(`/proc/${pid}/task`))
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
  return nanoseconds / 1e9;
}

/** Per cent of one CPU that the processes take over that time. */
export async function measureCpu(pids: readonly number[], ms: number): Promise<number> {
  const before = readCpuSeconds(pids);
  const since = performance.now();
  await wait(ms);
  return ((readCpuSeconds(pids) - before) / (performance.now() - since)) * 1e5;
}

/** Resident bytes (VmRSS) of a process. */
export function readResident(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) * 1024;
}

/** What a process is called in a report: its name and the first words of its command. */
export function describeProcess(pid: number): string {
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
  return words.find((word) => ['up', 'agent', 'server'].includes(word)) ?? words[0] ?? String(pid);
}

/** Programs that are loaded now, by number. */
export function listPrograms(): Set<number> {
  return new Set(readPrograms().keys());
}

/** Per cent of one CPU spent inside the given programs, whoever's context they run in. Costs about 68 ns a run. */
export async function measurePrograms(programs: ReadonlySet<number>, ms: number): Promise<number> {
  execFileSync('sysctl', ['-qw', 'kernel.bpf_stats_enabled=1']);
  try {
    const sum = () => [...readPrograms()].reduce((all, [id, ns]) => all + (programs.has(id) ? ns : 0), 0);
    const before = sum();
    const since = performance.now();
    await wait(ms);
    return ((sum() - before) / 1e6 / (performance.now() - since)) * 100;
  } finally {
    execFileSync('sysctl', ['-qw', 'kernel.bpf_stats_enabled=0']);
  }
}

function readPrograms(): Map<number, number> {
  const list = JSON.parse(execFileSync('bpftool', ['-j', 'prog', 'list'], { encoding: 'utf8' })) as {
    id: number;
    run_time_ns?: number;
  }[];
  return new Map(list.map(({ id, run_time_ns }) => [id, run_time_ns ?? 0]));
}
