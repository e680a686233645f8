/**
 * What lies between an agent's clock and the server's, as NTP finds it: the server asks for a frame, which the agent
 * answers with what it reads at that moment. The frame's time lies between the two moments at which the server asked and
 * had the answer, so that the middle is off by half the round trip at most; of the last few the shortest counts.
 */
const samples = 8;
/** With fewer the server asks again at once: the first answer is that of two ends that are busy with each other. */
const fewSamples = 4;
/** A difference beyond what round trips explain is a clock that was set, ms. */
const jumpMs = 1_000;
/** A frame of that age, or that far in the future, was more likely read by another clock than long under way, ms. */
const suspectMs = 5_000;
/** A time further off is none: 95 years. */
const maxOffsetMs = 3e12;
/** Share of the newest frame in the lag that is told. */
const newest = 0.2;

interface Sample {
  readonly roundTripMs: number;
  readonly offsetMs: number;
}

export interface ClockSources {
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonic: () => number;
}

export class LinkClock {
  readonly #sources: ClockSources;
  #samples: Sample[] = [];
  #asked: { readonly sync: number; readonly at: number; readonly wall: number } | null = null;
  #first: number | null = null;
  #lagMs: number | null = null;
  #isSuspect = false;

  constructor(sources: ClockSources = { now: Date.now, monotonic: () => performance.now() }) {
    this.#sources = sources;
  }

  /** The agent's clock less the server's, ms; null before the first frame. */
  get offsetMs(): number | null {
    if (this.#samples.length === 0) return this.#first;
    return this.#best().offsetMs;
  }

  /** From a reading to the server's having it, ms; null before the clocks were compared. */
  get lagMs(): number | null {
    return this.#lagMs;
  }

  /** Whether another comparison is worth its frame now: there were few, or a frame's time fits none of them. */
  get isRough(): boolean {
    return this.#asked === null && (this.#samples.length < fewSamples || this.#isSuspect);
  }

  /** The agent's clock now, Unix milliseconds. */
  agentNow(): number {
    return this.#sources.now() + (this.offsetMs ?? 0);
  }

  /** The server asks for a frame under this number. */
  asked(sync: number): void {
    this.#asked ??= { sync, at: this.#sources.monotonic(), wall: this.#sources.now() };
  }

  /** A frame has come that was read at `at` by the agent's clock; `sync` is the last request that it answers. */
  arrived(at: number, sync: number | undefined): void {
    if (Math.abs(at - this.#sources.now()) > maxOffsetMs) return;
    const asked = this.#asked;
    if (asked && sync !== undefined && sync >= asked.sync) {
      this.#asked = null;
      if (sync === asked.sync) this.#compare(at, asked.wall, this.#sources.monotonic() - asked.at);
    }
    this.#first ??= at - this.#sources.now();
    if (this.#samples.length === 0) return;
    const age = this.#sources.now() - (at - this.#best().offsetMs);
    this.#isSuspect = Math.abs(age) > suspectMs;
    const lag = Math.max(0, age);
    this.#lagMs = this.#lagMs === null ? lag : this.#lagMs + newest * (lag - this.#lagMs);
  }

  #compare(at: number, wall: number, roundTripMs: number): void {
    const sample = { roundTripMs, offsetMs: at - (wall + roundTripMs / 2) };
    const best = this.#samples.length === 0 ? null : this.#best();
    const allowed = jumpMs + (roundTripMs + (best?.roundTripMs ?? 0)) / 2;
    if (best && Math.abs(sample.offsetMs - best.offsetMs) > allowed) {
      this.#samples = [];
      this.#lagMs = null;
    }
    this.#samples.push(sample);
    if (this.#samples.length > samples) this.#samples.shift();
  }

  #best(): Sample {
    return this.#samples.reduce((best, each) => (each.roundTripMs < best.roundTripMs ? each : best));
  }
}
