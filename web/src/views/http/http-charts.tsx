import type { EChartsCoreOption } from 'echarts/core';
import { lazy, Suspense, useCallback } from 'react';
import type { AlertRow, HttpTimeline } from '../../../../src/wire/traffic-api.ts';
import type { Palette } from '../../charts/echart.tsx';
import {
  type CountedPart,
  countsOption,
  legend,
  timeAxis,
  tooltip,
  valueAxis,
} from '../../charts/options.ts';
import { formatDuration } from '../../lib/format.ts';
import { centreSteps, fillSteps, startAtFirst } from '../../lib/steps.ts';
import { Loading } from '../../ui/message.tsx';

const EChart = lazy(() => import('../../charts/echart.tsx'));

const statusTones = [
  ['1xx', 'grey'],
  ['2xx', 'green'],
  ['3xx', 'blue'],
  ['4xx', 'orange'],
  ['5xx', 'red'],
  ['none', 'purple'],
] as const;

/** Hits by status over time, with the alerts on them: from the raise to the recovery. */
export function HitsChart({ timeline, alerts }: { timeline: HttpTimeline; alerts: readonly AlertRow[] }) {
  const option = useCallback((palette: Palette) => hitsOption(timeline, alerts, palette), [timeline, alerts]);
  return (
    <Suspense fallback={<Loading what="the chart" />}>
      <EChart label="Hits over time, by status, with alerts" option={option} className="h-56" />
    </Suspense>
  );
}

function hitsOption(
  timeline: HttpTimeline,
  alerts: readonly AlertRow[],
  palette: Palette,
): EChartsCoreOption {
  const parts = statusTones
    .filter(([name]) => timeline.total.statuses[name] > 0)
    .map(
      ([name, tone]): CountedPart<HttpTimeline['points'][number]> => [
        name === 'none' ? 'no answer' : name,
        tone,
        ({ statuses }) => statuses[name],
      ],
    );
  return countsOption(timeline, parts, palette, (range, now) => markAlerts(range, alerts, palette, now));
}

/** A shaded stretch for each alert, a line where it was raised and one where it recovered. */
function markAlerts(
  { since, until }: Pick<HttpTimeline, 'since' | 'until'>,
  alerts: readonly AlertRow[],
  palette: Palette,
  now: number,
): object {
  const from = Date.parse(since);
  const shown = alerts.filter(
    ({ kind, recovered_at }) => kind === 'hits' && Date.parse(recovered_at ?? until) >= from,
  );
  const label = { fontSize: 10, distance: 2 };
  const line = (at: number, formatter: string, tone: string): object => ({
    xAxis: at,
    lineStyle: { color: palette.tones[tone], type: 'solid', width: 1.5 },
    label: { ...label, formatter, color: palette.tones[tone] },
  });
  return {
    markArea: {
      silent: true,
      itemStyle: { color: palette.tones.red, opacity: 0.12 },
      data: shown.map(({ raised_at, recovered_at }) => [
        { xAxis: Math.max(from, Date.parse(raised_at)) },
        { xAxis: recovered_at === null ? now : Date.parse(recovered_at) },
      ]),
    },
    markLine: {
      silent: true,
      symbol: 'none',
      data: shown.flatMap(({ raised_at, recovered_at }) => [
        ...(Date.parse(raised_at) >= from ? [line(Date.parse(raised_at), '▲', 'red')] : []),
        ...(recovered_at === null ? [] : [line(Date.parse(recovered_at), '▼', 'green')]),
      ]),
    },
  };
}

const percentiles = [
  ['p50_ms', 'median', 'green'],
  ['p95_ms', '95 %', 'yellow'],
  ['p99_ms', '99 %', 'red'],
] as const;

/** Response times over time. */
export function LatencyChart({ timeline }: { timeline: HttpTimeline }) {
  const option = useCallback((palette: Palette) => latencyOption(timeline, palette), [timeline]);
  return (
    <Suspense fallback={<Loading what="the chart" />}>
      <EChart label="Response times over time" option={option} className="h-56" />
    </Suspense>
  );
}

function latencyOption(timeline: HttpTimeline, palette: Palette): EChartsCoreOption {
  const now = Date.now();
  const range = startAtFirst(timeline);
  return {
    grid: { left: 54, right: 22, top: 34, bottom: 24 },
    legend: legend(palette),
    tooltip: { ...tooltip(palette), trigger: 'axis', valueFormatter: formatDuration },
    xAxis: timeAxis(palette, range),
    yAxis: valueAxis(palette, (value) => (value === 0 ? '0' : formatDuration(value))),
    series: percentiles.map(([field, name, tone]) => ({
      type: 'line',
      name,
      color: palette.tones[tone],
      symbol: 'circle',
      symbolSize: 4,
      showAllSymbol: false,
      lineStyle: { width: 1.5 },
      data: centreSteps(
        fillSteps(range, (point) => point[field], null, now),
        range,
      ),
    })),
  };
}
