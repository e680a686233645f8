import { sharedLayout, slotLayout } from './layout.generated.ts';
import { measureSlotBuffers, SlotTable } from './slot-table.ts';

type Field = Exclude<keyof typeof slotLayout, 'bytes' | 'dirty'>;

/**
 * Slots in this process's own memory, filled by a sensor that cannot count in the kernel. What reads them does not see
 * the difference. The writer keeps the kernel side's order (bpf/slots.h): take, write, mark dirty; once closed, no more.
 */
export class MemorySlots {
  readonly table: SlotTable;
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #u32: Uint32Array;
  readonly #list: Uint32Array;
  readonly #shared: BigUint64Array;
  #next = 0;

  /** `size` is a power of two. */
  constructor(size: number) {
    const bytes = measureSlotBuffers(size);
    const buffers = {
      slots: new ArrayBuffer(bytes.slots),
      dirty: new ArrayBuffer(bytes.dirty),
      shared: new ArrayBuffer(bytes.shared),
    };
    this.#view = new DataView(buffers.slots);
    this.#bytes = new Uint8Array(buffers.slots);
    this.#u32 = new Uint32Array(buffers.slots);
    this.#list = new Uint32Array(buffers.dirty);
    this.#shared = new BigUint64Array(buffers.shared);
    this.table = new SlotTable(buffers, size);
  }

  /** A free slot, which bears the id from now on; -1, counted, when there is none. */
  take(id: number): number {
    const { table } = this;
    for (let tried = 0; tried < table.size; tried++) {
      const slot = this.#next;
      this.#next = (this.#next + 1) % table.size;
      if (!table.isFree(slot)) continue;
      this.setU64(slot, 'id', id);
      return slot;
    }
    this.#shared[sharedLayout.lost_slots / 8]++;
    return -1;
  }

  setU8(slot: number, field: Field, value: number): void {
    this.#view.setUint8(this.#at(slot, field), value);
  }

  setU16(slot: number, field: Field, value: number): void {
    this.#view.setUint16(this.#at(slot, field), value, true);
  }

  setU32(slot: number, field: Field, value: number): void {
    this.#view.setUint32(this.#at(slot, field), value, true);
  }

  setU64(slot: number, field: Field, value: number): void {
    this.#view.setBigUint64(this.#at(slot, field), BigInt(value), true);
  }

  setBytes(slot: number, field: Field, value: Uint8Array): void {
    this.#bytes.set(value, this.#at(slot, field));
  }

  /** Puts a slot on the dirty list unless it is there. */
  markDirty(slot: number): void {
    const at = (slot * slotLayout.bytes + slotLayout.dirty) >> 2;
    if (this.#u32[at] === 1) return;
    this.#u32[at] = 1;
    const head = this.#shared[sharedLayout.dirty_head / 8]++;
    this.#list[(Number(head & 0xffffffffn) & (this.table.size - 1)) * 2] = slot + 1;
  }

  #at(slot: number, field: Field): number {
    return slot * slotLayout.bytes + slotLayout[field];
  }
}
