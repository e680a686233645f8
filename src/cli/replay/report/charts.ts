import { bucketLatency, type Histogram } from '../../../base/histogram.ts';
import type { StatusCounts } from '../../../wire/traffic-statistics.ts';
import { formatCount, formatElapsed } from '../../format.ts';
import type { TimeSlot } from '../timeline.ts';
import { type Content, html, type Markup } from './html.ts';

/** Size of a wide chart and the room for its labels, in units of its view box. */
const width = 1160;
const height = 220;
const left = 64;
const right = 12;
const top = 22;
const bottom = 24;
const innerWidth = width - left - right;
const innerHeight = height - top - bottom;
/** Colours of series, `c0` to `c7`; the last one is for the rest. */
export const seriesColours = 8;

export interface TimeAxis {
  readonly startMs: number;
  readonly slotMs: number;
  readonly count: number;
}

/** A moment drawn as a line, with what it means. */
export interface Mark {
  readonly timeMs: number;
  readonly kind: 'raised' | 'recovered';
  readonly text: string;
}

/** One curve over time, filled. */
export function drawCurve(
  values: readonly number[],
  axis: TimeAxis,
  format: (value: number) => string,
): Markup {
  const most = niceCeiling(Math.max(...values, 0));
  const points = values.map((value, i) => `${xOf(i + 0.5, axis)},${yOf(value, most)}`).join(' ');
  const base = yOf(0, most);
  return frame(
    [
      html`<polygon class="area" points="${xOf(0.5, axis)},${base} ${points} ${xOf(values.length - 0.5, axis)},${base}"/>`,
      html`<polyline class="curve" points="${points}"/>`,
    ],
    axis,
    most,
    format,
  );
}

/** How requests ended, stacked, with the marks of alerts. */
export function drawRequests(slots: readonly TimeSlot[], axis: TimeAxis, marks: readonly Mark[]): Markup {
  const parts = [
    ['ok', 'hits', 'answered'],
    ['warn', 'clientErrors', '4xx'],
    ['bad', 'serverErrors', '5xx'],
    ['none', 'unanswered', 'unanswered'],
  ] as const;
  const sums = slots.map((slot) => slot.hits + slot.clientErrors + slot.serverErrors + slot.unanswered);
  const most = niceCeiling(Math.max(...sums, 1));
  const slotWidth = innerWidth / axis.count;
  const bars = slots.flatMap((slot, i) => {
    let under = 0;
    return parts.flatMap(([colour, name, what]) => {
      const value = slot[name];
      if (value === 0) return [];
      const y = yOf(under + value, most);
      const barHeight = yOf(under, most) - y;
      under += value;
      return html`<rect class="${colour}" x="${xOf(i, axis)}" y="${y}" width="${round(Math.max(1, slotWidth - 1))}" height="${round(barHeight)}"><title>${formatClock(axis.startMs + i * axis.slotMs)}: ${value} ${what}</title></rect>`;
    });
  });
  const lines = marks.map(({ timeMs, kind, text }) => {
    const x = xOf((timeMs - axis.startMs) / axis.slotMs, axis);
    return html`<line class="${kind}" x1="${x}" x2="${x}" y1="${top - 12}" y2="${height - bottom}"><title>${text}</title></line><text x="${x}" y="${top - 13}" text-anchor="middle">${kind}</text>`;
  });
  return frame([...bars, ...lines], axis, most, (value) => formatCount(value));
}

function frame(
  content: readonly Content[],
  axis: TimeAxis,
  most: number,
  format: (value: number) => string,
): Markup {
  const lines = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const y = yOf(share * most, most);
    return html`<line class="gridline" x1="${left}" x2="${width - right}" y1="${y}" y2="${y}"/><text x="${left - 8}" y="${y + 4}" text-anchor="end">${format(share * most)}</text>`;
  });
  const times = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const anchor = share === 0 ? 'start' : share === 1 ? 'end' : 'middle';
    const time = formatClock(
      axis.startMs + share * axis.count * axis.slotMs,
      axis.count * axis.slotMs < 10_000,
    );
    return html`<text x="${round(left + share * innerWidth)}" y="${height - 6}" text-anchor="${anchor}">${time}</text>`;
  });
  return html`<div class="scroll"><svg class="wide" viewBox="0 0 ${width} ${height}" role="img">${lines}${content}${times}</svg></div>`;
}

const xOf = (slot: number, { count }: TimeAxis): number =>
  round(left + (Math.min(Math.max(slot, 0), count) / count) * innerWidth);
const yOf = (value: number, most: number): number => round(top + (1 - value / most) * innerHeight);
const round = (value: number): number => Math.round(value * 10) / 10;

/** 1, 2 or 5 times a power of ten, not below the value. */
function niceCeiling(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 8, 10].map((factor) => factor * power).find((one) => one >= value) ?? value;
}

/** Time of day in UTC. */
export function formatClock(ms: number, precise = false): string {
  return new Date(ms).toISOString().slice(11, precise ? 23 : 19);
}

/** A ring of shares, largest first, with a text in the middle. */
export function drawRing(shares: readonly { name: string; value: number }[], middle: string): Markup {
  const all = shares.reduce((sum, { value }) => sum + value, 0) || 1;
  const [radius, inner] = [100, 66];
  let from = 0;
  const arcs = shares.map(({ name, value }, i) => {
    // A whole circle has no arc: its ends would be the same point.
    const to = from + Math.min(value / all, 0.99999);
    const path = describeArc(from, to, radius, inner);
    from = to;
    return html`<path class="c${Math.min(i, seriesColours - 1)}" d="${path}"><title>${name}: ${((value / all) * 100).toFixed(1)} %</title></path>`;
  });
  return html`<svg class="small" viewBox="-104 -104 208 208" role="img">${arcs}<text class="big" text-anchor="middle" y="7">${middle}</text></svg>`;
}

