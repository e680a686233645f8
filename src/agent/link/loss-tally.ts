import { type DurableRecord, durableRecordSchema } from '../../wire/link.ts';
import type { LostKind } from '../../wire/names.ts';
import type { RecordKind } from './importance.ts';

type Gap = Extract<DurableRecord, { kind: 'gap' }>;

/** Adds up what was lost, exactly and by kind. */
export class LossTally {
  #lost = 0;
  readonly #by = new Map<LostKind, number>();

  /** All of it; more than the kinds together where some gap did not say of what kind it was. */
  get lost(): number {
    return this.#lost;
  }

  get by(): Gap['lost_by'] {
    return Object.fromEntries(this.#by);
  }

  add(kind: LostKind, weight: number): void {
    this.#lost += weight;
    this.#by.set(kind, (this.#by.get(kind) ?? 0) + weight);
  }

  /** Adds what a record stood for, by its kind and its text: a gap that is lost itself, for what it told of. */
  addRecord(kind: RecordKind, weight: number, text: string): void {
    if (kind === 'gap') this.addGap(text);
    else this.add(kind, weight);
  }

  /** Adds what a gap tells of. */
  addGap(text: string): void {
    const gap = durableRecordSchema.safeParse(JSON.parse(text)).data;
    if (gap?.kind !== 'gap') return;
    this.#lost += gap.lost;
    this.#join(gap.lost_by);
  }

  addAll(other: LossTally): void {
    this.#lost += other.lost;
    this.#join(other.by);
  }

  /** The record that tells of it. */
  toGap(at: number, reason: string): Gap {
    return { kind: 'gap', at: new Date(at).toISOString(), reason, lost: this.lost, lost_by: this.by };
  }

  #join(by: Gap['lost_by']): void {
    for (const [kind, weight] of Object.entries(by ?? {})) {
      this.#by.set(kind as LostKind, (this.#by.get(kind as LostKind) ?? 0) + weight);
    }
  }
}
