import { execFile, execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);
const prefix = 'nmtest-';

/**
 * A network namespace of this test run, with its loopback up. Commands enter it by `nsenter`, because `ip netns exec`
 * would also mount another /sys and hide the control groups. Disposing of it removes it with its interfaces.
 */
export class Namespace implements Disposable {
  static #made = 0;
  readonly name: string;
  /** Inode number, by which netmon names a namespace. */
  readonly inode: number;

  constructor() {
    if (Namespace.#made === 0) removeStale();
    this.name = `${prefix}${process.pid}-${Namespace.#made++}`;
    execFileSync('ip', ['netns', 'add', this.name]);
    process.once('exit', () => this[Symbol.dispose]());
    this.inode = statSync(this.path).ino;
    this.shell('ip link set lo up');
  }

  get path(): string {
    return `/run/netns/${this.name}`;
  }

  command(argv: readonly string[]): string[] {
    return ['nsenter', `--net=${this.path}`, ...argv];
  }

  /** Runs a line of shell in it and returns what it printed. Throws when it fails. */
  shell(line: string): string {
    const [file, ...args] = this.command(['sh', '-ec', line]);
    return execFileSync(file!, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  async run(line: string): Promise<string> {
    const [file, ...args] = this.command(['sh', '-ec', line]);
    return (await run(file!, args)).stdout;
  }

  [Symbol.dispose](): void {
    try {
      execFileSync('ip', ['netns', 'delete', this.name], { stdio: 'ignore' });
    } catch {
      // Removed before.
    }
  }
}

/** Namespaces left behind by runs whose process is gone. */
function removeStale(): void {
  let names: string[] = [];
  try {
    names = readdirSync('/run/netns');
  } catch {
    return;
  }
  for (const name of names.filter((one) => one.startsWith(prefix))) {
    const pid = Number(name.slice(prefix.length).split('-')[0]);
    try {
      process.kill(pid, 0);
    } catch {
      execFileSync('ip', ['netns', 'delete', name], { stdio: 'ignore' });
    }
  }
}

/** Two namespaces joined by a veth pair: `near` has 10.71.0.1 and fd71::1, `far` has 10.71.0.2 and fd71::2. */
export interface Link extends Disposable {
  readonly near: Namespace;
  readonly far: Namespace;
}

export const farAddress = { 4: '10.71.0.2', 6: 'fd71::2' } as const;
/** On the same link, and nobody's. */
export const absentAddress = { 4: '10.71.0.99', 6: 'fd71::99' } as const;

/** Makes two joined namespaces, in which an address without a neighbour is given up after about 0.3 s. */
export function makeLink(): Link {
  const near = new Namespace();
  const far = new Namespace();
  near.shell(`ip link add veth0 type veth peer name veth0 netns ${far.name}`);
  for (const [space, host] of [
    [near, 1],
    [far, 2],
  ] as const) {
    space.shell(`
      ip address add 10.71.0.${host}/24 dev veth0
      ip address add fd71::${host}/64 dev veth0 nodad
      ip link set veth0 up
      for family in ipv4 ipv6; do
        echo 100 > /proc/sys/net/$family/neigh/veth0/retrans_time_ms
      done`);
  }
  return {
    near,
    far,
    [Symbol.dispose]() {
      near[Symbol.dispose]();
      far[Symbol.dispose]();
    },
  };
}
