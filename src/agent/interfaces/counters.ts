import type { LinkCounters } from '../../decode/rtnetlink.ts';

/** A counter this much below its limit when last read may have wrapped; below it, its driver was reset. */
const wrapMargin = 2 ** 31;
const limit32 = 2 ** 32;
/** Rates are taken over at least this long, where readings are that frequent. */
const windowMs = 500;
/** Readings kept for the rates. */
const maxReadings = 8;

const names = [
  'bytesSent',
  'bytesReceived',
  'packetsSent',
  'packetsReceived',
  'errorsSent',
  'errorsReceived',
  'dropsSent',
  'dropsReceived',
] as const satisfies readonly (keyof LinkCounters)[];

/**
 * How much a counter advanced. Some drivers count in 32 bits and wrap; one that was reset starts at 0, and what it has
 * counted since is the advance.
 */
export function advance(before: number, now: number): number {
  if (now >= before) return now - before;
  const wrapped = before < limit32 && before > limit32 - wrapMargin && now < wrapMargin;
  return wrapped ? now + limit32 - before : now;
}

export interface LinkRates {
  upload: number;
  download: number;
  packetsSent: number;
  packetsReceived: number;
}

interface Reading {
  readonly atMs: number;
  readonly totals: LinkCounters;
}

/** Totals of one interface that never fall, and its rates per second. */
export class LinkMeter {
  /** As the kernel counts since the interface was made, and on from there over wraps and resets. */
  readonly totals: LinkCounters;
  readonly rates: LinkRates = { upload: 0, download: 0, packetsSent: 0, packetsReceived: 0 };
  #last: LinkCounters;
  readonly #readings: Reading[];

  constructor(counters: LinkCounters, atMs: number) {
    this.totals = { ...counters };
    this.#last = counters;
    this.#readings = [{ atMs, totals: { ...counters } }];
  }

  /** Takes a reading over; the answer says whether any counter or rate changed. */
  read(counters: LinkCounters, atMs: number): boolean {
    let changed = false;
    for (const name of names) {
      const by = advance(this.#last[name], counters[name]);
      if (by !== 0) changed = true;
      this.totals[name] += by;
    }
    this.#last = counters;
    this.#readings.push({ atMs, totals: { ...this.totals } });
    if (this.#readings.length > maxReadings) this.#readings.shift();
    return this.#measure(atMs) || changed;
  }

  /** Bytes sent and received per second since the reading before the last. */
  latest(): readonly [number, number] {
    const now = this.#readings[this.#readings.length - 1];
    const before = this.#readings[this.#readings.length - 2] ?? now;
    const seconds = Math.max(1, now.atMs - before.atMs) / 1000;
    return [
      Math.round((now.totals.bytesSent - before.totals.bytesSent) / seconds),
      Math.round((now.totals.bytesReceived - before.totals.bytesReceived) / seconds),
    ];
  }

  #measure(atMs: number): boolean {
    let from = this.#readings.length - 2;
    while (from > 0 && atMs - this.#readings[from].atMs < windowMs) from--;
    const { atMs: fromMs, totals } = this.#readings[from];
    const seconds = Math.max(1, atMs - fromMs) / 1000;
    const { rates } = this;
    const { upload, download } = rates;
    rates.upload = (this.totals.bytesSent - totals.bytesSent) / seconds;
    rates.download = (this.totals.bytesReceived - totals.bytesReceived) / seconds;
    rates.packetsSent = (this.totals.packetsSent - totals.packetsSent) / seconds;
    rates.packetsReceived = (this.totals.packetsReceived - totals.packetsReceived) / seconds;
    return rates.upload !== upload || rates.download !== download;
  }
}
