/** A range that is answered in equal stretches, of which only those with something in them have a point. */
export interface Stepped<Point> {
  readonly since: string;
  readonly until: string;
  readonly resolution_ms: number;
  readonly points: readonly (Point & { readonly timestamp: string })[];
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
