import type { FlowRecord, TrafficRecord } from '../../wire/traffic.ts';
import { type TrafficStatistics, type TrafficWindow, trafficWindows } from '../../wire/traffic-statistics.ts';
import { EncryptedFlows } from './encrypted-flows.ts';
import { shorten } from './names.ts';
import { Period } from './period.ts';

/** How finely each window slides, in milliseconds: a period of each is made of whole ones of the one before. */
const slides = { '10s': 1_000, '1m': 5_000, '10m': 30_000, '1h': 180_000 } as const;
/** Names told of in each group unless asked otherwise. */
export const defaultLimit = 20;

/** A window: the period under way and those before it, oldest first. */
interface Level {
  readonly windowMs: number;
  readonly slideMs: number;
  open: Period;
  readonly kept: Period[];
}

/**
 * Sums over the last 10 s, 1 min, 10 min and 1 h. A record changes the sums of the current second alone; a second that
 * is over is added to the period of 5 s under way, and so on. A window therefore ends now and begins at a multiple of its
 * slide, at most that much after its length; `covered_ms` says how much it is. Time comes with each call and only ever
 * goes on; it is that of the clock for live traffic and that of the packets for a file.
 */
export class TrafficCollector {
  readonly #levels: Level[];
  readonly #flows = new EncryptedFlows((names, ...amounts) => this.#current.addEncrypted(names, ...amounts));
  readonly #startedMs: number;
  #nowMs: number;

  constructor(nowMs: number) {
    this.#startedMs = nowMs;
    this.#nowMs = nowMs;
    this.#levels = Object.entries(trafficWindows).map(([name, windowMs]) => {
      const slideMs = slides[name as TrafficWindow];
      return { windowMs, slideMs, open: new Period(startOf(nowMs, slideMs)), kept: [] };
    });
  }

  /** Counts a record; `process` is the name of the one it belongs to, empty where it is not known. */
  add(record: TrafficRecord, process: string, nowMs: number): void {
    this.#advance(nowMs);
    const name = shorten(process);
    if (record.type === 'http') this.#current.addHttp(record, name);
    else if (record.type === 'dns') this.#current.addDns(record, name);
    else if (record.type === 'tls') this.#flows.begin(record, name);
    else if (record.type === 'flow') this.#flows.end(record);
  }

  /** What an open connection has passed so far, so that a long one counts before its end. Others than TLS are ignored. */
  progress(
    flow: Pick<FlowRecord, 'src' | 'dst' | 'protocol'>,
    bytesSent: number,
    bytesReceived: number,
    nowMs: number,
  ): void {
    this.#advance(nowMs);
    this.#flows.progress(flow, bytesSent, bytesReceived);
  }

  /** The sums of a window that ends now, with the `limit` largest of each group; `ts` is the time of `nowMs`. */
  describe(window: TrafficWindow, nowMs: number, ts: string, limit = defaultLimit): TrafficStatistics {
    this.#advance(nowMs);
    const level = Object.keys(trafficWindows).indexOf(window);
    const { windowMs, slideMs, kept } = this.#levels[level];
    const beginMs = startOf(this.#nowMs - windowMs + slideMs - 1, slideMs);
    const sum = new Period(beginMs);
    for (const period of kept) if (period.startMs >= beginMs) sum.merge(period);
    for (const { open } of this.#levels.slice(0, level + 1)) sum.merge(open);
    const coveredMs = Math.min(this.#nowMs - beginMs, this.#nowMs - this.#startedMs);
    return { window, ts, covered_ms: coveredMs, ...sum.describe(limit, coveredMs) };
  }

  get #current(): Period {
    return this.#levels[0].open;
  }

  #advance(nowMs: number): void {
    if (nowMs > this.#nowMs) this.#nowMs = nowMs;
    if (this.#nowMs < this.#current.startMs + this.#levels[0].slideMs) return;
    for (const [i, level] of this.#levels.entries()) {
      const { open, slideMs, windowMs, kept } = level;
      if (this.#nowMs < open.startMs + slideMs) break;
      kept.push(open);
      this.#levels[i + 1]?.open.merge(open);
      while (kept.length > 0 && kept[0].startMs < this.#nowMs - windowMs) kept.shift();
      level.open = new Period(startOf(this.#nowMs, slideMs));
    }
  }
}

const startOf = (ms: number, slideMs: number): number => Math.floor(ms / slideMs) * slideMs;
