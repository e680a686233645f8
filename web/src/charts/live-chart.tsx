import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import { type Theme, useTheme } from '../app/theme.ts';
import { formatClock, formatRate } from '../lib/format.ts';
import type { ColumnBuffer } from '../live/column-buffer.ts';
import { useLiveStore } from '../live/use-live.ts';
import { agoLabels, niceCeiling, rateLabels } from './axis.ts';
import { fillQuiet } from './fill-quiet.ts';

/** Width of the window in milliseconds: 300 points of 100 ms. */
const windowMs = 30_000;
const nothing: [number[], number[], number[]] = [[], [], []];

interface LiveChartProps {
  /** Answers the samples to draw; asked once per animation frame with news. */
  readonly read: () => ColumnBuffer | null;
  readonly label: string;
  /** Holds the picture as it is. */
  readonly paused?: boolean;
  /** Samples come only while there is traffic; between them there is none. */
  readonly sparse?: boolean;
  /** Without axes and tooltip, for a small place. */
  readonly compact?: boolean;
  readonly className?: string;
}

/** Upload and download over the last 30 s, drawn as samples come. Owns the uPlot instance and nothing else. */
export function LiveChart(props: LiveChartProps) {
  const { read, label, paused = false, sparse = false, compact = false, className = '' } = props;
  const host = useRef<HTMLDivElement>(null);
  const live = useRef({ read, paused });
  const shown = useRef<uPlot.AlignedData>(nothing);
  const store = useLiveStore();
  const theme = useTheme();
  live.current = { read, paused };

  useEffect(() => {
    const element = host.current!;
    const chart = new uPlot(makeOptions(element, theme, compact), shown.current, element);
    let drawn = -1;
    const draw = (): void => {
      if (live.current.paused && shown.current[0].length > 0) return;
      const buffer = live.current.read();
      const newest = buffer?.newest ?? 0;
      const now = sparse ? Math.max(newest, store.frameTime) : newest;
      // Once a burst has left the window, its flat line stays as it is.
      const state = sparse && now - newest > 2 * windowMs ? 0 : now;
      if (state === drawn) return;
      drawn = state;
      const samples = buffer?.copy() ?? nothing;
      shown.current = sparse ? fillQuiet(samples, now - windowMs, now) : samples;
      chart.setData(shown.current);
      element.dataset.newest = String(newest);
      element.dataset.points = String(samples[0].length);
    };
    const sizes = new ResizeObserver(() => {
      if (element.clientWidth > 0) chart.setSize(sizeOf(element));
    });
    sizes.observe(element);
    const stop = store.listen(draw);
    draw();
    return () => {
      stop();
      sizes.disconnect();
      chart.destroy();
    };
  }, [store, theme, compact, sparse]);

  return (
    <figure aria-label={label} className={`relative min-w-0 overflow-hidden ${className}`}>
      <div ref={host} className="absolute inset-0" />
    </figure>
  );
}

function sizeOf(element: HTMLElement): { width: number; height: number } {
  return { width: element.clientWidth, height: element.clientHeight };
}

function makeOptions(element: HTMLElement, theme: Theme, compact: boolean): uPlot.Options {
  const color = (name: string): string =>
    getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const axis = { stroke: color('--ink-3'), font: '11px Arial, sans-serif', ticks: { show: false } };
  const grid = { stroke: color('--line'), width: 1 };
  return {
    ...sizeOf(element),
    ms: 1,
    legend: { show: false },
    padding: compact ? [4, 0, 0, 0] : [10, 22, 0, 4],
    cursor: compact
      ? { show: false }
      : { y: false, drag: { x: false, y: false }, points: { size: 7, width: 2 }, focus: { prox: -1 } },
    scales: {
      x: { time: false, range: (_plot, _min, max) => [(max ?? windowMs) - windowMs, max ?? windowMs] },
      y: { range: (_plot, _min, max) => [0, niceCeiling(max ?? 0)] },
    },
    axes: [
      {
        ...axis,
        show: !compact,
        grid: { show: false },
        size: 24,
        gap: 4,
        splits: (_plot, _axis, min, max) => spread(min, max, xSteps),
        values: noLabels,
      },
      {
        ...axis,
        show: !compact,
        grid,
        size: 72,
        gap: 6,
        splits: (_plot, _axis, min, max) => spread(min, max, ySteps),
        values: noLabels,
      },
    ],
    series: [
      {},
      makeSeries('Upload', color('--up'), theme, compact),
      makeSeries('Download', color('--down'), theme, compact),
    ],
    plugins: compact ? [] : [makeLabels(), makeTooltip()],
  };
}

