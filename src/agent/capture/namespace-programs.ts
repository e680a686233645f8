import { describeError } from '../../base/errors.ts';
import { inNetworkNamespace } from '../../sys/network-namespace.ts';
import { findNamespaces, readNamespace } from './find-namespaces.ts';
import type { InterfacePrograms } from './interface-programs.ts';
import type { PacketPrograms } from './packet-programs.ts';
import { readLinks } from './read-links.ts';

/** Namespaces watched at once: each has four small programs of its own in the kernel. */
export const maxNamespaces = 64;
/** How often it is looked which there are, and which interfaces they have. */
const lookEveryMs = 1000;

interface Watched {
  path: string;
  readonly programs: InterfacePrograms;
  failure: string | null;
}

/**
 * The programs in other network namespaces. Between two looks nothing of a namespace is held open, no socket and no
 * descriptor, so that watching keeps none alive: one that is given up ends when it would have ended anyway.
 */
export class NamespacePrograms implements Disposable {
  /** Namespaces beyond what is watched at once. */
  left = 0;
  readonly #wanted: readonly string[];
  readonly #home: PacketPrograms;
  readonly #watched = new Map<number, Watched>();
  readonly #failed = new Map<number, string>();
  #lookedMs = Number.NEGATIVE_INFINITY;

  /** `home` is what makes them. */
  constructor(wanted: readonly string[], home: PacketPrograms) {
    this.#wanted = wanted;
    this.#home = home;
  }

  get size(): number {
    return this.#watched.size;
  }

  get interfaces(): number {
    return [...this.#watched.values()].reduce((sum, { programs }) => sum + programs.size, 0);
  }

  /** Why one is not watched, if one is not. */
  get failure(): string | null {
    for (const { failure, programs } of this.#watched.values()) {
      const reason = failure ?? programs.failure;
      if (reason !== null) return reason;
    }
    return this.#failed.values().next().value ?? null;
  }

  /** Follows namespaces and their interfaces. `nowMs` is any clock that goes on. */
  follow(nowMs: number): void {
    if (this.#wanted.length === 0 || nowMs - this.#lookedMs < lookEveryMs) return;
    this.#lookedMs = nowMs;
    const found = findNamespaces(this.#wanted);
    for (const [inode, { programs }] of this.#watched)
      if (!found.has(inode)) {
        programs.abandon();
        this.#watched.delete(inode);
      }
    for (const inode of this.#failed.keys()) if (!found.has(inode)) this.#failed.delete(inode);
    this.left = 0;
    for (const [inode, path] of found) this.#look(inode, path);
  }

  [Symbol.dispose](): void {
    for (const [inode, { path, programs }] of this.#watched)
      try {
        // A process number may be that of another one by now.
        if (readNamespace(path) === inode) inNetworkNamespace(path, () => programs[Symbol.dispose]());
        else programs.abandon();
      } catch {
        programs.abandon();
      }
    this.#watched.clear();
  }

  #look(inode: number, path: string): void {
    let watched = this.#watched.get(inode);
    if (!watched && this.#watched.size >= maxNamespaces) {
      this.left++;
      return;
    }
    try {
      if (!watched) {
        const programs = this.#home.makeFor(inode);
        watched = { path, programs, failure: null };
        this.#watched.set(inode, watched);
        this.#failed.delete(inode);
      }
      const { programs } = watched;
      watched.path = path;
      inNetworkNamespace(path, () => programs.follow(readLinks()));
      watched.failure = null;
    } catch (thrown) {
      const reason = `network namespace ${inode}: ${describeError(thrown)}`;
      if (watched) watched.failure = reason;
      else this.#failed.set(inode, reason);
    }
  }
}
