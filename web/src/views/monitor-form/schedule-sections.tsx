import { Plus, X } from 'lucide-react';
import { useState } from 'react';
import type { MonitorRow } from '../../../../src/wire/monitor.ts';
import { type MonitorDraft, newWindow, type WindowDraft } from '../../lib/monitor-draft.ts';
import { AreaField, CheckField, ChoiceField, FormSection, TextField } from './form-field.tsx';
import type { SectionProps } from './probe-section.tsx';

/** How often, from where, and how many must agree. */
export function ScheduleSection({ draft, onDraft, agents }: SectionProps & { agents: readonly string[] }) {
  const set = (change: Partial<MonitorDraft>): void => onDraft({ ...draft, ...change });
  const chosen = draft.agents;
  const names = [...new Set([...agents, ...(chosen ?? [])])].sort();
  return (
    <FormSection title="How often and from where">
      <TextField
        name="interval_ms"
        label="Every, seconds"
        numeric
        value={draft.interval}
        onChange={(interval) => set({ interval })}
      />
      <TextField
        name="timeout_ms"
        label="Give up a try after, seconds"
        numeric
        value={draft.timeout}
        onChange={(timeout) => set({ timeout })}
      />
      <TextField
        name="retries"
        label="More tries in a round"
        numeric
        value={draft.retries}
        onChange={(retries) => set({ retries })}
      />
      <ChoiceField
        name="agents"
        label="Agents"
        value={chosen === null ? 'all' : 'some'}
        options={[
          ['all', 'all, also those that come'],
          ['some', 'those chosen'],
        ]}
        onChange={(value) => set({ agents: value === 'all' ? null : names.slice(0, 1) })}
      />
      <TextField
        name="quorum"
        label="Down when so many agents agree"
        numeric
        value={draft.quorum}
        onChange={(quorum) => set({ quorum })}
      />
      {chosen !== null && (
        <fieldset aria-label="Chosen agents" className="col-span-full flex flex-wrap gap-x-4">
          {names.length === 0 && <p className="text-xs text-ink-3">No agent is known yet.</p>}
          {names.map((name) => (
            <CheckField
              key={name}
              label={name}
              value={chosen.includes(name)}
              onChange={(on) =>
                set({ agents: on ? [...chosen, name] : chosen.filter((other) => other !== name) })
              }
            />
          ))}
        </fieldset>
      )}
    </FormSection>
  );
}

/** When rounds make a state, and what keeps that quiet. */
export function StateSection({
  draft,
  onDraft,
  monitors,
}: SectionProps & { monitors: readonly MonitorRow[] }) {
  const set = (change: Partial<MonitorDraft>): void => onDraft({ ...draft, ...change });
  return (
    <FormSection title="When it is down">
      <ChoiceField
        name="thresholds.share"
        label="An agent sees it down by"
        value={draft.byShare ? 'share' : 'row'}
        options={[
          ['row', 'rounds in a row'],
          ['share', 'a share of the last rounds'],
        ]}
        onChange={(value) => set({ byShare: value === 'share' })}
      />
      {draft.byShare ? (
        <>
          <TextField
            name="thresholds.share.rounds"
            label="Of the last so many rounds"
            numeric
            value={draft.shareRounds}
            onChange={(shareRounds) => set({ shareRounds })}
          />
          <TextField
            name="thresholds.share.raise_percent"
            label="Down from so many % failed"
            numeric
            value={draft.raise}
            onChange={(raise) => set({ raise })}
          />
          <TextField
            name="thresholds.share.clear_percent"
            label="Up again at so many % or less"
            numeric
            value={draft.clear}
            onChange={(clear) => set({ clear })}
          />
        </>
      ) : (
        <>
          <TextField
            name="thresholds.failures"
            label="Down after so many failures"
            numeric
            value={draft.failures}
            onChange={(failures) => set({ failures })}
          />
          <TextField
            name="thresholds.successes"
            label="Up after so many successes"
            numeric
            value={draft.successes}
            onChange={(successes) => set({ successes })}
          />
        </>
      )}
      <ParentsField draft={draft} monitors={monitors} onParents={(parents) => set({ parents })} />
      <Windows windows={draft.maintenance} onWindows={(maintenance) => set({ maintenance })} />
      <AreaField
        name="labels"
        label="Labels"
        value={draft.labels}
        placeholder="site=north"
        help="One a line, as name=value."
        onChange={(labels) => set({ labels })}
      />
      <CheckField
        label="On the public status page, where that is switched on"
        value={draft.isPublic}
        onChange={(isPublic) => set({ isPublic })}
      />
    </FormSection>
  );
}