/** Steps of the axes. */
const xSteps = 6;
const ySteps = 4;

function spread(min: number, max: number, steps: number): number[] {
  return Array.from({ length: steps + 1 }, (_, step) => min + ((max - min) * step) / steps);
}

/** Labels are elements: drawn as text into the canvas they took half of the chart's time. */
function noLabels(_plot: uPlot, ticks: readonly number[]): null[] {
  return ticks.map(() => null);
}

/** The labels of both axes, written anew only when the scale changes. */
function makeLabels(): uPlot.Plugin {
  const add = (plot: uPlot, count: number, className: string): HTMLElement[] =>
    Array.from({ length: count + 1 }, () => {
      const label = document.createElement('div');
      label.className = `pointer-events-none absolute text-[11px] leading-none whitespace-nowrap text-ink-3 ${className}`;
      plot.over.append(label);
      return label;
    });
  let shown = -1;
  let rates: HTMLElement[] = [];
  return {
    hooks: {
      init: (plot) => {
        plot.over.style.overflow = 'visible';
        const ago = agoLabels(spread(-windowMs, 0, xSteps), 0);
        for (const [step, label] of add(plot, xSteps, 'top-[calc(100%+8px)] -translate-x-1/2').entries()) {
          label.textContent = ago[step];
          label.style.left = `${(step / xSteps) * 100}%`;
        }
        rates = add(plot, ySteps, 'right-[calc(100%+8px)] translate-y-1/2');
        for (const [step, label] of rates.entries()) label.style.bottom = `${(step / ySteps) * 100}%`;
      },
      draw: (plot) => {
        const max = plot.scales.y.max ?? 0;
        if (max === shown) return;
        shown = max;
        const texts = rateLabels(spread(0, max, ySteps));
        for (const [step, label] of rates.entries()) label.textContent = texts[step];
      },
    },
  };
}

function makeSeries(label: string, stroke: string, theme: Theme, compact: boolean): uPlot.Series {
  const strength = theme === 'dark' ? '55' : '3d';
  return {
    label,
    stroke,
    width: compact ? 1.25 : 1.75,
    points: { show: false },
    fill: (plot) => {
      const { top, height } = plot.bbox;
      if (!Number.isFinite(top + height) || height <= 0) return 'transparent';
      const gradient = plot.ctx.createLinearGradient(0, top, 0, top + height);
      gradient.addColorStop(0, `${stroke}${strength}`);
      gradient.addColorStop(1, `${stroke}00`);
      return gradient;
    },
  };
}

/** The values under the cursor, which follow it while the data move beneath. */
function makeTooltip(): uPlot.Plugin {
  const box = document.createElement('div');
  box.className =
    'pointer-events-none absolute top-2 z-10 hidden rounded-md border border-line-strong bg-raised px-2.5 py-1.5 text-xs leading-5 shadow-lg';
  const [time, down, up] = ['text-ink-3', 'text-down font-medium', 'text-up font-medium'].map((name) => {
    const line = document.createElement('div');
    line.className = `whitespace-nowrap ${name}`;
    box.append(line);
    return line;
  });
  const update = (plot: uPlot): void => {
    const { idx, left = -1 } = plot.cursor;
    const at = idx === null || idx === undefined ? undefined : plot.data[0][idx];
    box.classList.toggle('hidden', left < 0 || at === undefined);
    if (left < 0 || at === undefined) return;
    time.textContent = formatClock(at);
    down.textContent = `↓ ${formatRate(plot.data[2][idx!])}`;
    up.textContent = `↑ ${formatRate(plot.data[1][idx!])}`;
    const right = left > plot.over.clientWidth / 2;
    box.style.left = right ? '' : `${left + 14}px`;
    box.style.right = right ? `${plot.over.clientWidth - left + 14}px` : '';
  };
  return {
    hooks: {
      init: (plot) => {
        box.setAttribute('role', 'tooltip');
        plot.over.append(box);
      },
      setCursor: update,
      setData: update,
    },
  };
}
