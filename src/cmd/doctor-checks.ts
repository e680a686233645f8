import { accessSync, constants, existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describeError } from '../base/errors.ts';
import type { SensorStatus } from '../wire/machine.ts';

/** One line of the doctor: what was looked at, what was found, and what to do when it is not well. */
export interface Finding {
  readonly name: string;
  readonly level: 'ok' | 'warn' | 'fail';
  readonly text: string;
  readonly remedy?: string;
}

const lowestNode = [24, 12] as const;
/** Capabilities by their bit (capabilities(7), include/uapi/linux/capability.h), and what lacks without each. */
const capabilities = [
  [12, 'CAP_NET_ADMIN', 'sock_diag details of other users'],
  [19, 'CAP_SYS_PTRACE', 'the owners of other users’ sockets'],
  [21, 'CAP_SYS_ADMIN', 'other network namespaces'],
  [38, 'CAP_PERFMON', 'kernel tracing'],
  [39, 'CAP_BPF', 'counting in the kernel'],
] as const;
/** Space below which a database may not be able to take its journal. */
const lowSpaceBytes = 256 * 1024 * 1024;

export function checkNode(version: string): Finding {
  const [major, minor] = version.slice(1).split('.').map(Number);
  if (major > lowestNode[0] || (major === lowestNode[0] && minor >= lowestNode[1]))
    return { name: 'node', level: 'ok', text: version };
  return {
    name: 'node',
    level: 'fail',
    text: `${version} is older than ${lowestNode.join('.')}`,
    remedy: 'run "npm start" once: it installs a newer one beside netmon',
  };
}

/** `status` is the text of /proc/self/status. */
export function checkCapabilities(status: string): Finding {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const missing = capabilities.filter(([bit]) => (effective & (1n << BigInt(bit))) === 0n);
  if (missing.length === 0) return { name: 'privileges', level: 'ok', text: 'all that the sensors need' };
  return {
    name: 'privileges',
    level: 'warn',
    text: `without ${missing.map(([, name, use]) => `${name} (${use})`).join(', ')}`,
    remedy: 'run as root: the server still gives its privileges up',
  };
}

export function checkBtf(path = '/sys/kernel/btf/vmlinux'): Finding {
  if (existsSync(path)) return { name: 'kernel types', level: 'ok', text: path };
  return {
    name: 'kernel types',
    level: 'warn',
    text: `${path} is missing, so nothing can be counted in the kernel`,
    remedy: 'use a kernel built with CONFIG_DEBUG_INFO_BTF',
  };
}

/** `mounts` is the text of /proc/mounts. */
export function checkCgroup(mounts: string): Finding {
  const mount = mounts
    .split('\n')
    .map((line) => line.split(' '))
    .find((fields) => fields[2] === 'cgroup2');
  if (mount) return { name: 'cgroup2', level: 'ok', text: mount[1] };
  return {
    name: 'cgroup2',
    level: 'warn',
    text: 'not mounted, so containers and units cannot be told apart',
    remedy: 'mount -t cgroup2 none /sys/fs/cgroup',
  };
}

/** A sensor that does not run at its best level warns; one that is off fails, but for inspection, without which all else works. */
export function checkSensor({ name, level, detail, reason, remedy }: SensorStatus): Finding {
  const text = `${level}: ${detail}${reason === null ? '' : ` (${reason})`}`;
  return {
    name: `sensor ${name}`,
    level: level === 'full' ? 'ok' : level === 'off' && name !== 'inspection' ? 'fail' : 'warn',
    text,
    ...(remedy !== null && { remedy }),
  };
}

/** Tries to listen; `runs` says that a netmon of this data folder is the one that listens. */
export async function checkPort(host: string, port: number, runs: boolean): Promise<Finding> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const server = createServer();
  server.once('error', (error) => resolve(describeError(error)));
  server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  const failure = await promise;
  const text = `${host}:${port}`;
  if (failure === null) return { name: 'port', level: 'ok', text: `${text} is free` };
  if (runs) return { name: 'port', level: 'ok', text: `${text} is in use, by the netmon that runs` };
  return { name: 'port', level: 'fail', text: `${text}: ${failure}`, remedy: 'choose another with --port' };
}

export function checkFolder(path: string): Finding {
  const found = nearest(path);
  try {
    accessSync(found, constants.W_OK | constants.X_OK);
  } catch {
    return {
      name: 'data folder',
      level: 'fail',
      text: `${found} cannot be written by this user`,
      remedy: 'choose another with --data',
    };
  }
  const { bavail, bsize } = statfsSync(found);
  const free = bavail * bsize;
  const text = `${path}, ${Math.round(free / 1e6)} MB free`;
  if (free >= lowSpaceBytes) return { name: 'data folder', level: 'ok', text };
  return { name: 'data folder', level: 'warn', text, remedy: 'make room, or choose another with --data' };
}

/** Reads the whole database through SQLite's own check, without changing it. */
export function checkDatabase(path: string): Finding {
  const name = 'database';
  if (!existsSync(path)) return { name, level: 'ok', text: `${path} does not exist yet` };
  try {
    using db = new DatabaseSync(path, { readOnly: true });
    const [{ quick_check: verdict }] = db.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[];
    if (verdict === 'ok')
      return { name, level: 'ok', text: `${path}, ${Math.round(statSync(path).size / 1e6)} MB, sound` };
    return {
      name,
      level: 'fail',
      text: `${path}: ${verdict}`,
      remedy: `move ${path} away: a new one is made`,
    };
  } catch (error) {
    return {
      name,
      level: 'fail',
      text: `${path}: ${describeError(error)}`,
      remedy: `move ${path} away, or choose another with --db`,
    };
  }
}

/** A clock before this program was made is wrong, and so would be every time that is recorded. */
export function checkClock(now: number, program = new URL('../../package.json', import.meta.url)): Finding {
  const made = statSync(program).mtimeMs;
  const text = new Date(now).toISOString();
  if (now >= made) return { name: 'clock', level: 'ok', text };
  return {
    name: 'clock',
    level: 'warn',
    text: `${text} is before this program was installed`,
    remedy: 'set the clock, and keep it set by NTP',
  };
}

/** The lines of the system's own files that the checks read. */
export function readSystem(): { readonly status: string; readonly mounts: string } {
  return {
    status: readFileSync('/proc/self/status', 'latin1'),
    mounts: readFileSync('/proc/mounts', 'utf8'),
  };
}

function nearest(path: string): string {
  return existsSync(path) ? path : nearest(dirname(path));
}
