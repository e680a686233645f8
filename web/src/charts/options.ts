import type { EChartsCoreOption } from 'echarts/core';
import { formatCount } from '../lib/format.ts';
import { centreSteps, fillSteps, type Stepped, startAtFirst } from '../lib/steps.ts';
import type { Palette } from './echart.tsx';

/** The parts that every chart of history has in common. */

/** A tooltip that is drawn, never HTML. */
export function tooltip(palette: Palette): object {
  return {
    renderMode: 'richText',
    backgroundColor: palette.raised,
    borderColor: palette.line,
    textStyle: { color: palette.ink, fontSize: 12 },
  };
}

export function legend(palette: Palette): object {
  return {
    top: 2,
    left: 8,
    itemWidth: 10,
    itemHeight: 10,
    textStyle: { color: palette.ink3, fontSize: 11 },
    type: 'scroll',
    pageIconColor: palette.ink3,
    pageTextStyle: { color: palette.ink3 },
  };
}

/** Bars of equal stretches of time. */
export const stackedBars = { type: 'bar', barCategoryGap: '6%' } as const;

/** A time axis over the range of an answer, as far as it is past; a stretch that has begun is shown whole. */
export function timeAxis(
  palette: Palette,
  { since, until, resolution_ms }: { since: string; until: string; resolution_ms: number },
): object {
  const from = Date.parse(since);
  const past = Math.min(Date.parse(until), Date.now()) - from;
  return {
    type: 'time',
    min: from,
    max: from + Math.ceil(past / resolution_ms) * resolution_ms,
    axisLine: { lineStyle: { color: palette.line } },
    axisTick: { show: false },
    axisLabel: { color: palette.ink3, fontSize: 11, hideOverlap: true },
    splitLine: { show: false },
  };
}

export function valueAxis(palette: Palette, format: (value: number) => string): object {
  return {
    type: 'value',
    splitNumber: 3,
    splitLine: { lineStyle: { color: palette.line } },
    axisLabel: { color: palette.ink3, fontSize: 11, formatter: format },
  };
}

/** A part of what was counted in a stretch: its name, its tone, and how it is read. */
export type CountedPart<Point> = readonly [name: string, tone: string, read: (point: Point) => number];

/** Bars of what was counted over time, the parts of each on top of each other; `marks` go onto the first of them. */
export function countsOption<Point>(
  steps: Stepped<Point>,
  parts: readonly CountedPart<Point>[],
  palette: Palette,
  marks: (range: Stepped<Point>, now: number) => object = () => ({}),
): EChartsCoreOption {
  const now = Date.now();
  const range = startAtFirst(steps);
  return {
    grid: { left: 44, right: 22, top: 34, bottom: 24 },
    legend: legend(palette),
    tooltip: { ...tooltip(palette), trigger: 'axis', valueFormatter: formatCount },
    xAxis: timeAxis(palette, range),
    yAxis: { ...valueAxis(palette, (value) => formatCount(value)), minInterval: 1 },
    series: parts.map(([name, tone, read], place) => ({
      ...stackedBars,
      name,
      stack: 'counts',
      itemStyle: { color: palette.tones[tone], opacity: 0.85 },
      data: centreSteps(fillSteps(range, read, 0, now), range),
      ...(place === 0 && marks(range, now)),
    })),
  };
}
