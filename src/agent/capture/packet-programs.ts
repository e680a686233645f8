import { randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import type { BpfInstruction } from '../../decode/capture/packet-filter.ts';
import { FilteredPrograms } from '../../sys/bpf/filter-program.ts';
import { type Mapping, mapMemory } from '../../sys/bpf/mapping.ts';
import { BpfObject } from '../../sys/bpf/object.ts';
import { readJiffyMs } from '../../sys/jiffies.ts';
import type { DeviceFilter } from '../../sys/pcap-filter.ts';
import {
  type HookedLink,
  InterfacePrograms,
  type ProgramEntries,
  type ProgramName,
  programNames,
} from './interface-programs.ts';
import { inspectCountersLayout } from './layout.generated.ts';

const objectPath = join(import.meta.dirname, '../../../bpf/inspect.bpf.o');
const pageBytes = 4096;
/** A filter that all packets pass. */
const everything: readonly BpfInstruction[] = [{ code: 6, jt: 0, jf: 0, k: 1 }];

/** What the kernel side has copied, and what it could not. */
export interface InspectCounters {
  readonly copied: number;
  readonly lost: number;
  readonly lostRequests: number;
  readonly evicted: number;
}

/** The programs that copy packets into a ring, on the interfaces of this process's network namespace. */
export class PacketPrograms implements Disposable {
  readonly #object: BpfObject;
  readonly #counters: Mapping;
  readonly #filter: DeviceFilter | null;
  /** What is before the programs, where something is. */
  #filtered: FilteredPrograms | null = null;
  readonly interfaces: InterfacePrograms;

  /**
   * Loads them; `ringBytes` is a power of two. What the filter leaves out costs no more than that. Throws
   * NM_NOT_SUPPORTED where the kernel does not take them.
   */
  constructor(ringBytes: number, filter: DeviceFilter | null = null) {
    this.#object = BpfObject.open(objectPath);
    this.#filter = filter;
    try {
      this.#object.setMaxEntries('packets', ringBytes);
      // `hash_seed` of bpf/headers.h and `jiffies_per_second` of bpf/flows.h.
      this.#object.setConstants((bytes) => {
        randomFillSync(bytes, 0, 8);
        const view = new DataView(bytes.buffer, bytes.byteOffset);
        view.setUint32(8, Math.max(1, Math.round(1000 / readJiffyMs())), true);
      });
      this.#object.load();
      this.#counters = mapMemory({ fd: this.countersFd, bytes: pageBytes, writable: false });
      if (filter) this.#filtered = new FilteredPrograms(programNames.length);
      this.interfaces = new InterfacePrograms(this.#makeEntries(this.#filtered));
    } catch (thrown) {
      this.#filtered?.[Symbol.dispose]();
      this.#object[Symbol.dispose]();
      throw thrown;
    }
  }

  /** The same programs for the interfaces of another network namespace, whose inode number is told with each packet. */
  makeFor(inode: number): InterfacePrograms {
    const mark = { mapFd: this.#object.mapFd('current_namespace'), value: inode };
    const filtered = new FilteredPrograms(programNames.length, mark);
    try {
      return new MarkedPrograms(this.#makeEntries(filtered), filtered);
    } catch (thrown) {
      filtered[Symbol.dispose]();
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
    this.interfaces.follow(links);
  }

  [Symbol.dispose](): void {
    this.interfaces[Symbol.dispose]();
    this.#counters[Symbol.dispose]();
    this.#filtered?.[Symbol.dispose]();
    this.#object[Symbol.dispose]();
  }

  #makeEntries(filtered: FilteredPrograms | null): ProgramEntries {
    const entry = (name: ProgramName): number => {
      const fd = this.#object.programFd(name);
      if (!filtered) return fd;
      const { ethernet, raw } = this.#filter ?? { ethernet: everything, raw: everything };
      return filtered.add(name.startsWith('link') ? ethernet : raw, fd);
    };
    return Object.fromEntries(programNames.map((name) => [name, entry(name)])) as Record<ProgramName, number>;
  }
}

/** Programs on interfaces, with what is before them. */
class MarkedPrograms extends InterfacePrograms {
  readonly #filtered: FilteredPrograms;

  constructor(entries: ProgramEntries, filtered: FilteredPrograms) {
    super(entries);
    this.#filtered = filtered;
  }

  override abandon(): void {
    super.abandon();
    this.#filtered[Symbol.dispose]();
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    this.#filtered[Symbol.dispose]();
  }
}
