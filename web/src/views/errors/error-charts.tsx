import type { EChartsCoreOption } from 'echarts/core';
import { lazy, Suspense, useCallback } from 'react';
import type { ErrorList } from '../../../../src/client/rest.ts';
import type { Palette } from '../../charts/echart.tsx';
import { legend, tooltip } from '../../charts/options.ts';
import { assignTones } from '../../charts/tones.ts';
import { countByErrno } from '../../lib/error-summary.ts';
import { formatClock, formatCount, formatTime } from '../../lib/format.ts';
import { makeVisible } from '../../lib/visible-text.ts';
import { Loading } from '../../ui/message.tsx';

const EChart = lazy(() => import('../../charts/echart.tsx'));

/** Most errnos with a colour of their own; the others are summed up. */
const maxSeries = 7;

/** Steps that are shown at least: those before the first failure are left out. */
const leastSteps = 8;

/** Failures over the range in steps of a 24th, stacked by errno. */
export function ErrorTimeline({ list }: { list: ErrorList }) {
  const option = useCallback((palette: Palette) => timelineOption(list, palette), [list]);
  return (
    <Suspense fallback={<Loading what="the chart" />}>
      <EChart label="Failures over time, by errno" option={option} className="h-60" />
    </Suspense>
  );
}

/** Tones of the common errnos. */
const errnoTones: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'red',
  ECONNRESET: 'orange',
  ETIMEDOUT: 'yellow',
  ECONNABORTED: 'purple',
  EHOSTUNREACH: 'blue',
  ENETUNREACH: 'up',
};
const otherTones = ['down', 'green', 'yellow', 'purple', 'blue', 'up'] as const;

/** The colour of each errno of an answer, the same in both charts. */
function colorsOf({ timeline }: ErrorList, palette: Palette): (errno: string) => string {
  const tones = assignTones(Object.keys(timeline), errnoTones, otherTones);
  return (errno) => palette.tones[tones.get(errno) ?? 'grey'];
}

/** Share of each errno. */
export function ErrnoShare({ list }: { list: ErrorList }) {
  const option = useCallback((palette: Palette) => shareOption(list, palette), [list]);
  return (
    <Suspense fallback={<Loading what="the chart" />}>
      <EChart label="Share of each errno" option={option} className="h-60" />
    </Suspense>
  );
}

function timelineOption(list: ErrorList, palette: Palette): EChartsCoreOption {
  const { since, until, timeline } = list;
  const colorOf = colorsOf(list, palette);
  const from = Date.parse(since);
  const step = (Date.parse(until) - from) / 24;
  const long = step > 3_600_000;
  const first = Math.min(...Object.values(timeline).map((counts) => counts.findIndex((count) => count > 0)));
  const begin = Math.max(0, Math.min(first - 1, 24 - leastSteps));
  const label = (index: number): string => {
    const at = from + index * step;
    return long
      ? formatTime(new Date(at).toISOString(), 0).slice(5, 16)
      : formatClock(at).slice(0, step < 60_000 ? 8 : 5);
  };
  const entries = Object.entries(timeline).sort((a, b) => sum(b[1]) - sum(a[1]));
  const shown = entries.slice(0, maxSeries);
  const rest = entries.slice(maxSeries).map(([, counts]) => counts);
  if (rest.length > 0) shown.push(['others', rest[0].map((_, at) => sum(rest.map((counts) => counts[at])))]);
  return {
    grid: { left: 44, right: 12, top: 34, bottom: 24 },
    legend: legend(palette),
    tooltip: { ...tooltip(palette), trigger: 'axis', axisPointer: { type: 'shadow' } },
    xAxis: {
      type: 'category',
      data: Array.from({ length: 24 - begin }, (_, index) => label(begin + index)),
      axisLine: { lineStyle: { color: palette.line } },
      axisTick: { show: false },
      axisLabel: { color: palette.ink3, fontSize: 11 },
    },
    yAxis: {
      type: 'value',
      minInterval: 1,
      splitNumber: 4,
      splitLine: { lineStyle: { color: palette.line } },
      axisLabel: { color: palette.ink3, fontSize: 11 },
    },
    series: shown.map(([name, counts]) => ({
      type: 'bar',
      itemStyle: { color: colorOf(name), opacity: 0.85 },
      stack: 'errors',
      name: makeVisible(name, 32),
      data: counts.slice(begin),
      barCategoryGap: '22%',
    })),
  };
}

function shareOption(list: ErrorList, palette: Palette): EChartsCoreOption {
  const colorOf = colorsOf(list, palette);
  const counts = countByErrno(list.errors);
  const shown = counts.slice(0, maxSeries).map(([name, value]) => ({
    name: makeVisible(name, 32),
    value,
    itemStyle: { color: colorOf(name), opacity: 0.85 },
  }));
  const others = sum(counts.slice(maxSeries).map(([, value]) => value));
  if (others > 0)
    shown.push({ name: 'others', value: others, itemStyle: { color: palette.tones.grey, opacity: 0.85 } });
  return {
    tooltip: { ...tooltip(palette), trigger: 'item' },
    series: [
      {
        type: 'pie',
        radius: ['48%', '72%'],
        center: ['50%', '52%'],
        itemStyle: { borderColor: palette.panel, borderWidth: 2 },
        label: {
          color: palette.ink3,
          fontSize: 11,
          lineHeight: 15,
          formatter: ({ name, value }: { name: string; value: number }) => `${name}\n${formatCount(value)}`,
        },
        labelLine: { length: 8, length2: 6, lineStyle: { color: palette.line } },
        data: shown,
      },
    ],
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
