import { readdirSync, readlinkSync } from 'node:fs';
import { parseStat } from '../../../decode/procfs.ts';
import { readProcText } from '../../../sys/proc.ts';

/** Most sockets whose owners are remembered or looked for; beyond it new ones have an owner unknown. */
const maxSockets = 100_000;
/** A socket that no process was found to hold is looked for again after so many looks through all processes. */
const retryAfterPasses = 30;

/** A process that holds a socket. */
export interface InodeOwner {
  readonly pid: number;
  readonly ppid: number;
  readonly comm: string;
  readonly startTicks: number;
}

/**
 * Finds which process holds a socket by the links in /proc/PID/fd, a bounded number of them at a time: it goes on where
 * it stopped, and stands still while no socket is looked for. Processes with few descriptors come first, then the newer
 * ones; of each process the descriptors made last come first.
 */
export class InodeOwners {
  readonly #owners = new Map<number, InodeOwner>();
  /** Inodes looked for, with the pass at whose end they are given up. */
  readonly #wanted = new Map<number, number>();
  readonly #givenUp = new Map<number, number>();
  /** How many descriptors each process had when it was last looked at. */
  readonly #counts = new Map<number, number>();
  #pass = 0;
  #pids: number[] = [];
  #fds: string[] = [];
  #pid = 0;
  #running = false;

  /** The owner if known; otherwise it is looked for from now on. */
  find(inode: number): InodeOwner | null {
    const owner = this.#owners.get(inode);
    if (owner) return owner;
    if (inode > 0 && !this.#wanted.has(inode) && this.#mayRetry(inode) && this.#size() < maxSockets) {
      // The pass in progress may have been past its owner already.
      this.#wanted.set(inode, this.#pass + (this.#running ? 2 : 1));
      this.#givenUp.delete(inode);
    }
    return null;
  }

  forget(inode: number): void {
    this.#owners.delete(inode);
    this.#wanted.delete(inode);
    this.#givenUp.delete(inode);
  }

  /** Reads at most about `links` links, as far as a socket is looked for. */
  scan(links: number): void {
    let left = links;
    while (left > 0 && this.#wanted.size > 0) {
      if (this.#fds.length > 0) {
        left--;
        this.#look(this.#fds.pop()!);
      } else if (this.#pids.length > 0) {
        left -= 5;
        this.#enter(this.#pids.pop()!);
      } else if (this.#running) this.#endPass();
      else {
        left -= 20;
        this.#startPass();
      }
    }
  }

  #size(): number {
    return this.#owners.size + this.#wanted.size + this.#givenUp.size;
  }

  #mayRetry(inode: number): boolean {
    const pass = this.#givenUp.get(inode);
    return pass === undefined || this.#pass - pass >= retryAfterPasses;
  }

  #startPass(): void {
    this.#running = true;
    const pids = readDirectory('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
    const alive = new Set(pids);
    for (const pid of this.#counts.keys()) if (!alive.has(pid)) this.#counts.delete(pid);
    const count = (pid: number): number => this.#counts.get(pid) ?? 0;
    // Taken from the end.
    this.#pids = [...alive].sort((a, b) => count(b) - count(a) || a - b);
  }

  #endPass(): void {
    this.#running = false;
    this.#pass++;
    for (const [inode, until] of this.#wanted) {
      if (this.#pass < until) continue;
      this.#wanted.delete(inode);
      this.#givenUp.set(inode, this.#pass);
    }
  }

  #enter(pid: number): void {
    this.#pid = pid;
    this.#fds = readDirectory(`/proc/${pid}/fd`);
    this.#counts.set(pid, this.#fds.length);
  }

  #look(fd: string): void {
    const inode = readSocketLink(`/proc/${this.#pid}/fd/${fd}`);
    if (inode === 0 || !(this.#wanted.has(inode) || this.#givenUp.has(inode))) return;
    const stat = parseStat(readProcText(`/proc/${this.#pid}/stat`, 1024) ?? '');
    if (!stat) return;
    this.#wanted.delete(inode);
    this.#givenUp.delete(inode);
    const { pid, ppid, comm, startTicks } = stat;
    this.#owners.set(inode, { pid, ppid, comm, startTicks });
  }
}

/** Empty for one that is gone or may not be read. */
function readDirectory(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** Inode number of the socket that a link leads to; 0 for anything else. */
function readSocketLink(path: string): number {
  try {
    const match = /^socket:\[(\d+)\]$/.exec(readlinkSync(path));
    return match ? Number(match[1]) : 0;
  } catch {
    return 0;
  }
}