function ParentsField(props: {
  draft: MonitorDraft;
  monitors: readonly MonitorRow[];
  onParents: (parents: readonly string[]) => void;
}) {
  const { draft, monitors, onParents } = props;
  const [search, setSearch] = useState('');
  const { parents } = draft;
  const names = new Map(monitors.map(({ id, name }) => [id, name]));
  const add = (text: string): void => {
    const found = monitors.find(({ id, name }) => id === text || name === text);
    setSearch(found ? '' : text);
    if (found && !parents.includes(found.id)) onParents([...parents, found.id]);
  };
  return (
    <div className="col-span-full flex flex-col gap-1.5">
      <TextField
        name="parents"
        label="Behind (while one of these is down, this one raises nothing)"
        value={search}
        placeholder="Name or id of a monitor"
        onChange={setSearch}
        wide
      />
      {search !== '' && (
        <ul aria-label="Monitors found" className="flex flex-wrap gap-1.5">
          {monitors
            .filter(({ name, id }) => `${name} ${id}`.toLowerCase().includes(search.toLowerCase()))
            .slice(0, 12)
            .map(({ id, name }) => (
              <li key={id}>
                <button type="button" className="control !h-7 text-xs" onClick={() => add(id)}>
                  <Plus className="size-3" aria-hidden /> {name}
                </button>
              </li>
            ))}
        </ul>
      )}
      <ul aria-label="Stands behind" className="flex flex-wrap gap-1.5 empty:hidden">
        {parents.map((id) => (
          <li key={id}>
            <button
              type="button"
              className="control !h-7 text-xs"
              aria-label={`Remove ${names.get(id) ?? id}`}
              onClick={() => onParents(parents.filter((other) => other !== id))}
            >
              {names.get(id) ?? id} <X className="size-3" aria-hidden />
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

const weekdayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;

function Windows(props: {
  windows: readonly WindowDraft[];
  onWindows: (windows: readonly WindowDraft[]) => void;
}) {
  const { windows, onWindows } = props;
  return (
    <div className="col-span-full flex flex-col gap-2">
      <span className="text-xs text-ink-2">Maintenance: times in which a failure raises nothing</span>
      {windows.map((window, place) => (
        <WindowFields
          // biome-ignore lint/suspicious/noArrayIndexKey: they have no other name, and are edited in place
          key={place}
          place={place}
          window={window}
          onWindow={(change) =>
            onWindows(windows.map((one, index) => (index === place ? { ...one, ...change } : one)))
          }
          onRemove={() => onWindows(windows.filter((_, index) => index !== place))}
        />
      ))}
      <div className="flex flex-wrap gap-1.5">
        <button type="button" className="control" onClick={() => onWindows([...windows, newWindow])}>
          <Plus className="size-4" aria-hidden /> Each week
        </button>
        <button
          type="button"
          className="control"
          onClick={() => {
            const from = new Date();
            const to = new Date(from.getTime() + 3_600_000);
            onWindows([
              ...windows,
              { ...newWindow, weekly: false, from: from.toISOString(), to: to.toISOString() },
            ]);
          }}
        >
          <Plus className="size-4" aria-hidden /> Once
        </button>
      </div>
    </div>
  );
}

function WindowFields(props: {
  place: number;
  window: WindowDraft;
  onWindow: (change: Partial<WindowDraft>) => void;
  onRemove: () => void;
}) {
  const { place, window, onWindow, onRemove } = props;
  const name = `maintenance[${place}]`;
  return (
    <div className="grid grid-cols-1 items-start gap-3 rounded-lg border border-line p-2.5 sm:grid-cols-2 lg:grid-cols-4">
      {window.weekly ? (
        <>
          <fieldset aria-label="Days" className="col-span-full flex flex-wrap gap-1">
            {weekdayNames.map((day, number) => (
              <button
                key={day}
                type="button"
                className="control !h-7 !px-2 text-xs"
                aria-pressed={window.weekdays.includes(number)}
                onClick={() =>
                  onWindow({
                    weekdays: window.weekdays.includes(number)
                      ? window.weekdays.filter((one) => one !== number)
                      : [...window.weekdays, number].sort((a, b) => a - b),
                  })
                }
              >
                {day}
              </button>
            ))}
          </fieldset>
          <TextField
            name={`${name}.at`}
            label="At, UTC"
            value={window.at}
            onChange={(at) => onWindow({ at })}
          />
          <TextField
            name={`${name}.minutes`}
            label="For, minutes"
            numeric
            value={window.minutes}
            onChange={(minutes) => onWindow({ minutes })}
          />
        </>
      ) : (
        <>
          <TextField
            name={`${name}.from`}
            label="From, UTC"
            value={window.from}
            onChange={(from) => onWindow({ from })}
          />
          <TextField
            name={`${name}.to`}
            label="To, UTC"
            value={window.to}
            onChange={(to) => onWindow({ to })}
          />
        </>
      )}
      <TextField
        name={name}
        label="Note"
        value={window.note}
        max={256}
        onChange={(note) => onWindow({ note })}
      />
      <button type="button" className="control self-end" onClick={onRemove}>
        <X className="size-4" aria-hidden /> Remove this window
      </button>
    </div>
  );
}
