import { type TrafficAlertRule, TrafficAlerts } from '../../rules/alerts/traffic-alerts.ts';
import { isWebRequest, siteOf } from '../../rules/statistics/names.ts';
import { TrafficCollector } from '../../rules/statistics/traffic-statistics.ts';
import type { DurableRecord } from '../../wire/link.ts';
import { rollupMs } from '../../wire/rollup.ts';
import type { AlertRecord, TrafficRecord } from '../../wire/traffic.ts';
import type { AlertSettings } from '../../wire/traffic-schema.ts';
import { defaultAlertSettings } from '../../wire/traffic-schema.ts';
import { type TrafficStatistics, type TrafficWindow, trafficWindows } from '../../wire/traffic-statistics.ts';
import { ByteDeltas, type InterfaceCounters, type ProcessCounters } from './byte-deltas.ts';
import { TrafficRollup } from './rollup.ts';

/** Requests of each type that are kept one by one, a second; all of them are counted. */
const requestsPerSecond = 50;
/** How often the sums of each window are told to who looks. */
const toldEveryMs: Readonly<Record<TrafficWindow, number>> = {
  '10s': 1_000,
  '1m': 1_000,
  '10m': 5_000,
  '1h': 15_000,
};
/** Names of each group that are told. */
const toldNames = 10;

/** Whose traffic a record is; null fields where it is not known. */
export interface TrafficOwner {
  readonly process_id: number | null;
  readonly process_name: string | null;
}

/**
 * Turns what inspection yields into what the server is told: sums every ten seconds, a bounded sample of the requests
 * themselves, alerts, and for who looks the sums of the last while. Times are Unix milliseconds.
 */
export class TrafficReporter {
  readonly #record: (record: DurableRecord) => void;
  readonly #onRaised: (alert: AlertRecord) => void;
  readonly #rollup = new TrafficRollup();
  #collector: TrafficCollector;
  readonly #told = new Map<TrafficWindow, number>();
  readonly #kept = { http: 0, dns: 0, tls: 0 };
  #alerts: TrafficAlerts;
  readonly #raised = new Map<string, AlertRecord>();
  #settings = defaultAlertSettings;
  #startedAt: number;
  #second = 0;
  readonly #interfaces = new ByteDeltas<InterfaceCounters & { readonly key: string }>();
  readonly #processes = new ByteDeltas<ProcessCounters>();
  #seen = false;

  /** `onRaised` hears of each alert, after its record. */
  constructor(
    record: (record: DurableRecord) => void,
    nowMs: number,
    onRaised: (alert: AlertRecord) => void = () => {},
  ) {
    this.#record = record;
    this.#onRaised = onRaised;
    this.#collector = new TrafficCollector(nowMs);
    this.#alerts = this.#makeAlerts();
    this.#startedAt = startOfRollup(nowMs);
  }

  /** Counts a record. */
  add(record: TrafficRecord, owner: TrafficOwner | null, nowMs: number): void {
    this.tick(nowMs);
    const process = owner?.process_name ?? '';
    this.#seen = true;
    this.#collector.add(record, process, nowMs);
    if (record.type === 'http' && isWebRequest(record)) {
      this.#rollup.addHttp(record, process);
      const site = siteOf(record);
      this.#alerts.addHit({ process, site }, nowMs);
      this.#alerts.addBytes({ site }, record.request_bytes + record.response_bytes, nowMs);
    } else if (record.type === 'dns') this.#rollup.addDns(record, process);
    if (record.type === 'http' || record.type === 'dns' || record.type === 'tls') this.#keep(record, owner);
  }

  /** The counters of the interfaces, for the alerts on their bandwidth. */
  countInterfaces(rows: () => readonly InterfaceCounters[], nowMs: number): void {
    if (this.#settings.bandwidth_threshold === null || nowMs - this.#interfaces.countedMs < 1000) return;
    // What loopback sends it receives as well.
    const counted = rows().map((row) => ({
      ...row,
      key: row.name,
      bytes_received: row.kind === 'loopback' ? 0 : row.bytes_received,
    }));
    this.#interfaces.count(counted, nowMs, ({ name }, bytes) =>
      this.#alerts.addBytes({ interface: name }, bytes, nowMs),
    );
  }

  /** The counters of the processes that moved bytes, for the alerts on their bandwidth. */
  countProcesses(rows: readonly ProcessCounters[], nowMs: number): void {
    if (this.#settings.bandwidth_threshold === null) return;
    this.#processes.count(rows, nowMs, ({ process_name }, bytes) =>
      this.#alerts.addBytes({ process: process_name }, bytes, nowMs),
    );
  }

