import type { EChartsCoreOption } from 'echarts/core';
import type { HistoryStep } from '../../../../src/wire/monitor.ts';
import type { Palette } from '../../charts/echart.tsx';
import { legend, stackedBars, timeAxis, tooltip, valueAxis } from '../../charts/options.ts';
import { formatMs, formatPercent, formatTime } from '../../lib/format.ts';
import {
  failedOf,
  hasEchoes,
  lookOfLoss,
  lossOf,
  phaseLooks,
  phaseNames,
} from '../../lib/monitor-history.ts';
import { fillSteps, type Stepped, startAtFirst } from '../../lib/steps.ts';

/** What the charts of a monitor's history draw; made from the steps alone. */
type Steps = Stepped<HistoryStep>;
type Field = 'min_ms' | 'p10_ms' | 'p25_ms' | 'p50_ms' | 'p75_ms' | 'p90_ms' | 'max_ms';

/** From the least to the greatest, the bands between them darker towards the median. */
const bands: readonly (readonly [from: Field, to: Field, opacity: number])[] = [
  ['min_ms', 'p10_ms', 0.13],
  ['p10_ms', 'p25_ms', 0.24],
  ['p25_ms', 'p75_ms', 0.38],
  ['p75_ms', 'p90_ms', 0.24],
  ['p90_ms', 'max_ms', 0.13],
];
const spreadGrid = { left: 58, right: 22, top: 14, bottom: 24 };
const keyedGrid = { ...spreadGrid, top: 34 };
const quiet = { symbol: 'none', silent: true, lineStyle: { width: 0 } } as const;

/** What share of each step is bad: echoes that were lost, or rounds that failed where a round is one answer. */
function badShare(steps: Steps): (step: HistoryStep) => number | null {
  return hasEchoes(steps.points) ? lossOf : failedOf;
}

/**
 * The spread of all echoes as smoke around their median, which is marked where some were lost, up to `ceiling` (in
 * milliseconds) where there is one.
 */
export function smokeOption(
  steps: Steps,
  palette: Palette,
  { ceiling, compact = false }: { ceiling: number | null; compact?: boolean },
): EChartsCoreOption {
  const now = Date.now();
  const range = startAtFirst(steps);
  const bad = badShare(steps);
  const read = (pick: (step: HistoryStep) => number | null) => fillSteps(range, pick, null, now);
  const points = new Map(range.points.map((point) => [Date.parse(point.timestamp), point]));
  const medians = read((step) => step.p50_ms);
  const base = {
    ...quiet,
    type: 'line',
    stack: 'smoke',
    stackStrategy: 'all',
    data: read((step) => step.min_ms),
  };
  return {
    grid: compact ? { ...spreadGrid, top: 8 } : spreadGrid,
    tooltip: {
      ...tooltip(palette),
      trigger: 'axis',
      formatter: (items: readonly { axisValue: number }[]) =>
        tellStep(points.get(items[0]?.axisValue), hasEchoes(steps.points), now),
    },
    xAxis: timeAxis(palette, range),
    yAxis: {
      ...valueAxis(palette, (value) => (value === 0 ? '0' : formatMs(value))),
      min: 0,
      ...(ceiling !== null && { max: ceiling, interval: ceiling / (compact ? 2 : 4) }),
    },
    series: [
      base,
      ...bands.map(([from, to, opacity]) => ({
        ...quiet,
        type: 'line',
        stack: 'smoke',
        stackStrategy: 'all',
        areaStyle: { color: palette.ink3, opacity },
        data: read((step) => difference(step[from], step[to])),
      })),
      {
        type: 'line',
        name: 'median',
        color: palette.tones.green,
        lineStyle: { width: 1.75 },
        showAllSymbol: true,
        symbol: 'none',
        data: medians.map(([at, value], place) => {
          const step = points.get(at);
          const { symbol, tone } = lookOfLoss(step ? bad(step) : null);
          const alone = value !== null && !isDrawn(medians[place - 1]) && !isDrawn(medians[place + 1]);
          return {
            value: [at, value],
            // Without a neighbour there is no line that would show it.
            symbol: symbol === 'none' && alone ? 'circle' : symbol,
            symbolSize: 8,
            itemStyle: { color: palette.tones[tone] },
          };
        }),
      },
      // Where nothing came back there is no median to mark.
      {
        type: 'line',
        color: palette.tones.red,
        lineStyle: { width: 0 },
        showAllSymbol: true,
        symbol: 'diamond',
        symbolSize: 8,
        data: read((step) => (bad(step) === 1 && step.p50_ms === null ? 0 : null)),
      },
    ],
  };
}

function isDrawn(value: readonly [number, number | null] | undefined): boolean {
  return value !== undefined && value[1] !== null;
}

function difference(from: number | null, to: number | null): number | null {
  return from === null || to === null ? null : Math.max(0, to - from);
}

