import { BarChart, LineChart, PieChart } from 'echarts/charts';
import {
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TitleComponent,
  TooltipComponent,
} from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';
import { useTheme } from '../app/theme.ts';

use([
  BarChart,
  LineChart,
  PieChart,
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TitleComponent,
  TooltipComponent,
  CanvasRenderer,
]);

const tones = ['red', 'orange', 'yellow', 'green', 'blue', 'purple', 'grey', 'up', 'down'] as const;

/** Colours of the theme, as a chart needs them. */
export interface Palette {
  readonly ink: string;
  readonly ink3: string;
  readonly line: string;
  readonly panel: string;
  readonly raised: string;
  /** By tone. */
  readonly tones: Readonly<Record<string, string>>;
}

/** A chart of history. Owns the ECharts instance and nothing else; tooltips are drawn, never HTML. */
export default function EChart(props: {
  label: string;
  option: (palette: Palette) => EChartsCoreOption;
  className?: string;
}) {
  const { label, option, className = '' } = props;
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<ReturnType<typeof init> | null>(null);
  const theme = useTheme();
  useEffect(() => {
    const made = init(host.current!, null, { renderer: 'canvas' });
    chart.current = made;
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(host.current!);
    return () => {
      observer.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the palette is read from the theme's CSS
  useEffect(() => {
    chart.current?.setOption({ animation: false, ...option(readPalette()) }, { notMerge: true });
  }, [option, theme]);
  return (
    <figure aria-label={label} className={`relative min-w-0 overflow-hidden ${className}`}>
      <div ref={host} className="absolute inset-0" />
    </figure>
  );
}

function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: color('ink'),
    ink3: color('ink-3'),
    line: color('line'),
    panel: color('panel'),
    raised: color('raised'),
    tones: Object.fromEntries(tones.map((tone) => [tone, color(tone)])),
  };
}
