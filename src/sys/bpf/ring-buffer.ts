import { type Mapping, mapMemory } from './mapping.ts';

/** Page size of the architectures netmon runs on; the positions each have a page of their own. */
const pageBytes = 4096;
/** Flags in a record's length word (include/uapi/linux/bpf.h). */
const busyBit = 0x80000000;
const discardBit = 0x40000000;
const headerBytes = 8;

/**
 * Reads a BPF ring buffer in place. Layout (kernel/bpf/ringbuf.c): consumer position page, producer position page,
 * then the data twice over, so that a record never wraps. Each record has a length word and is padded to 8 bytes.
 */
export class RingBuffer implements Disposable {
  readonly #consumer: Mapping;
  readonly #producer: Mapping;
  readonly #consumerPosition: BigInt64Array;
  readonly #producerPosition: BigInt64Array;
  readonly #lengths: Int32Array;
  readonly #data: DataView;
  readonly #mask: number;

  /** `bytes` is the ring's size, a power of two. */
  constructor(fd: number, bytes: number) {
    this.#mask = bytes - 1;
    this.#consumer = mapMemory({ fd, bytes: pageBytes, writable: true });
    this.#producer = mapMemory({ fd, bytes: pageBytes + 2 * bytes, offset: pageBytes, writable: false });
    this.#consumerPosition = new BigInt64Array(this.#consumer.buffer, 0, 1);
    this.#producerPosition = new BigInt64Array(this.#producer.buffer, 0, 1);
    this.#lengths = new Int32Array(this.#producer.buffer, pageBytes, (2 * bytes) / 4);
    this.#data = new DataView(this.#producer.buffer, pageBytes, 2 * bytes);
  }

  /** Calls `visit` with each finished record in order; the bytes are valid during the call alone. */
  drain(visit: (data: DataView, offset: number, length: number) => void): void {
    const end = Atomics.load(this.#producerPosition, 0);
    let position = Atomics.load(this.#consumerPosition, 0);
    while (position < end) {
      const offset = Number(position) & this.#mask;
      const word = Atomics.load(this.#lengths, offset >> 2) >>> 0;
      if (word & busyBit) return;
      const length = word & 0x3fffffff;
      if (!(word & discardBit)) visit(this.#data, offset + headerBytes, length);
      position += BigInt((length + headerBytes + 7) & ~7);
      Atomics.store(this.#consumerPosition, 0, position);
    }
  }

  /** Passes over what there is without looking at it; the answer is how many records. */
  skip(): number {
    let count = 0;
    this.drain(() => count++);
    return count;
  }

  [Symbol.dispose](): void {
    this.#consumer[Symbol.dispose]();
    this.#producer[Symbol.dispose]();
  }
}
