import { lazy, Suspense, useCallback } from 'react';
import type { DnsSummary } from '../../../../src/wire/traffic-api.ts';
import type { Palette } from '../../charts/echart.tsx';
import { type CountedPart, countsOption } from '../../charts/options.ts';
import { Loading } from '../../ui/message.tsx';

const EChart = lazy(() => import('../../charts/echart.tsx'));

type Point = DnsSummary['points'][number];

const parts: readonly CountedPart<Point>[] = [
  ['answered', 'green', ({ queries, failures, unanswered }) => queries - failures - unanswered],
  ['failed', 'orange', ({ failures }) => failures],
  ['no answer', 'red', ({ unanswered }) => unanswered],
];

/** Questions over time: answered, failed, not answered. */
export function DnsChart({ summary }: { summary: DnsSummary }) {
  const option = useCallback((palette: Palette) => countsOption(summary, parts, palette), [summary]);
  return (
    <Suspense fallback={<Loading what="the chart" />}>
      <EChart label="Questions over time, by result" option={option} className="h-48" />
    </Suspense>
  );
}
