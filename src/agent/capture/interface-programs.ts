import { describeError } from '../../base/errors.ts';
import { removeLeftFilters } from '../../sys/bpf/clsact.ts';
import type { InterfaceHook } from '../../sys/bpf/hook.ts';
import { attachToInterface } from '../../sys/bpf/interface-hook.ts';

/** By what packets begin with, and which way they go. */
export const programNames = ['link_ingress', 'link_egress', 'network_ingress', 'network_egress'] as const;
export type ProgramName = (typeof programNames)[number];
/** Descriptors of what is attached. */
export type ProgramEntries = Readonly<Record<ProgramName, number>>;

/** Interfaces hooked at most: each takes two descriptors. */
const maxInterfaces = 1000;

/** What is known of an interface by rtnetlink. */
export interface HookedLink {
  readonly index: number;
  readonly name: string;
  readonly up: boolean;
  readonly loopback: boolean;
  /** Whether its packets begin with an Ethernet header. */
  readonly ethernet: boolean;
}

/**
 * Programs on every interface of a network namespace that is up. `follow` and disposal are to be called in that
 * namespace. Disposal takes the programs off; so does the end of the process where the kernel has TCX.
 */
export class InterfacePrograms implements Disposable {
  readonly #entries: ProgramEntries;
  readonly #hooks = new Map<number, readonly InterfaceHook[]>();
  readonly #failed = new Map<number, string>();
  readonly #stands = new Map<number, string>();
  #left = 0;
  #usesClsact = false;

  constructor(entries: ProgramEntries) {
    this.#entries = entries;
  }

  /** Interfaces that are watched. */
  get size(): number {
    return this.#hooks.size;
  }

  /** Interfaces beyond what is hooked at once. */
  get left(): number {
    return this.#left;
  }

  /** Why an interface is not watched, if one is not. */
  get failure(): string | null {
    return this.#failed.values().next().value ?? null;
  }

  get kind(): 'tcx' | 'clsact' {
    return this.#usesClsact ? 'clsact' : 'tcx';
  }

  /** Hooks the interfaces that came up, and lets go of those that went. */
  follow(links: Iterable<HookedLink>): void {
    const gone = new Set(this.#stands.keys());
    this.#left = 0;
    for (const link of links) {
      if (!link.up) continue;
      gone.delete(link.index);
      // An index may come back as another interface.
      if (this.#stands.get(link.index) === describeLink(link)) continue;
      this.#release(link.index);
      if (this.#hooks.size >= maxInterfaces) this.#left++;
      else this.#hook(link);
    }
    for (const index of gone) this.#release(index);
  }

  /** Lets go of what is held, where the interfaces are gone with their namespace. */
  abandon(): void {
    for (const hooks of this.#hooks.values())
      for (const hook of hooks) if (hook.kind === 'tcx') hook[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    for (const index of this.#stands.keys()) this.#release(index);
  }

  #hook(link: HookedLink): void {
    const { index, loopback, ethernet } = link;
    this.#stands.set(index, describeLink(link));
    const hooks: InterfaceHook[] = [];
    try {
      removeLeftFilters(index);
      const program = ethernet ? 'link' : 'network';
      hooks.push(attachToInterface(this.#entries[`${program}_egress`], index, 'egress'));
      // Each packet passes loopback twice.
      if (!loopback) hooks.push(attachToInterface(this.#entries[`${program}_ingress`], index, 'ingress'));
      this.#hooks.set(index, hooks);
      this.#usesClsact ||= hooks.some(({ kind }) => kind === 'clsact');
    } catch (thrown) {
      for (const hook of hooks) hook[Symbol.dispose]();
      this.#failed.set(index, `${link.name}: ${describeError(thrown)}`);
    }
  }

  #release(index: number): void {
    for (const hook of this.#hooks.get(index) ?? []) hook[Symbol.dispose]();
    this.#hooks.delete(index);
    this.#failed.delete(index);
    this.#stands.delete(index);
  }
}

const describeLink = ({ name, ethernet }: HookedLink): string => `${name} ${ethernet}`;
