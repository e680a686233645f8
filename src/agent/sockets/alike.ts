import { slotLayout as layout } from './layout.generated.ts';
import { type SlotTable, slotFlags } from './slot-table.ts';
import type { TrackedConnection } from './tracked.ts';

/** Entries, a power of two; two kinds that fall on the same one take turns. */
const size = 512;
/** Words of a kind: owner 3, namespace, addresses 8, service port, what it was, errno. */
const words = 15;

/**
 * The last connection of each kind that was over before it was first read: same process, addresses, service and outcome.
 * In a flood thousands a second are of a few kinds, and each stands for the next, so that neither a new object nor names
 * and addresses have to be made for it.
 */
export class Alike {
  readonly #slots: SlotTable;
  readonly #kinds = new Uint32Array(size * words);
  readonly #last: (TrackedConnection | undefined)[] = new Array(size).fill(undefined);
  readonly #kind = new Uint32Array(words);

  constructor(slots: SlotTable) {
    this.#slots = slots;
  }

  /** A connection of the kind of the ended one in the slot. */
  find(slot: number): TrackedConnection | undefined {
    const at = this.#identify(slot);
    const last = this.#last[at];
    if (!last) return undefined;
    for (let i = 0; i < words; i++) if (this.#kinds[at * words + i] !== this.#kind[i]) return undefined;
    return last;
  }

  /** Keeps an ended connection, which nobody else holds any more, for the next of its kind. */
  keep(slot: number, connection: TrackedConnection): void {
    const at = this.#identify(slot);
    this.#kinds.set(this.#kind, at * words);
    this.#last[at] = connection;
  }

  /** Forgets all: what is known of processes and addresses ages. */
  clear(): void {
    this.#last.fill(undefined);
  }

  /** Writes the kind of what is in the slot; the number of its entry. */
  #identify(slot: number): number {
    const slots = this.#slots;
    const kind = this.#kind;
    const passive = slots.u8(slot, layout.flags) & slotFlags.passive;
    kind[0] = slots.u32(slot, layout.pid);
    kind[1] = slots.u32(slot, layout.start_ns);
    kind[2] = slots.u32(slot, layout.start_ns + 4);
    kind[3] = slots.u32(slot, layout.netns);
    for (let i = 0; i < 8; i++) kind[4 + i] = slots.u32(slot, layout.local_ip + i * 4);
    kind[12] = slots.u16(slot, passive ? layout.local_port : layout.remote_port);
    kind[13] = slots.u32(slot, layout.protocol) ^ (slots.u8(slot, layout.error_state) << 4);
    kind[14] = slots.u32(slot, layout.error);
    let hash = 0;
    for (let i = 0; i < words; i++) hash = Math.imul(hash ^ kind[i], 0x9e3779b1) ^ (hash >>> 15);
    return (hash ^ (hash >>> 16)) & (size - 1);
  }
}
