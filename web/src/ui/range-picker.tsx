const ranges = [
  ['15m', '15 minutes'],
  ['1h', '1 hour'],
  ['24h', '24 hours'],
  ['7d', '7 days'],
] as const;

/** The range that the page's address asks for, an hour unless it names one of these. */
export function readRange(query: URLSearchParams): string {
  return ranges.find(([value]) => value === query.get('range'))?.[0] ?? '1h';
}

/** Buttons for how far back a page looks. */
export function RangePicker({ range, onRange }: { range: string; onRange: (range: string) => void }) {
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
