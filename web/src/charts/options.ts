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

/** A time axis over the range of an answer, as far as it is past. */
export function timeAxis(palette: Palette, range: { since: string; until: string }): object {
  return {
    type: 'time',
    min: Date.parse(range.since),
    max: Math.min(Date.parse(range.until), Date.now()),
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
