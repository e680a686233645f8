import { sharedLayout, slotLayout } from './layout.generated.ts';
import { measureSlotBuffers, SlotTable } from './slot-table.ts';

type Field = Exclude<keyof typeof slotLayout, 'bytes' | 'dirty' | 'next_free'>;

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

  /** A zeroed slot, or -1, counted, when none is free. */
  take(): number {
    this.#shared[sharedLayout.opened / 8]++;
    const slot = Number(this.#shared[sharedLayout.free_head / 8] & 0xffffffffn) - 1;
    if (slot < 0) {
      this.#shared[sharedLayout.lost_slots / 8]++;
      return -1;
    }
    const next = this.#u32[(slot * slotLayout.bytes + slotLayout.next_free) >> 2];
    this.#shared[sharedLayout.free_head / 8] = BigInt(next);
    return slot;
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
