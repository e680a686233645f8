const ranges = [
  ['15m', '15 minutes'],
  ['1h', '1 hour'],
  ['24h', '24 hours'],
  ['7d', '7 days'],
] as const;

type Range = (typeof ranges)[number][0];

/** The range that the page's address asks for, or the page's own where it names none of these. */
export function readRange(query: URLSearchParams, usual: Range): Range {
  return ranges.find(([value]) => value === query.get('range'))?.[0] ?? usual;
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
