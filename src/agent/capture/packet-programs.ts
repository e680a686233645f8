import { randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import { describeError } from '../../base/errors.ts';
import { FilteredPrograms } from '../../sys/bpf/filter-program.ts';
import { attachToInterface, type InterfaceHook, removeFilters } from '../../sys/bpf/interface-hook.ts';
import { type Mapping, mapMemory } from '../../sys/bpf/mapping.ts';
import { BpfObject } from '../../sys/bpf/object.ts';
import { readJiffyMs } from '../../sys/jiffies.ts';
import type { DeviceFilter } from '../../sys/pcap-filter.ts';
import { inspectCountersLayout } from './layout.generated.ts';

const objectPath = join(import.meta.dirname, '../../../bpf/inspect.bpf.o');
/** By what packets begin with, and which way they go. */
const programNames = ['link_ingress', 'link_egress', 'network_ingress', 'network_egress'] as const;
type ProgramName = (typeof programNames)[number];
const pageBytes = 4096;
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

/** What the kernel side has copied, and what it could not. */
export interface InspectCounters {
  readonly copied: number;
  readonly lost: number;
  readonly lostRequests: number;
  readonly evicted: number;
}

/**
 * The programs that copy packets into a ring, on every interface that is up. Disposal takes them off; so does the end
 * of the process where the kernel has TCX.
 */
export class PacketPrograms implements Disposable {
  readonly #object: BpfObject;
  readonly #counters: Mapping;
  /** What is attached: the programs themselves, or the filters before them. */
  readonly #entries: Readonly<Record<ProgramName, number>>;
  #filtered: FilteredPrograms | null = null;
  readonly #hooks = new Map<number, readonly InterfaceHook[]>();
  readonly #failed = new Map<number, string>();
  readonly #stands = new Map<number, string>();
  #left = 0;
  #usesClsact = false;

  /**
   * Loads them; `ringBytes` is a power of two. What the filter leaves out costs no more than that. Throws
   * NM_NOT_SUPPORTED where the kernel does not take them.
   */
  constructor(ringBytes: number, filter: DeviceFilter | null = null) {
    this.#object = BpfObject.open(objectPath);
    try {
      this.#object.setMaxEntries('packets', ringBytes);
      // `hash_seed` of bpf/headers.h and `jiffies_per_second` of bpf/flows.h.
      this.#object.setConstants((bytes) => {
        randomFillSync(bytes, 0, 8);
        new DataView(bytes.buffer).setUint32(8, Math.max(1, Math.round(1000 / readJiffyMs())), true);
      });
      this.#object.load();
      this.#counters = mapMemory({ fd: this.countersFd, bytes: pageBytes, writable: false });
      this.#entries = this.#makeEntries(filter);
    } catch (thrown) {
      this.#filtered?.[Symbol.dispose]();
      this.#object[Symbol.dispose]();
      throw thrown;
    }
  }

  /** Descriptor of a program by its name in bpf/inspect.bpf.c. */
  programFd(name: string): number {
    return this.#object.programFd(name);
  }

  get ringFd(): number {
    return this.#object.mapFd('packets');
  }

  get countersFd(): number {
    return this.#object.mapFd('counters');
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

  counters(): InspectCounters {
    const values = new BigUint64Array(this.#counters.buffer, 0, inspectCountersLayout.bytes / 8);
    const read = (field: Exclude<keyof typeof inspectCountersLayout, 'bytes'>) =>
      Number(values[inspectCountersLayout[field] / 8]);
    return {
      copied: read('copied'),
      lost: read('lost'),
      lostRequests: read('lost_requests'),
      evicted: read('evicted'),
    };
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

  [Symbol.dispose](): void {
    for (const index of this.#stands.keys()) this.#release(index);
    this.#counters[Symbol.dispose]();
    this.#filtered?.[Symbol.dispose]();
    this.#object[Symbol.dispose]();
  }

  #makeEntries(filter: DeviceFilter | null): Readonly<Record<ProgramName, number>> {
    const filtered = filter ? new FilteredPrograms(programNames.length) : null;
    this.#filtered = filtered;
    const entry = (name: ProgramName): number => {
      const fd = this.#object.programFd(name);
      if (!filter || !filtered) return fd;
      return filtered.add(name.startsWith('link') ? filter.ethernet : filter.raw, fd);
    };
    return Object.fromEntries(programNames.map((name) => [name, entry(name)])) as Record<ProgramName, number>;
  }

  #hook(link: HookedLink): void {
    const { index, loopback, ethernet } = link;
    this.#stands.set(index, describeLink(link));
    const hooks: InterfaceHook[] = [];
    try {
      removeFilters(index);
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
