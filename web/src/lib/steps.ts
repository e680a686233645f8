/** A range that is answered in equal stretches, of which only those with something in them have a point. */
export interface Stepped<Point> {
  readonly since: string;
  readonly until: string;
  readonly resolution_ms: number;
  readonly points: readonly (Point & { readonly timestamp: string })[];
}

/** Stretches that a chart shows at least. */
const leastSteps = 5;

/** The range as a chart shows it: from a little before the first point on, where nothing is known from before it. */
export function startAtFirst<Range extends Stepped<unknown>>(range: Range): Range {
  const { since, until, resolution_ms: step, points } = range;
  if (points.length === 0) return range;
  const first = Math.min(...points.map(({ timestamp }) => Date.parse(timestamp))) - step;
  const latest = Date.parse(until) - leastSteps * step;
  const from = Date.parse(since) + step * Math.floor((Math.min(first, latest) - Date.parse(since)) / step);
  return from <= Date.parse(since) ? range : { ...range, since: new Date(from).toISOString() };
}

/** More stretches than a chart has pixels are not drawn. */
const maxSteps = 2000;

/** `[Unix ms, value]` for every stretch of the range up to `now`, with `empty` where there was nothing. */
export function fillSteps<Point, Empty extends number | null>(
  { since, until, resolution_ms: step, points }: Stepped<Point>,
  read: (point: Point) => number | null,
  empty: Empty,
  now: number,
): (readonly [number, number | null])[] {
  const found = new Map(points.map((point) => [Date.parse(point.timestamp), point] as const));
  const first = Date.parse(since);
  const last = Math.min(Date.parse(until), now);
  const filled: (readonly [number, number | null])[] = [];
  for (let at = first; at < last && filled.length < maxSteps; at += step) {
    const point = found.get(at);
    filled.push([at, point ? read(point) : empty]);
  }
  return filled;
}

/** The same for bars that are as wide as their stretches: each stands in the middle of its own. */
export function centreSteps<Value>(
  filled: readonly (readonly [number, Value])[],
  { resolution_ms }: { readonly resolution_ms: number },
): (readonly [number, Value])[] {
  return filled.map(([at, value]) => [at + resolution_ms / 2, value]);
}
