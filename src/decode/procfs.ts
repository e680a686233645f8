/** Texts of /proc (proc(5)), as strings. A text that is none of what it should be gives null, never an exception. */

export interface ProcessStat {
  readonly pid: number;
  /** Name of the main thread, at most 15 bytes, chosen by the process: hostile. */
  readonly comm: string;
  readonly state: string;
  readonly ppid: number;
  /** User and system time, in clock ticks of 10 ms. */
  readonly cpuTicks: number;
  /** Start since boot, in clock ticks of 10 ms. */
  readonly startTicks: number;
  /** Resident memory in pages. */
  readonly residentPages: number;
}

/** /proc/PID/stat. The name stands in parentheses and may hold any character, those included. */
export function parseStat(text: string): ProcessStat | null {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return null;
  const fields = text.slice(close + 2).split(' ');
  const pid = Number.parseInt(text, 10);
  const ppid = Number(fields[1]);
  const startTicks = Number(fields[19]);
  if (!Number.isInteger(pid) || !Number.isInteger(ppid) || !Number.isInteger(startTicks)) return null;
  return {
    pid,
    comm: text.slice(open + 1, close),
    state: fields[0],
    ppid,
    cpuTicks: Number(fields[11]) + Number(fields[12]),
    startTicks,
    residentPages: Number(fields[21]),
  };
}

/** Paths in /proc/PID/cgroup: that of cgroup2 first, then those of the version 1 hierarchies. */
export function parseCgroups(text: string): string[] {
  const paths: string[] = [];
  for (const line of text.split('\n').slice(0, 64)) {
    const match = /^(\d+):[^:]*:(\/.*)$/.exec(line);
    if (match?.[1] === '0') paths.unshift(match[2]);
    else if (match) paths.push(match[2]);
  }
  return paths;
}

/** Names by user id in the text of /etc/passwd (passwd(5)); the first of several for one id counts. */
export function parsePasswd(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const match = /^([^:#+-][^:]{0,63}):[^:]*:(\d{1,10}):/.exec(line);
    if (match && !names.has(Number(match[2]))) names.set(Number(match[2]), match[1]);
  }
  return names;
}

/** Real user id in /proc/PID/status, or null. */
export function parseStatusUid(text: string): number | null {
  const match = /^Uid:\t(\d+)/m.exec(text);
  return match ? Number(match[1]) : null;
}

/** Where cgroup2 is mounted, in the text of /proc/mounts; null where it is not. */
export function parseCgroup2Mount(text: string): string | null {
  const match = /^\S+ (\S+) cgroup2 /m.exec(text);
  return match
    ? match[1].replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)))
    : null;
}

export interface CpuTimes {
  /** Clock ticks since boot that some processor was busy. */
  readonly busy: number;
  readonly total: number;
}

/** All processors together in /proc/stat; a guest's time is in user time already, waiting for a disk is idle. */
export function parseCpuTimes(text: string): CpuTimes | null {
  const match = /^cpu +(\d[\d ]*)/m.exec(text);
  if (!match) return null;
  const fields = match[1].trim().split(' ').map(Number).slice(0, 8);
  if (fields.length < 4) return null;
  const total = fields.reduce((sum, ticks) => sum + ticks, 0);
  return { busy: total - fields[3] - (fields[4] ?? 0), total };
}

export interface MemoryInfo {
  readonly total: number;
  /** What cannot be had without swapping: total less MemAvailable. */
  readonly used: number;
}

/** /proc/meminfo, in bytes. */
export function parseMeminfo(text: string): MemoryInfo | null {
  const read = (name: string): number | null => {
    const match = new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text);
    return match ? Number(match[1]) * 1024 : null;
  };
  const total = read('MemTotal');
  const available = read('MemAvailable') ?? read('MemFree');
  if (total === null || available === null) return null;
  return { total, used: Math.max(0, total - available) };
}

/** The three load averages in /proc/loadavg. */
export function parseLoadavg(text: string): readonly [number, number, number] | null {
  const [one, five, fifteen] = text.split(' ').map(Number);
  return [one, five, fifteen].every((load) => load >= 0) ? [one, five, fifteen] : null;
}
