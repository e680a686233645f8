import type { Group, Grouped } from '../../wire/traffic-statistics.ts';
import type { Sums } from './sums.ts';

/**
 * Sums by name, bounded: past twice `maxNames` the smaller half goes into one `other`, so that a flood of names costs
 * neither memory nor the sight of the large ones. The total stays exact; what a name had before it was put into `other`
 * stays there when it comes again.
 */
class GroupSums<One extends Sums<One, Tally>, Tally> {
  other: One | null = null;
  readonly #byName = new Map<string, One>();
  readonly #maxNames: number;
  readonly #make: () => One;

  constructor(maxNames: number, make: () => One) {
    this.#maxNames = maxNames;
    this.#make = make;
  }

  /** The sums of a name, from now on. */
  of(name: string): One {
    let sums = this.#byName.get(name);
    if (sums) return sums;
    if (this.#byName.size >= 2 * this.#maxNames) this.#fold();
    sums = this.#make();
    this.#byName.set(name, sums);
    return sums;
  }

  merge(from: GroupSums<One, Tally>): void {
    for (const [name, sums] of from.#byName) this.of(name).merge(sums);
    if (from.other) this.#others().merge(from.other);
  }

  /** The largest, each as `tell` has it, and the rest in one. */
  largest<Told>(limit: number, tell: (sums: One) => Told): Group<Told> {
    const sorted = this.#sorted();
    const rows = sorted.slice(0, limit).map(([name, sums]) => ({ name, ...tell(sums) }));
    if (sorted.length <= limit) return { rows, other: this.other && tell(this.other) };
    const rest = this.#make();
    for (const [, sums] of sorted.slice(limit)) rest.merge(sums);
    if (this.other) rest.merge(this.other);
    return { rows, other: tell(rest) };
  }

  #fold(): void {
    const others = this.#others();
    for (const [name, sums] of this.#sorted().slice(this.#maxNames)) {
      others.merge(sums);
      this.#byName.delete(name);
    }
  }

  #sorted(): [string, One][] {
    return [...this.#byName].sort(([, a], [, b]) => b.weight - a.weight);
  }

  #others(): One {
    this.other ??= this.#make();
    return this.other;
  }
}

/** The total of one kind of traffic and its groups. */
export class GroupedSums<Name extends string, One extends Sums<One, Tally>, Tally> {
  readonly total: One;
  readonly #groups: ReadonlyMap<Name, GroupSums<One, Tally>>;

  /** `maxNames` of each group. */
  constructor(maxNames: Readonly<Record<Name, number>>, make: () => One) {
    this.total = make();
    const names = Object.keys(maxNames) as Name[];
    this.#groups = new Map(names.map((name) => [name, new GroupSums(maxNames[name], make)]));
  }

  /** Has `add` called with the total and with the sums of each of the names. */
  add(names: Readonly<Record<Name, string>>, add: (sums: One) => void): void {
    add(this.total);
    for (const [group, sums] of this.#groups) add(sums.of(names[group]));
  }

  /** Whether a group had more names than it can hold apart. */
  hasFolded(group: Name): boolean {
    return (this.#groups.get(group)?.other ?? null) !== null;
  }

  merge(from: GroupedSums<Name, One, Tally>): void {
    this.total.merge(from.total);
    for (const [name, group] of this.#groups) {
      const other = from.#groups.get(name);
      if (other) group.merge(other);
    }
  }

  describe(limit: number, coveredMs: number): Grouped<Name, Tally> {
    return this.#tell(limit, (sums) => sums.describe(coveredMs));
  }

  #tell<Told>(limit: number, tell: (sums: One) => Told): Grouped<Name, Told> {
    const by = [...this.#groups].map(([name, group]) => [name, group.largest(limit, tell)] as const);
    return { total: tell(this.total), by: Object.fromEntries(by) as Record<Name, Group<Told>> };
  }
}
