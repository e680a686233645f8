import type { MonitorState } from '../../../../src/wire/monitor.ts';
import { formatCount } from '../../lib/format.ts';
import { monitorLooks, statesByWeight } from '../../lib/monitors.ts';

/** Always on show, even with no monitor in it. */
const constant: readonly MonitorState[] = ['down', 'up'];

/** How many monitors are in each state, in large figures; each narrows the list to its state. */
export function StateBar(props: {
  counts: Readonly<Record<MonitorState, number>>;
  chosen: readonly MonitorState[];
  onToggle: (state: MonitorState) => void;
}) {
  const { counts, chosen, onToggle } = props;
  const states = statesByWeight.filter(
    (state) => counts[state] > 0 || constant.includes(state) || chosen.includes(state),
  );
  const total = states.reduce((sum, state) => sum + counts[state], 0);
  return (
    <section aria-label="Monitors by state" className="panel shrink-0 overflow-hidden">
      <fieldset aria-label="Filter by state" className="flex overflow-x-auto">
        {states.map((state) => {
          const { label, tone } = monitorLooks[state];
          const quiet = counts[state] === 0;
          return (
            <button
              key={state}
              type="button"
              aria-pressed={chosen.includes(state)}
              aria-label={`${label}: ${counts[state]}`}
              className={`tone-${tone} flex min-w-24 flex-1 flex-col gap-1 border-r border-line px-3.5 py-2.5 text-left last:border-r-0 hover:bg-raised aria-pressed:bg-raised aria-pressed:shadow-[inset_0_-2px_0_var(--accent)]`}
              onClick={() => onToggle(state)}
            >
              <span className="flex items-center gap-1.5 text-xs whitespace-nowrap text-ink-3">
                <span
                  className={`size-2 rounded-full ${quiet ? 'bg-line-strong' : 'bg-(--tone)'}`}
                  aria-hidden
                />
                {label}
              </span>
              <span
                className={`text-[1.75rem] leading-none font-semibold tracking-tight ${quiet ? 'text-ink-3' : 'text-(--tone)'}`}
              >
                {formatCount(counts[state])}
              </span>
            </button>
          );
        })}
      </fieldset>
      <div className="flex h-1.5 gap-px bg-line" aria-hidden>
        {total > 0 &&
          states.map((state) => (
            <span
              key={state}
              className={`tone-${monitorLooks[state].tone} bg-(--tone)`}
              style={{ flexGrow: counts[state] }}
            />
          ))}
      </div>
    </section>
  );
}
