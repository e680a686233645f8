import type { Failing } from '../../lib/error-summary.ts';
import { formatCount } from '../../lib/format.ts';
import { SparkBars } from '../../ui/spark-bars.tsx';
import { Text } from '../../ui/text.tsx';

/** Where failures pile up: a bar as long as the count, the errnos, the trend. */
export function TopList({ title, rows }: { title: string; rows: readonly Failing[] }) {
  const max = rows[0]?.count ?? 1;
  return (
    <section aria-label={title} className="panel px-3.5 py-2.5">
      <h2 className="heading mb-1.5">{title}</h2>
      <ol>
        {rows.map((row) => (
          <li
            key={`${row.name} ${row.note}`}
            className="relative flex h-9 items-center gap-3 text-[0.8125rem]"
          >
            <span
              className="absolute inset-y-1 left-0 -z-0 rounded bg-red/10"
              style={{ width: `${(row.count / max) * 100}%` }}
              aria-hidden
            />
            <span className="relative flex min-w-0 flex-1 items-baseline gap-2 pl-2">
              <Text value={row.name ?? 'unknown'} className="max-w-[70%] shrink-0 text-ink" />
              {row.note !== null && <Text value={row.note} className="min-w-0 text-xs text-ink-3" />}
            </span>
            <span className="relative truncate text-xs text-ink-3 max-sm:hidden">
              {row.errors
                .slice(0, 2)
                .map(([name]) => name)
                .join(', ')}
            </span>
            <SparkBars values={row.trend} label={`Trend of ${row.count} failures`} />
            <span className="relative w-14 shrink-0 text-right font-semibold text-ink">
              {formatCount(row.count)}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
