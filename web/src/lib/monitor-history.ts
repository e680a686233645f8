import type { MonitorHistory } from '../../../src/client/monitor-rest.ts';
import type { HistoryStep } from '../../../src/wire/monitor.ts';
import type { Phases } from '../../../src/wire/probe.ts';
import type { Tone } from './state-tone.ts';
import type { Stepped } from './steps.ts';

/** The parts of a round's time, in order. */
export const phaseLooks = {
  resolve_ms: { label: 'resolve', tone: 'purple' },
  connect_ms: { label: 'connect', tone: 'blue' },
  tls_ms: { label: 'TLS', tone: 'yellow' },
  processing_ms: { label: 'processing', tone: 'green' },
  transfer_ms: { label: 'transfer', tone: 'orange' },
} as const satisfies Record<keyof Phases, { label: string; tone: Tone }>;
export const phaseNames = Object.keys(phaseLooks) as readonly (keyof Phases)[];

/** The steps of an agent, as charts of stretches take them. */
export function stepsOf(history: MonitorHistory, agent: string): Stepped<HistoryStep> {
  const { since, until, step_ms, agents } = history;
  const points = (Object.hasOwn(agents, agent) ? agents[agent] : []).map((step) => ({
    ...step,
    timestamp: step.at,
  }));
  // Steps lie on multiples of their length; the range that was asked for need not.
  const first = Math.floor(Date.parse(since) / step_ms) * step_ms;
  return { since: new Date(first).toISOString(), until, resolution_ms: step_ms, points };
}

/** Share of what was sent that did not come back, 0 to 1; null where nothing was sent. */
export function lossOf({ echoes, lost }: Pick<HistoryStep, 'echoes' | 'lost'>): number | null {
  return echoes === 0 ? null : lost / echoes;
}

/** Whether rounds consist of several echoes; of other kinds each round is one answer. */
export function hasEchoes(steps: readonly Pick<HistoryStep, 'echoes' | 'rounds'>[]): boolean {
  return steps.some(({ echoes, rounds }) => echoes > rounds);
}

/** Share of the rounds that say something and failed, 0 to 1; null where there are none. */
export function failedOf({
  rounds,
  unknown,
  down,
}: Pick<HistoryStep, 'rounds' | 'unknown' | 'down'>): number | null {
  return rounds === unknown ? null : down / (rounds - unknown);
}

/** The scale reaches this many times as far as nine tenths of any step. */
const headroom = 1.5;
/** Numbers that a scale may end with, of the first digit. */
const ends = [1, 2, 3, 4, 5, 6, 8, 10] as const;

/**
 * Where the scale of response times ends, in milliseconds, so that a few that took far longer than all others do not
 * press the rest to the ground; null without any.
 */
export function ceilingOf(steps: readonly Pick<HistoryStep, 'p90_ms' | 'max_ms'>[]): number | null {
  const most = longestOf(steps);
  const usual = headroom * Math.max(0, ...steps.map(({ p90_ms }) => p90_ms ?? 0));
  const needed = usual > 0 ? Math.min(usual, most) : most;
  if (needed <= 0) return null;
  const decade = 10 ** Math.floor(Math.log10(needed));
  return (ends.find((one) => one * decade >= needed) ?? 10) * decade;
}

/** What took longest, in milliseconds; 0 without any. */
export function longestOf(steps: readonly Pick<HistoryStep, 'max_ms'>[]): number {
  return Math.max(0, ...steps.map(({ max_ms }) => max_ms ?? 0));
}

/** How loss is drawn: a colour, and a shape for who sees no colours. */
export interface LossLook {
  /** Up to this share. */
  readonly most: number;
  readonly label: string;
  readonly tone: Tone;
  readonly symbol: 'circle' | 'rect' | 'triangle' | 'diamond' | 'none';
  /** The same shape as a character. */
  readonly sign: string;
}
export const lossLooks: readonly LossLook[] = [
  { most: 0, label: 'none', tone: 'green', symbol: 'none', sign: '–' },
  { most: 0.05, label: 'up to 5 %', tone: 'blue', symbol: 'circle', sign: '●' },
  { most: 0.2, label: 'up to 20 %', tone: 'purple', symbol: 'rect', sign: '■' },
  { most: 0.5, label: 'up to 50 %', tone: 'orange', symbol: 'triangle', sign: '▲' },
  { most: 1, label: 'more', tone: 'red', symbol: 'diamond', sign: '◆' },
];

export function lookOfLoss(share: number | null): LossLook {
  return lossLooks.find(({ most }) => (share ?? 0) <= most) ?? lossLooks[lossLooks.length - 1];
}

const dayMs = 86_400_000;

/** A day in UTC, as the server adds up. */
export interface Day {
  /** Unix ms of its beginning. */
  readonly at: number;
  readonly rounds: number;
  readonly failed: number;
  /** Share of the rounds that say something and did not fail, over all agents; null where there are none. */
  readonly share: number | null;
}

/** The last `count` days up to `now`, the oldest first, with what the rounds of all agents add up to. */
export function sumDays(history: MonitorHistory, count: number, now: number): Day[] {
  const sums = new Map<number, { known: number; failed: number; rounds: number }>();
  for (const steps of Object.values(history.agents)) {
    for (const { at, rounds, unknown, down } of steps) {
      const day = dayOf(Date.parse(at));
      const sum = sums.get(day) ?? { known: 0, failed: 0, rounds: 0 };
      sums.set(day, sum);
      sum.rounds += rounds;
      sum.known += rounds - unknown;
      sum.failed += down;
    }
  }
  const today = dayOf(now);
  return Array.from({ length: count }, (_, place) => {
    const at = today - (count - 1 - place) * dayMs;
    const sum = sums.get(at);
    const share = sum && sum.known > 0 ? 1 - sum.failed / sum.known : null;
    return { at, rounds: sum?.rounds ?? 0, failed: sum?.failed ?? 0, share };
  });
}

function dayOf(ms: number): number {
  return Math.floor(ms / dayMs) * dayMs;
}
