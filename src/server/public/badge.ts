import { escapeUnsafe } from '../../platform/reporter.ts';
import type { MonitorState } from '../../wire/monitor.ts';
import { html } from '../http/html.ts';

/** Backgrounds for white text, each with a contrast of 4.5 and more. */
const stateColors: Readonly<Record<MonitorState, string>> = {
  up: '#1a7f37',
  degraded: '#8a5d00',
  partial: '#b04a00',
  down: '#c11f2b',
  unknown: '#57606a',
  pending: '#57606a',
  stopped: '#57606a',
};

/** States in words, for everybody. */
export const stateWords: Readonly<Record<MonitorState, string>> = {
  up: 'up',
  degraded: 'degraded',
  partial: 'partially down',
  down: 'down',
  unknown: 'unknown',
  pending: 'unknown',
  stopped: 'not watched',
};

export function stateColor(state: MonitorState): string {
  return stateColors[state];
}

/** Share of time in which it was not down: green from 99 % on, red below 95 %. */
export function uptimeColor(share: number | null): string {
  if (share === null) return stateColors.unknown;
  if (share >= 0.99) return stateColors.up;
  return share >= 0.95 ? stateColors.degraded : stateColors.down;
}

/** A share as a percentage; what is not all of the time is never rounded up to it. */
export function formatShare(share: number | null): string {
  if (share === null) return 'no data';
  return share === 1 ? '100 %' : `${(Math.floor(share * 10_000) / 100).toFixed(2)} %`;
}

const maxLabel = 40;
/** Of a character at 11 px, on average, and around a text. */
const characterPx = 6.6;
const paddingPx = 12;

/** A badge as SVG: a label and a value on a ground of that colour. */
export function renderBadge(label: string, value: string, color: string): string {
  const name = escapeUnsafe(
    label.length > maxLabel ? `${label.slice(0, maxLabel - 1).toWellFormed()}…` : label,
  );
  const left = Math.ceil(name.length * characterPx + paddingPx);
  const right = Math.ceil(value.length * characterPx + paddingPx);
  const width = left + right;
  return html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" role="img" aria-label="${name}: ${value}">
<title>${name}: ${value}</title>
<clipPath id="r"><rect width="${width}" height="20" rx="3"/></clipPath>
<g clip-path="url(#r)"><rect width="${left}" height="20" fill="#24292f"/><rect x="${left}" width="${right}" height="20" fill="${color}"/></g>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
<text x="${left / 2}" y="14">${name}</text><text x="${left + right / 2}" y="14">${value}</text></g>
</svg>
`.text;
}
