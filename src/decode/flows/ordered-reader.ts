import type { Flow } from './flow.ts';
import type { SideReader, TcpSide } from './tcp-side.ts';

/** Bytes that wait in all sides together, at most. */
const maxHeldBytes = 32 * 1024 * 1024;

/** Hands the bytes of one side to a flow's dialogue. One object, since no two segments are read at once. */
export class OrderedReader implements SideReader {
  timeMs = 0;
  heldBytes = 0;
  readonly sparse: boolean;
  #flow: Flow | null = null;
  #fromClient = true;
  /** The sides that keep segments, in the order in which they began. */
  readonly #sides = new Map<TcpSide, { readonly flow: Flow; readonly fromClient: boolean }>();

  constructor(sparse: boolean) {
    this.sparse = sparse;
  }

  /** Set for the next segment. */
  of(flow: Flow, fromClient: boolean, timeMs: number): this {
    this.#flow = flow;
    this.#fromClient = fromClient;
    this.timeMs = timeMs;
    return this;
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    this.#flow?.dialogue?.data(this.#fromClient, bytes, start, end, this.timeMs);
  }

  gap(length: number): void {
    this.#flow?.dialogue?.gap(this.#fromClient, length, this.timeMs);
  }

  waits(side: TcpSide): void {
    if (this.#flow && !this.#sides.has(side))
      this.#sides.set(side, { flow: this.#flow, fromClient: this.#fromClient });
  }

  rests(side: TcpSide): void {
    this.#sides.delete(side);
  }

  /** Where too much waits, those who have waited for longest give up. To be called between segments. */
  relieve(timeMs: number): void {
    for (const [side, { flow, fromClient }] of this.#sides) {
      if (this.heldBytes <= maxHeldBytes) return;
      side.giveUp(this.of(flow, fromClient, timeMs));
    }
  }
}
