import { AgingMap } from '../../base/aging-map.ts';
import { bandwidthPoints } from '../../wire/api.ts';
import type { Sample } from '../../wire/machine.ts';

/** A sample counts for a time up to this much before it, half of the distance between two. */
const aheadMs = 50;
/** After this long without a sample an agent adds nothing to the sum. */
const staleMs = 2_000;

/** The newest samples of one thing, as many as the bandwidth history shows. */
export class SampleRing {
  readonly #at = new Float64Array(bandwidthPoints);
  readonly #upload = new Float64Array(bandwidthPoints);
  readonly #download = new Float64Array(bandwidthPoints);
  #end = 0;

  /** The number of the next sample; samples are numbered from 0. */
  get end(): number {
    return this.#end;
  }

  /** Takes in a sample; one not newer than the last is left out. */
  add(at: number, upload: number, download: number): void {
    if (this.#end > 0 && at <= this.#at[(this.#end - 1) % bandwidthPoints]) return;
    const i = this.#end++ % bandwidthPoints;
    this.#at[i] = at;
    this.#upload[i] = upload;
    this.#download[i] = download;
  }

  /** The samples from number `start` on that are still kept, oldest first. */
  from(start: number): Sample[] {
    const samples: Sample[] = [];
    for (let n = Math.max(start, this.#end - bandwidthPoints, 0); n < this.#end; n++) {
      const i = n % bandwidthPoints;
      samples.push([this.#at[i], this.#upload[i], this.#download[i]]);
    }
    return samples;
  }

  /** Adds to each of the samples (oldest first) what this ring held at its time. */
  addTo(samples: Sample[]): void {
    let n = Math.max(0, this.#end - bandwidthPoints);
    for (const sample of samples) {
      while (n < this.#end && this.#at[n % bandwidthPoints] <= sample[0] + aheadMs) n++;
      if (n === 0 || n <= this.#end - bandwidthPoints) continue;
      const i = (n - 1) % bandwidthPoints;
      if (sample[0] - this.#at[i] > staleMs) continue;
      sample[1] += this.#upload[i];
      sample[2] += this.#download[i];
    }
  }
}

/** Rings kept by name; beyond this the one that was longest without a sample goes. */
const maxRings = 512;

/** A ring for each interface, or each process, that has traffic. */
export class SampleRings {
  readonly #rings = new AgingMap<string, SampleRing>();

  add(name: string, samples: readonly Sample[], shiftMs: number): void {
    const ring = this.#rings.get(name) ?? new SampleRing();
    this.#rings.delete(name);
    this.#rings.set(name, ring);
    for (const [at, upload, download] of samples) ring.add(at + shiftMs, upload, download);
    if (this.#rings.size > maxRings) this.#rings.removeOldest();
  }

  get(name: string): SampleRing | undefined {
    return this.#rings.get(name);
  }
}
