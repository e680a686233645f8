import type { EChartsCoreOption } from 'echarts/core';
import { lazy, Suspense, useCallback } from 'react';
import type { ProtocolList } from '../../../../src/wire/traffic-api.ts';
import type { Palette } from '../../charts/echart.tsx';
import { tooltip } from '../../charts/options.ts';
import { assignTones } from '../../charts/tones.ts';
import { formatBytes, formatCount } from '../../lib/format.ts';
import { makeVisible } from '../../lib/visible-text.ts';
import { Loading } from '../../ui/message.tsx';

const EChart = lazy(() => import('../../charts/echart.tsx'));

/** Slices with a name of their own; the others are one. */
const maxSlices = 8;

/** Tones of common protocols. */
const toneOf: Readonly<Record<string, string>> = {
  http: 'blue',
  https: 'green',
  tls: 'green',
  quic: 'purple',
  dns: 'yellow',
  ssh: 'orange',
  ftp: 'red',
};
const otherTones = ['down', 'up', 'orange', 'purple', 'red', 'yellow', 'blue', 'green'] as const;

/** Shares of the protocols in bytes or in connections, as a ring. */
export function Distribution({ list, by }: { list: ProtocolList; by: 'bytes' | 'connections' }) {
  const option = useCallback((palette: Palette) => ringOption(list, by, palette), [list, by]);
  return (
    <Suspense fallback={<Loading what="the chart" />}>
      <EChart label={`Distribution by ${by}`} option={option} className="h-64" />
    </Suspense>
  );
}

function ringOption(list: ProtocolList, by: 'bytes' | 'connections', palette: Palette): EChartsCoreOption {
  const format = by === 'bytes' ? formatBytes : formatCount;
  const slices = new Map<string, number>();
  for (const row of list.protocols) {
    const value = by === 'bytes' ? row.bytes_sent + row.bytes_received : row.connections;
    const name = row.application === null ? 'not recognised' : row.application;
    slices.set(name, (slices.get(name) ?? 0) + value);
  }
  const tones = assignTones([...slices.keys()], toneOf, otherTones);
  const sorted = [...slices].filter(([, value]) => value > 0).sort((a, b) => b[1] - a[1]);
  const rest = sorted.slice(maxSlices).reduce((sum, [, value]) => sum + value, 0);
  const shown = rest > 0 ? [...sorted.slice(0, maxSlices), ['others', rest] as const] : sorted;
  return {
    title: {
      text: by === 'bytes' ? 'Bytes' : 'Connections',
      left: 'center',
      top: '45%',
      textStyle: { color: palette.ink3, fontSize: 12, fontWeight: 'normal' },
    },
    tooltip: { ...tooltip(palette), trigger: 'item', valueFormatter: format },
    series: [
      {
        type: 'pie',
        radius: ['46%', '68%'],
        center: ['50%', '50%'],
        minShowLabelAngle: 6,
        itemStyle: { borderColor: palette.panel, borderWidth: 2 },
        label: {
          color: palette.ink3,
          fontSize: 11,
          lineHeight: 15,
          formatter: ({ name, value }: { name: string; value: number }) => `${name}\n${format(value)}`,
        },
        labelLine: { length: 8, length2: 6, lineStyle: { color: palette.line } },
        data: shown.map(([name, value]) => ({
          name: makeVisible(name, 24),
          value,
          itemStyle: {
            color: palette.tones[isNamed(name) ? (tones.get(name) ?? 'grey') : 'grey'],
            opacity: 0.85,
          },
        })),
      },
    ],
  };
}

function isNamed(name: string): boolean {
  return name !== 'not recognised' && name !== 'others';
}
