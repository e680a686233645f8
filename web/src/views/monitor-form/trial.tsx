import type { TrialAnswer } from '../../../../src/client/monitor-rest.ts';
import { formatMs } from '../../lib/format.ts';
import { responseOf } from '../../lib/monitors.ts';
import { MonitorBadge } from '../../ui/monitor-badge.tsx';
import { Text } from '../../ui/text.tsx';
import { RoundDetail } from '../monitor/round-detail.tsx';

/** What each agent found when the probe was tried. */
export function TrialResults({ answer: { results } }: { answer: TrialAnswer }) {
  return (
    <section aria-label="Result of the try" className="panel min-w-0 p-2">
      <ul className="flex flex-col gap-2">
        {results.map(({ agent, result, problem }) => (
          <li key={agent} className="min-w-0 text-[0.8125rem]">
            <div className="flex flex-wrap items-center gap-x-3 gap-y-1 px-2 py-1">
              <Text value={agent} className="font-medium text-ink" />
              {result && <MonitorBadge state={result.outcome} />}
              {result && <span>{formatMs(responseOf(result))}</span>}
              {problem !== null && (
                <span className="text-red">
                  <Text value={problem} wrap max={512} />
                </span>
              )}
            </div>
            {result && <RoundDetail result={result} />}
          </li>
        ))}
      </ul>
    </section>
  );
}
