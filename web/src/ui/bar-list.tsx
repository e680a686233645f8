import type { ReactNode } from 'react';
import { Text } from './text.tsx';

export interface BarRow {
  readonly key: string;
  readonly name: string | null;
  /** What stands for no name. */
  readonly unnamed?: string;
  /** Length of the bar. */
  readonly weight: number;
  readonly note?: ReactNode;
  /** Figures at the right; the first is the one the list is ordered by. */
  readonly cells: readonly ReactNode[];
  readonly selected?: boolean;
}

/** Names with bars as long as their share, figures beside them; a row can be chosen where `onChoose` is given. */
export function BarList(props: {
  rows: readonly BarRow[];
  heads: readonly string[];
  tone?: string;
  onChoose?: (row: BarRow) => void;
}) {
  const { rows, heads, tone = 'accent', onChoose } = props;
  const max = Math.max(1, ...rows.map(({ weight }) => weight));
  return (
    <table className="mx-1.5 mb-1.5 block text-[0.8125rem]">
      <thead className="block">
        <tr className="flex h-6 items-center gap-2 px-2 text-2xs text-ink-3">
          <th scope="col" className="flex-1 text-left font-normal">
            {heads[0]}
          </th>
          {heads.slice(1).map((head, place) => (
            <th key={head} scope="col" className={cellStyle(place)}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody className="block">
        {rows.map((row) => (
          <tr
            key={row.key}
            className="relative flex h-8 items-center gap-2 px-2"
            aria-selected={row.selected}
          >
            <td className="flex min-w-0 flex-1 items-baseline gap-2">
              <span
                className={`absolute inset-y-0.5 left-0 rounded ${row.selected ? 'opacity-30' : 'opacity-12'}`}
                style={{ width: `${(row.weight / max) * 100}%`, background: `var(--${tone})` }}
                aria-hidden
              />
              <BarName row={row} onChoose={onChoose} />
              {row.note && <span className="relative shrink-0 truncate text-xs text-ink-3">{row.note}</span>}
            </td>
            {row.cells.map((cell, place) => (
              <td key={heads[place + 1]} className={`relative ${cellStyle(place)} text-ink-2`}>
                {cell}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function BarName({ row, onChoose }: { row: BarRow; onChoose: ((row: BarRow) => void) | undefined }) {
  const name = row.name ? (
    <Text value={row.name} className="text-ink" />
  ) : (
    <span className="text-ink-3 italic">{row.unnamed ?? 'unknown'}</span>
  );
  if (!onChoose) return <span className="relative flex min-w-0">{name}</span>;
  return (
    <button
      type="button"
      aria-pressed={row.selected === true}
      className="relative flex min-w-0 rounded hover:underline focus-visible:outline-2 focus-visible:outline-accent"
      onClick={() => onChoose(row)}
    >
      {name}
    </button>
  );
}

/** Figures beyond the second give way on a narrow screen. */
function cellStyle(place: number): string {
  const hidden = place > 2 ? 'max-sm:hidden' : '';
  return `w-16 shrink-0 text-right font-normal whitespace-nowrap ${hidden}`;
}
