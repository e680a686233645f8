import type { Sample } from '../../../src/wire/machine.ts';

/**
 * The last `capacity` samples as three columns, oldest first, in arrays that are never reallocated: what a chart reads
 * ten times a second. Columns are written into arrays of twice the capacity and moved back when those are full, so
 * that a reader always gets one contiguous view.
 */
export class ColumnBuffer {
  readonly #capacity: number;
  readonly #time: Float64Array;
  readonly #upload: Float64Array;
  readonly #download: Float64Array;
  #start = 0;
  #end = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#time = new Float64Array(capacity * 2);
    this.#upload = new Float64Array(capacity * 2);
    this.#download = new Float64Array(capacity * 2);
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** Unix milliseconds of the newest sample; 0 when there is none. */
  get newest(): number {
    return this.length === 0 ? 0 : this.#time[this.#end - 1];
  }

  clear(): void {
    this.#start = 0;
    this.#end = 0;
  }

  /** Adds a sample; one that is not newer than the last is dropped, as time never runs back in a chart. */
  push([time, upload, download]: Sample): void {
    if (this.length > 0 && time <= this.newest) return;
    if (this.#end === this.#capacity * 2) this.#moveBack();
    this.#time[this.#end] = time;
    this.#upload[this.#end] = upload;
    this.#download[this.#end] = download;
    this.#end++;
    if (this.length > this.#capacity) this.#start++;
  }

  /** Views of the samples, valid until the next push. */
  columns(): readonly [time: Float64Array, upload: Float64Array, download: Float64Array] {
    return [
      this.#time.subarray(this.#start, this.#end),
      this.#upload.subarray(this.#start, this.#end),
      this.#download.subarray(this.#start, this.#end),
    ];
  }

  /** Copies of the samples, for a picture that is held. */
  copy(): [Float64Array, Float64Array, Float64Array] {
    const [time, upload, download] = this.columns();
    return [time.slice(), upload.slice(), download.slice()];
  }

  #moveBack(): void {
    for (const column of [this.#time, this.#upload, this.#download]) {
      column.copyWithin(0, this.#start, this.#end);
    }
    this.#end -= this.#start;
    this.#start = 0;
  }
}
