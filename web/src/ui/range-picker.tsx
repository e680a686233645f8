/** How far back a page looks, and what that is called. */
export type Ranges = readonly (readonly [value: string, label: string])[];

export const shortRanges = [
  ['15m', '15 minutes'],
  ['1h', '1 hour'],
  ['24h', '24 hours'],
  ['7d', '7 days'],
] as const;
export const longRanges = [
  ['1h', '1 hour'],
  ['24h', '24 hours'],
  ['7d', '7 days'],
  ['30d', '30 days'],
  ['90d', '90 days'],
] as const;

/** The range that the page's address asks for, or the page's own where it names none of these. */
export function readRange(query: URLSearchParams, usual: string, ranges: Ranges = shortRanges): string {
  return ranges.find(([value]) => value === query.get('range'))?.[0] ?? usual;
}

/** Buttons for how far back a page looks. */
export function RangePicker(props: { range: string; onRange: (range: string) => void; ranges?: Ranges }) {
  const { range, onRange, ranges = shortRanges } = props;
  return (
    <fieldset aria-label="Range" className="flex flex-wrap gap-1">
      {ranges.map(([value, label]) => (
        <button
          key={value}
          type="button"
          className="control !h-7 !px-2.5 text-xs"
          aria-label={`Last ${label}`}
          aria-pressed={value === range}
          onClick={() => onRange(value)}
        >
          {value}
        </button>
      ))}
    </fieldset>
  );
}
