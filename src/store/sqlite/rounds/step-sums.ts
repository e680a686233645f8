import { LatencyHistogram } from '../../../base/histogram.ts';
import type { HistoryStep, MonitorResult } from '../../../wire/monitor.ts';
import type { Outcome, Phases } from '../../../wire/probe.ts';
import type { SqlValue } from '../columns.ts';

const phaseNames: readonly (keyof Phases)[] = [
  'resolve_ms',
  'connect_ms',
  'tls_ms',
  'processing_ms',
  'transfer_ms',
];

/** The columns of a step, after those that say which one it is. */
export const stepColumns = [
  'up',
  'degraded',
  'down',
  'unknown',
  'echoes',
  'lost',
  'least',
  'most',
  'total',
  'latency',
  'phases',
] as const;

/** What the rounds of a step add up to. Times are in milliseconds. */
export class StepSums {
  readonly outcomes: Record<Outcome, number> = { up: 0, degraded: 0, down: 0, unknown: 0 };
  echoes = 0;
  lost = 0;
  least = Number.POSITIVE_INFINITY;
  most = 0;
  total = 0;
  readonly latency = new LatencyHistogram();
  /** For each phase its sum and the number of rounds that had it. */
  readonly phases: number[] = new Array<number>(phaseNames.length * 2).fill(0);

  /** Rounds that say something of the target. */
  get judged(): number {
    return this.outcomes.up + this.outcomes.degraded + this.outcomes.down;
  }

  add(result: MonitorResult): void {
    this.outcomes[result.outcome]++;
    for (const echo of result.echoes) this.#addEcho(echo);
    for (const [i, name] of phaseNames.entries()) {
      const ms = result.phases[name];
      if (ms === null) continue;
      this.phases[i * 2] += ms;
      this.phases[i * 2 + 1]++;
    }
  }

  /** Adds a step as it was stored. */
  addRow(row: readonly unknown[]): void {
    const [up, degraded, down, unknown, echoes, lost, least, most, total] = row.map(Number);
    this.outcomes.up += up;
    this.outcomes.degraded += degraded;
    this.outcomes.down += down;
    this.outcomes.unknown += unknown;
    this.echoes += echoes;
    this.lost += lost;
    if (row[6] !== null) this.least = Math.min(this.least, least);
    if (row[7] !== null) this.most = Math.max(this.most, most);
    this.total += total;
    this.latency.merge(JSON.parse(String(row[9])) as number[]);
    for (const [i, sum] of (JSON.parse(String(row[10])) as number[]).entries()) this.phases[i] += sum;
  }

  toRow(): SqlValue[] {
    const { up, degraded, down, unknown } = this.outcomes;
    const came = this.latency.total > 0;
    return [
      up,
      degraded,
      down,
      unknown,
      this.echoes,
      this.lost,
      came ? this.least : null,
      came ? this.most : null,
      this.total,
      JSON.stringify(this.latency.toPairs()),
      this.phases.some((sum) => sum > 0) ? JSON.stringify(this.phases.map(round)) : '[]',
    ];
  }

  toStep(at: number): HistoryStep {
    const { up, degraded, down, unknown } = this.outcomes;
    const came = this.latency.total;
    const quantile = (share: number): number | null => {
      const value = this.latency.quantile(share);
      return value === null ? null : round(Math.min(Math.max(value, this.least), this.most));
    };
    return {
      at: new Date(at).toISOString(),
      rounds: up + degraded + down + unknown,
      up,
      degraded,
      down,
      unknown,
      echoes: this.echoes,
      lost: this.lost,
      min_ms: came > 0 ? this.least : null,
      p10_ms: quantile(0.1),
      p25_ms: quantile(0.25),
      p50_ms: quantile(0.5),
      p75_ms: quantile(0.75),
      p90_ms: quantile(0.9),
      max_ms: came > 0 ? this.most : null,
      avg_ms: came > 0 ? round(this.total / came) : null,
      phases: Object.fromEntries(
        phaseNames.map((name, i) => [
          name,
          this.phases[i * 2 + 1] > 0 ? round(this.phases[i * 2] / this.phases[i * 2 + 1]) : null,
        ]),
      ) as Phases,
    };
  }

  #addEcho(ms: number | null): void {
    this.echoes++;
    if (ms === null) {
      this.lost++;
      return;
    }
    this.least = Math.min(this.least, ms);
    this.most = Math.max(this.most, ms);
    this.total += ms;
    this.latency.add(ms);
  }
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