function describeArc(from: number, to: number, radius: number, inner: number): string {
  const point = (share: number, distance: number): string =>
    `${round(Math.sin(share * 2 * Math.PI) * distance)} ${round(-Math.cos(share * 2 * Math.PI) * distance)}`;
  const large = to - from > 0.5 ? 1 : 0;
  return `M${point(from, radius)}A${radius} ${radius} 0 ${large} 1 ${point(to, radius)}L${point(to, inner)}A${inner} ${inner} 0 ${large} 0 ${point(from, inner)}Z`;
}

/** A bar in a table's cell: `value` of `most`. */
export function drawBar(value: number, most: number, colour = 'c0'): Markup {
  const share = most > 0 ? round((value / most) * 100) : 0;
  return html`<svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="8"/><rect class="${colour}" width="${share}" height="8"/></svg>`;
}

const statusColours = {
  '1xx': 'c6',
  '2xx': 'ok',
  '3xx': 'moved',
  '4xx': 'warn',
  '5xx': 'bad',
  none: 'none',
} as const satisfies Record<keyof StatusCounts, string>;
export const statusNames = Object.keys(statusColours) as readonly (keyof StatusCounts)[];

/** One bar of the classes of status. */
export function drawStatuses(statuses: StatusCounts): Markup {
  const all = statusNames.reduce((sum, name) => sum + statuses[name], 0) || 1;
  let x = 0;
  const parts = statusNames.map((name) => {
    const share = (statuses[name] / all) * 100;
    const part = html`<rect class="${statusColours[name]}" x="${round(x)}" width="${round(share)}" height="8"><title>${name}: ${statuses[name]}</title></rect>`;
    x += share;
    return part;
  });
  return html`<svg viewBox="0 0 100 8" preserveAspectRatio="none" role="img">${parts}</svg>`;
}

/** What the colours mean. */
export function drawLegend(entries: readonly (readonly [colour: string, text: string])[]): Markup {
  return html`<ul class="legend">${entries.map(([colour, text]) => html`<li><svg viewBox="0 0 10 10" aria-hidden="true"><rect class="${colour}" width="10" height="10" rx="2"/></svg>${text}</li>`)}</ul>`;
}

export function drawStatusLegend(statuses: StatusCounts): Markup {
  return drawLegend(
    statusNames
      .filter((name) => statuses[name] > 0)
      .map((name) => [
        statusColours[name],
        `${name === 'none' ? 'unanswered' : name}: ${formatCount(statuses[name])}`,
      ]),
  );
}

/** Buckets of a histogram that make a bar: each is 1.1 times the one before. */
const bucketsPerBar = 4;

/** How long answers took, on a logarithmic scale, with its percentiles. */
export function drawLatencies(
  times: Histogram,
  percentiles: readonly (readonly [name: string, ms: number | null])[],
): Markup {
  const [w, h, floor] = [560, 190, 166];
  const bars = new Map<number, number>();
  for (let i = 0; i + 1 < times.length; i += 2) {
    const bar = Math.floor(times[i] / bucketsPerBar);
    bars.set(bar, (bars.get(bar) ?? 0) + times[i + 1]);
  }
  const first = Math.min(...bars.keys()) - 1;
  const count = Math.max(...bars.keys()) + 2 - first;
  const most = Math.max(...bars.values());
  const x = (ms: number): number =>
    round(
      (((Math.log(ms) - Math.log(bucketLatency(first * bucketsPerBar))) / Math.log(1.1 ** bucketsPerBar)) *
        w) /
        count,
    );
  const rects = [...bars].map(([bar, value]) => {
    const barHeight = Math.max(1, (value / most) * (floor - 30));
    const about = formatElapsed(bucketLatency((bar + 0.5) * bucketsPerBar));
    return html`<rect class="c0" x="${round(((bar - first) * w) / count)}" y="${round(floor - barHeight)}" width="${round(Math.max(1, w / count - 1))}" height="${round(barHeight)}"><title>about ${about}: ${value}</title></rect>`;
  });
  const labels = [0.001, 0.01, 0.1, 1, 10, 100, 1000, 10_000, 100_000]
    .filter((ms) => x(ms) >= 10 && x(ms) <= w - 20)
    .map(
      (ms) =>
        html`<text x="${x(ms)}" y="${h - 6}" text-anchor="middle">${ms < 0.1 ? `${ms * 1000} µs` : formatElapsed(ms)}</text>`,
    );
  const marks = percentiles
    .filter((one): one is [string, number] => one[1] !== null)
    .map(
      ([name, ms], i) =>
        html`<line class="mark" x1="${x(ms)}" x2="${x(ms)}" y1="${8 + i * 11}" y2="${floor}"/><text x="${x(ms) + 4}" y="${16 + i * 11}">${name} ${formatElapsed(ms)}</text>`,
    );
  return html`<svg viewBox="0 0 ${w} ${h}" role="img">${rects}<line class="axis" x1="0" x2="${w}" y1="${floor}" y2="${floor}"/>${labels}${marks}</svg>`;
}