  /** Lets time pass: what is over is recorded. */
  tick(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    if (second === this.#second) return;
    if (second < this.#second - 1) this.#beginAnew(nowMs);
    this.#second = second;
    this.#kept.http = this.#kept.dns = this.#kept.tls = 0;
    this.#alerts.pass(nowMs);
    const startedAt = startOfRollup(nowMs);
    if (startedAt !== this.#startedAt) this.flush(nowMs);
  }

  /** Records what has been added up so far. */
  flush(nowMs: number): void {
    const rollup = this.#rollup.take(this.#startedAt);
    this.#startedAt = startOfRollup(nowMs);
    if (rollup) this.#record({ kind: 'traffic', rollup });
  }

  /** Records which alerts last, so that a server ends those of which an agent before this one never told the end. */
  recordOpen(nowMs: number): void {
    const open = [...this.#raised.values()].map(({ ts, kind, scope }) => ({ raised_at: ts, kind, scope }));
    this.#record({ kind: 'open_alerts', at: new Date(nowMs).toISOString(), open });
  }

  /** What alerts are held against from now on; those that last are ended by the change. */
  configure(settings: AlertSettings, nowMs: number): void {
    if (JSON.stringify(settings) === JSON.stringify(this.#settings)) return;
    this.#settings = settings;
    this.#endAlerts(nowMs, 'what it was held against has changed');
    this.#alerts = this.#makeAlerts();
  }

  /** Records what there is to record when nothing more will come. */
  stop(nowMs: number): void {
    this.flush(nowMs);
    this.#endAlerts(nowMs, 'the agent stopped');
  }

  /** The clock was set back: nothing of before has a place in time any more. */
  #beginAnew(nowMs: number): void {
    this.#endAlerts(nowMs, 'the clock was set back');
    this.#alerts = this.#makeAlerts();
    this.#collector = new TrafficCollector(nowMs);
    this.#told.clear();
    this.#interfaces.countedMs = 0;
  }

  #endAlerts(nowMs: number, reason: string): void {
    for (const alert of this.#raised.values()) {
      const ts = new Date(nowMs).toISOString();
      const duration_ms = Math.max(0, nowMs - Date.parse(alert.ts));
      const message = `Recovered at ${ts}: ${reason}`;
      this.#record({ kind: 'alert', alert: { ...alert, state: 'recovered', ts, duration_ms, message } });
    }
    this.#raised.clear();
  }

  /** The sums of the windows that are due, all with `full`; empty before there was any traffic. */
  takeStatistics(nowMs: number, full: boolean): TrafficStatistics[] {
    if (!this.#seen) return [];
    const ts = new Date(nowMs).toISOString();
    const due = (Object.keys(trafficWindows) as TrafficWindow[]).filter(
      (window) => full || nowMs - (this.#told.get(window) ?? 0) >= toldEveryMs[window],
    );
    for (const window of due) this.#told.set(window, nowMs);
    return due.map((window) => this.#collector.describe(window, nowMs, ts, toldNames));
  }

  #makeAlerts(): TrafficAlerts {
    return new TrafficAlerts(rulesOf(this.#settings), {
      formatTime: (ms) => new Date(ms).toISOString(),
      onAlert: (alert) => {
        const key = `${alert.kind} ${alert.scope}`;
        if (alert.state === 'raised') this.#raised.set(key, alert);
        else this.#raised.delete(key);
        this.#record({ kind: 'alert', alert });
        if (alert.state === 'raised') this.#onRaised(alert);
      },
    });
  }

  #keep(request: Extract<TrafficRecord, { type: 'http' | 'dns' | 'tls' }>, owner: TrafficOwner | null): void {
    if (this.#kept[request.type]++ >= requestsPerSecond) return;
    const { process_id = null, process_name = null } = owner ?? {};
    this.#record({ kind: 'request', process_id, process_name, request });
  }
}

function rulesOf({ hits_threshold, bandwidth_threshold, window_ms }: AlertSettings): TrafficAlertRule[] {
  const hits = { kind: 'hits', scope: 'all', windowMs: window_ms, threshold: hits_threshold } as const;
  if (bandwidth_threshold === null) return [hits];
  const scopes = ['interface', 'process', 'site'] as const;
  return [
    hits,
    ...scopes.map(
      (scope): TrafficAlertRule => ({
        kind: 'bandwidth',
        scope,
        windowMs: window_ms,
        threshold: bandwidth_threshold,
      }),
    ),
  ];
}

function startOfRollup(nowMs: number): number {
  return Math.floor(nowMs / rollupMs) * rollupMs;
}
