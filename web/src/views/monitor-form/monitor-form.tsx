import { useMutation } from '@tanstack/react-query';
import { FlaskConical } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import type { Trial } from '../../../../src/client/monitor-rest.ts';
import type { Monitor, MonitorInput } from '../../../../src/wire/monitor.ts';
import { useAgentNames } from '../../app/use-agent-names.ts';
import { draftOf, inputOf, newDraft, tellProblem, trialOf } from '../../lib/monitor-draft.ts';
import { listAgents } from '../../lib/monitor-list.ts';
import { monitorRest } from '../../lib/rest.ts';
import { useMonitorStore, useMonitors } from '../../live/use-monitors.ts';
import { AssertionSection } from './assertion-section.tsx';
import { ProblemContext, type Problems } from './form-field.tsx';
import { ProbeSection } from './probe-section.tsx';
import { ScheduleSection, StateSection } from './schedule-sections.tsx';
import { TrialResults } from './trial.tsx';

/** A new monitor, or the settings of one that is there. What is typed is checked by the server, at save and at a try. */
export function MonitorForm({ monitor }: { monitor: Monitor | null }) {
  const [draft, setDraft] = useState(() => (monitor ? draftOf(monitor) : newDraft));
  const { rows } = useMonitors();
  const store = useMonitorStore();
  const navigate = useNavigate();
  const host = useRef<HTMLFormElement>(null);
  const known = useAgentNames();
  const agents = useMemo(() => [...new Set([...known, ...listAgents(rows)])].sort(), [known, rows]);
  const others = useMemo(() => rows.filter(({ id }) => id !== monitor?.id), [rows, monitor]);
  const save = useMutation({
    mutationFn: () => {
      const input = inputOf(draft) as MonitorInput;
      if (!monitor) return monitorRest.add(input);
      const { id, revision, enabled, stopped_on } = monitor;
      return monitorRest.change(id, { ...input, enabled, stopped_on, revision });
    },
    onSuccess: (row) => {
      store.put(row);
      void navigate(`/monitors/${row.id}`);
    },
  });
  const attempt = useMutation({
    mutationFn: () =>
      monitorRest.try({ ...trialOf(draft), ...(monitor && { monitor: monitor.id }) } as Trial),
  });
  const problem = save.error ?? attempt.error;
  const problems = useMemo(() => readProblems(problem), [problem]);
  useEffect(() => {
    if (problems.size > 0) host.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [problems]);
  const doTry = (): void => {
    save.reset();
    attempt.mutate();
  };
  const back = monitor ? `/monitors/${monitor.id}` : '/monitors';
  return (
    <ProblemContext value={problems}>
      <form
        ref={host}
        aria-label={monitor ? 'Change the monitor' : 'New monitor'}
        className="mx-auto flex w-full max-w-4xl flex-col gap-2.5 md:gap-3"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          attempt.reset();
          save.mutate();
        }}
      >
        <ProbeSection draft={draft} onDraft={setDraft} />
        <AssertionSection draft={draft} onDraft={setDraft} />
        <ScheduleSection draft={draft} onDraft={setDraft} agents={agents} />
        <StateSection draft={draft} onDraft={setDraft} monitors={others} />
        {attempt.data && <TrialResults answer={attempt.data} />}
        <div className="sticky bottom-0 flex flex-wrap items-center gap-2 rounded-lg border border-line-strong bg-panel p-2">
          <button type="button" className="control" disabled={attempt.isPending} onClick={doTry}>
            <FlaskConical className="size-4" aria-hidden /> {attempt.isPending ? 'Trying…' : 'Try'}
          </button>
          {problem && (
            <p role="alert" className="min-w-0 flex-1 text-xs text-red [overflow-wrap:anywhere]">
              {problem.message}
            </p>
          )}
          <Link to={back} className="control ml-auto">
            Cancel
          </Link>
          <button
            type="submit"
            className="control !border-accent !bg-accent font-semibold !text-accent-ink"
            disabled={save.isPending}
          >
            {save.isPending ? 'Saving…' : 'Save'}
          </button>
        </div>
      </form>
    </ProblemContext>
  );
}

function readProblems(error: Error | null): Problems {
  const fields = (error as { fields?: readonly { field: string; message: string }[] } | null)?.fields ?? [];
  return new Map(fields.map(({ field, message }) => [field, tellProblem(field, message)]));
}