function tellStep(step: HistoryStep | undefined, echoes: boolean, now: number): string {
  if (!step) return 'no round';
  const { at, rounds, down, degraded, unknown, min_ms, p25_ms, p50_ms, p75_ms, p90_ms, max_ms } = step;
  const bad = [
    down > 0 && `${down} down`,
    degraded > 0 && `${degraded} degraded`,
    unknown > 0 && `${unknown} unknown`,
  ].filter((part) => part !== false);
  const loss = lossOf(step);
  return [
    formatTime(at, now),
    `median ${formatMs(p50_ms)}`,
    `middle half ${formatMs(p25_ms)} – ${formatMs(p75_ms)}`,
    `90 % below ${formatMs(p90_ms)}`,
    `all ${formatMs(min_ms)} – ${formatMs(max_ms)}`,
    ...(echoes ? [`loss ${loss === null ? '–' : formatPercent(loss * 100)}`] : []),
    `${rounds} rounds${bad.length > 0 ? `: ${bad.join(', ')}` : ''}`,
  ].join('\n');
}

/** Share of what was lost or failed in each step, coloured as the marks of the median are. */
export function badOption(steps: Steps, palette: Palette): EChartsCoreOption {
  const now = Date.now();
  const range = startAtFirst(steps);
  const read = badShare(steps);
  return {
    grid: spreadGrid,
    tooltip: {
      ...tooltip(palette),
      trigger: 'axis',
      valueFormatter: (value: number | null) => (value === null ? '–' : formatPercent(value)),
    },
    xAxis: timeAxis(palette, range),
    yAxis: { ...valueAxis(palette, (value) => `${value} %`), min: 0, max: 100, splitNumber: 2 },
    series: [
      {
        ...stackedBars,
        name: hasEchoes(steps.points) ? 'lost' : 'failed',
        data: fillSteps(range, read, null, now).map(([at, share]) => ({
          value: [at + range.resolution_ms / 2, share === null ? null : share * 100],
          itemStyle: { color: palette.tones[lookOfLoss(share).tone] },
        })),
      },
    ],
  };
}

/** What a round's time is made of, on the average of each step. */
export function phasesOption(steps: Steps, palette: Palette): EChartsCoreOption {
  const now = Date.now();
  const range = startAtFirst(steps);
  const seen = phaseNames.filter((name) => range.points.some(({ phases }) => phases[name] !== null));
  return {
    grid: keyedGrid,
    legend: legend(palette),
    tooltip: { ...tooltip(palette), trigger: 'axis', valueFormatter: formatMs },
    xAxis: timeAxis(palette, range),
    yAxis: { ...valueAxis(palette, (value) => (value === 0 ? '0' : formatMs(value))), min: 0 },
    series: seen.map((name) => ({
      ...stackedBars,
      name: phaseLooks[name].label,
      stack: 'phases',
      itemStyle: { color: palette.tones[phaseLooks[name].tone], opacity: 0.85 },
      data: fillSteps(range, ({ phases }) => phases[name], null, now).map(([at, value]) => [
        at + range.resolution_ms / 2,
        value,
      ]),
    })),
  };
}

const agentTones = ['blue', 'orange', 'green', 'purple', 'yellow', 'red', 'up', 'down', 'grey'] as const;
const agentSymbols = ['circle', 'triangle', 'rect', 'diamond', 'pin'] as const;

/** The medians of several agents beside each other; told apart by colour and by shape. */
export function compareOption(
  agents: readonly (readonly [agent: string, steps: Steps])[],
  palette: Palette,
): EChartsCoreOption {
  const now = Date.now();
  const [, longest] = agents[0];
  const points = agents.flatMap(([, steps]) => steps.points);
  const range = startAtFirst({ ...longest, points });
  return {
    grid: keyedGrid,
    legend: legend(palette),
    tooltip: { ...tooltip(palette), trigger: 'axis', valueFormatter: formatMs },
    xAxis: timeAxis(palette, range),
    yAxis: { ...valueAxis(palette, (value) => (value === 0 ? '0' : formatMs(value))), min: 0 },
    series: agents.map(([agent, steps], place) => ({
      type: 'line',
      name: agent,
      color: palette.tones[agentTones[place % agentTones.length]],
      symbol: agentSymbols[place % agentSymbols.length],
      symbolSize: 6,
      showAllSymbol: true,
      lineStyle: { width: 1.5 },
      data: markSome(fillSteps({ ...range, points: steps.points }, (step) => step.p50_ms, null, now)),
    })),
  };
}

/** Marks on a line, so many that it is known by them and not hidden. */
const marks = 16;

function markSome(values: readonly (readonly [number, number | null])[]): object[] {
  const every = Math.ceil(values.length / marks);
  return values.map((value, place) => (place % every === 0 ? { value } : { value, symbol: 'none' }));
}
