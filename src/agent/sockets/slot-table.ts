import { sharedLayout, slotLayout } from './layout.generated.ts';

/** Bits of `slot.flags`, as in bpf/netmon.h. */
export const slotFlags = {
  passive: 1,
  found: 2,
  finReceived: 4,
  rstSent: 8,
  rstReceived: 16,
  peer: 32,
  awaitErrno: 64,
  /** Not of the kernel side: the sensor that fills the slot cannot count payload and packets. */
  uncounted: 128,
} as const;

/** Offsets of the 32-bit fields, in words. */
const words = slotLayout.bytes / 4;
const dirtyWord = slotLayout.dirty / 4;

/** The memory of the maps `slots`, `dirty_list` and `shared_map`. */
export interface SlotBuffers {
  readonly slots: ArrayBuffer;
  readonly dirty: ArrayBuffer;
  readonly shared: ArrayBuffer;
}

/** Bytes that each of the buffers needs for `size` slots; entries of an array map are 8 bytes apart at least. */
export function measureSlotBuffers(size: number): Record<keyof SlotBuffers, number> {
  return { slots: size * slotLayout.bytes, dirty: size * 8, shared: sharedLayout.bytes };
}

/**
 * The kernel's slots, read in place (bpf/slots.h has the order that both sides keep). Numbers are slot numbers from 0.
 * 64-bit fields are given as numbers, exact up to 2^53.
 */
export class SlotTable {
  readonly size: number;
  readonly #bytes: Uint8Array;
  readonly #u16: Uint16Array;
  readonly #u32: Uint32Array;
  readonly #u64: BigUint64Array;
  readonly #list: Uint32Array;
  readonly #shared32: Uint32Array;
  readonly #shared64: BigUint64Array;
  /** Entries of the dirty list taken so far, modulo 2^32. */
  #taken = 0;

  /** `size` is a power of two. */
  constructor({ slots, dirty, shared }: SlotBuffers, size: number) {
    this.size = size;
    this.#bytes = new Uint8Array(slots);
    this.#u16 = new Uint16Array(slots);
    this.#u32 = new Uint32Array(slots);
    this.#u64 = new BigUint64Array(slots);
    this.#list = new Uint32Array(dirty);
    this.#shared32 = new Uint32Array(shared);
    this.#shared64 = new BigUint64Array(shared);
  }

  /** Takes every slot off the dirty list and calls `visit` with it; what changes from then on is listed again. */
  drain(visit: (slot: number) => void): void {
    const mask = this.size - 1;
    const head = Atomics.load(this.#shared32, sharedLayout.dirty_head / 4);
    while (this.#taken !== head) {
      const at = (this.#taken & mask) * 2;
      const entry = Atomics.load(this.#list, at);
      // Claimed by a CPU that has not written it yet: it and those after it wait for the next drain.
      if (entry === 0) return;
      Atomics.store(this.#list, at, 0);
      this.#taken = (this.#taken + 1) >>> 0;
      const slot = entry - 1;
      Atomics.exchange(this.#u32, slot * words + dirtyWord, 0);
      visit(slot);
    }
  }

  /** Gives a closed slot back to the kernel, zeroed; false when a late hook marked it again, which is read first. */
  free(slot: number): boolean {
    if (Atomics.load(this.#u32, slot * words + dirtyWord) !== 0) return false;
    const start = slot * slotLayout.bytes;
    if (this.#bytes[start + slotLayout.flags] & slotFlags.peer)
      Atomics.sub(this.#shared64, sharedLayout.peers / 8, 1n);
    if (this.#bytes[start + slotLayout.synack_retries] > 0)
      Atomics.sub(this.#shared64, sharedLayout.half_open / 8, 1n);
    this.#bytes.fill(0, start + 8, start + slotLayout.bytes);
    // From here on the kernel may take it.
    Atomics.store(this.#u64, (start + slotLayout.id) / 8, 0n);
    return true;
  }

  isFree(slot: number): boolean {
    return this.#u32[slot * words] === 0 && this.#u32[slot * words + 1] === 0;
  }

  u8(slot: number, field: number): number {
    return this.#bytes[slot * slotLayout.bytes + field];
  }

  u16(slot: number, field: number): number {
    return this.#u16[(slot * slotLayout.bytes + field) >> 1];
  }

  u32(slot: number, field: number): number {
    return this.#u32[(slot * slotLayout.bytes + field) >> 2];
  }

  u64(slot: number, field: number): number {
    const at = (slot * slotLayout.bytes + field) >> 2;
    return this.#u32[at] + this.#u32[at + 1] * 0x1_0000_0000;
  }

  /** The bytes of the table, with the place of a slot's field in them. */
  bytes(): Uint8Array {
    return this.#bytes;
  }

  offset(slot: number, field: number): number {
    return slot * slotLayout.bytes + field;
  }

  /** Text up to the first NUL. */
  text(slot: number, field: number, length: number): string {
    const start = this.offset(slot, field);
    let end = start;
    while (end < start + length && this.#bytes[end] !== 0) end++;
    return decoder.decode(this.#bytes.subarray(start, end));
  }

  /** Numbers the look at all sockets that begins now, from 1. */
  beginSweep(): number {
    return Number(Atomics.add(this.#shared64, sharedLayout.sweep / 8, 1n)) + 1;
  }

  /** A counter of the kernel side, as named in bpf/netmon.h. */
  counter(name: Extract<keyof typeof sharedLayout, `lost_${string}`>): number {
    return Number(Atomics.load(this.#shared64, sharedLayout[name] / 8));
  }
}

const decoder = new TextDecoder('utf-8');
