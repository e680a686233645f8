import type { AlertRecord } from '../../wire/traffic.ts';
import { shorten } from '../statistics/names.ts';
import { Watch } from './watch.ts';

/** Cells of one second that the watches of a rule have together, 2 MB: 2,184 sites at the default window. */
const maxCells = 262_144;
/** Watches looked at for the one to give up when there are too many. */
const lookedAt = 16;
/** Longest window, in milliseconds: an hour. */
const maxWindowMs = 3_600_000;

/** What an amount belongs to; each part that is known is watched by the rules of its scope. */
export interface AlertNames {
  readonly interface?: string;
  readonly process?: string;
  readonly site?: string;
}

export interface TrafficAlertRule {
  readonly kind: AlertRecord['kind'];
  /** What is added up by itself: all traffic, or that of each interface, process or site. */
  readonly scope: 'all' | keyof AlertNames;
  /** In whole seconds, from one second to an hour. */
  readonly windowMs: number;
  /** Hits in the window, or bytes per second on average over it. */
  readonly threshold: number;
}

/** 500 requests in two minutes. */
export const defaultTrafficAlertRules: readonly TrafficAlertRule[] = [
  { kind: 'hits', scope: 'all', windowMs: 120_000, threshold: 500 },
];

export interface TrafficAlertsDeps {
  readonly onAlert: (record: AlertRecord) => void;
  /** The wall-clock time of `nowMs`, RFC 3339; `nowMs` may be that of a monotonic clock. */
  readonly formatTime: (nowMs: number) => string;
}

/**
 * Tells when traffic gets high and when it has calmed down. The clock comes with each call and only ever goes on; `pass`
 * once a second makes recoveries timely, and their times are exact without it.
 */
export class TrafficAlerts {
  /** Names no longer watched for want of room. */
  evicted = 0;
  readonly #deps: TrafficAlertsDeps;
  readonly #watched: readonly { readonly rule: TrafficAlertRule; readonly byName: Map<string, Watch> }[];

  constructor(rules: readonly TrafficAlertRule[], deps: TrafficAlertsDeps) {
    this.#deps = deps;
    this.#watched = rules.map((rule) => ({ rule, byName: new Map() }));
  }

  /** One HTTP request. */
  addHit(names: AlertNames, nowMs: number): void {
    this.#add('hits', names, 1, nowMs);
  }

  /** Bytes passed since the last call for the same names. Only an amount of all traffic belongs to no name at all. */
  addBytes(names: AlertNames, bytes: number, nowMs: number): void {
    this.#add('bandwidth', names, bytes, nowMs);
  }

  /** Lets time pass. */
  pass(nowMs: number): void {
    for (const { byName } of this.#watched) for (const watch of byName.values()) watch.pass(nowMs);
  }

  #add(kind: AlertRecord['kind'], names: AlertNames, amount: number, nowMs: number): void {
    for (const { rule, byName } of this.#watched) {
      if (rule.kind !== kind) continue;
      const name = rule.scope === 'all' ? '' : names[rule.scope];
      if (name === undefined || (name === '' && rule.scope !== 'all')) continue;
      this.#watch(rule, byName, shorten(name), nowMs)?.add(amount, nowMs);
    }
  }

  #watch(rule: TrafficAlertRule, byName: Map<string, Watch>, name: string, nowMs: number): Watch | null {
    const known = byName.get(name);
    if (known) return known;
    const seconds = Math.max(1, Math.round(Math.min(rule.windowMs, maxWindowMs) / 1000));
    if (byName.size >= maxCells / seconds && !this.#evict(byName)) return null;
    const threshold = rule.kind === 'hits' ? rule.threshold : rule.threshold * seconds;
    const scope = rule.scope === 'all' ? 'all' : `${rule.scope}:${name}`;
    const watch = new Watch(seconds, threshold, nowMs, (state, atMs, value) =>
      this.#tell(rule, scope, state, atMs, rule.kind === 'hits' ? value : value / seconds, watch),
    );
    byName.set(name, watch);
    return watch;
  }

  #evict(byName: Map<string, Watch>): boolean {
    this.evicted++;
    let least: { readonly name: string; readonly value: number } | null = null;
    let left = lookedAt;
    for (const [name, { value, raisedMs }] of byName) {
      if (raisedMs === null && (!least || value < least.value)) least = { name, value };
      if (--left === 0) break;
    }
    return least !== null && byName.delete(least.name);
  }

  #tell(
    { kind, threshold, windowMs }: TrafficAlertRule,
    scope: string,
    state: AlertRecord['state'],
    atMs: number,
    value: number,
    { raisedMs }: Watch,
  ): void {
    const ts = this.#deps.formatTime(atMs);
    const duration_ms = state === 'recovered' ? Math.round(atMs - (raisedMs ?? atMs)) : null;
    const about = scope === 'all' ? '' : ` (${scope.replace(':', ' ')})`;
    const amount = kind === 'hits' ? `hits = ${value}` : `bandwidth = ${formatRate(value)}`;
    const message =
      duration_ms === null
        ? `High traffic${about}: ${amount}, at ${ts}`
        : `Recovered${about} at ${ts}, after ${formatDuration(duration_ms)}`;
    const told = kind === 'hits' ? value : Math.round(value);
    this.#deps.onAlert({
      type: 'alert',
      ts,
      kind,
      scope,
      state,
      value: told,
      threshold,
      window_ms: windowMs,
      duration_ms,
      message,
    });
  }
}

function formatRate(bytesPerSecond: number): string {
  if (bytesPerSecond < 1000) return `${Math.round(bytesPerSecond)} B/s`;
  if (bytesPerSecond < 1e6) return `${(bytesPerSecond / 1e3).toFixed(1)} kB/s`;
  return `${(bytesPerSecond / 1e6).toFixed(1)} MB/s`;
}

function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const told = parts.filter(([amount]) => amount > 0).map(([amount, unit]) => `${amount} ${unit}`);
  return told.length === 0 ? '0 s' : told.join(' ');
}
