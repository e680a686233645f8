import type { EChartsCoreOption } from 'echarts/core';
import { lazy, Suspense, useCallback } from 'react';
import type { DnsSummary } from '../../../../src/wire/traffic-api.ts';
import type { Palette } from '../../charts/echart.tsx';
import { legend, stackedBars, timeAxis, tooltip, valueAxis } from '../../charts/options.ts';
import { formatCount } from '../../lib/format.ts';
import { centreSteps, fillSteps, startAtFirst } from '../../lib/steps.ts';
import { Loading } from '../../ui/message.tsx';

const EChart = lazy(() => import('../../charts/echart.tsx'));

type Point = DnsSummary['points'][number];

const parts: readonly (readonly [string, string, (point: Point) => number])[] = [
  ['answered', 'green', ({ queries, failures, unanswered }) => queries - failures - unanswered],
  ['failed', 'orange', ({ failures }) => failures],
  ['no answer', 'red', ({ unanswered }) => unanswered],
];

/** Questions over time: answered, failed, not answered. */
export function DnsChart({ summary }: { summary: DnsSummary }) {
  const option = useCallback((palette: Palette) => chartOption(summary, palette), [summary]);
  return (
    <Suspense fallback={<Loading what="the chart" />}>
      <EChart label="Questions over time, by result" option={option} className="h-48" />
    </Suspense>
  );
}

function chartOption(summary: DnsSummary, palette: Palette): EChartsCoreOption {
  const now = Date.now();
  const range = startAtFirst(summary);
  return {
    grid: { left: 44, right: 22, top: 34, bottom: 24 },
    legend: legend(palette),
    tooltip: { ...tooltip(palette), trigger: 'axis', valueFormatter: formatCount },
    xAxis: timeAxis(palette, range),
    yAxis: { ...valueAxis(palette, (value) => formatCount(value)), minInterval: 1 },
    series: parts.map(([name, tone, read]) => ({
      ...stackedBars,
      name,
      stack: 'questions',
      itemStyle: { color: palette.tones[tone], opacity: 0.85 },
      data: centreSteps(fillSteps(range, read, 0, now), range),
    })),
  };
}
