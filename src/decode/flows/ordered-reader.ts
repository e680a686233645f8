import type { Flow } from './flow.ts';
import type { SideReader } from './tcp-side.ts';

/** Hands the bytes of one side to a flow's dialogue. One object, since no two segments are read at once. */
export class OrderedReader implements SideReader {
  timeMs = 0;
  heldBytes = 0;
  readonly sparse: boolean;
  #flow: Flow | null = null;
  #fromClient = true;

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
}
