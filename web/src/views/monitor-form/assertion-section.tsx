import { Plus, X } from 'lucide-react';
import { exampleOf, placeholdersOf } from '../../lib/assertion-help.ts';
import { wireKind } from '../../lib/monitor-draft.ts';
import { FieldProblem, FormSection, useProblem } from './form-field.tsx';
import type { SectionProps } from './probe-section.tsx';

/** What must hold of a round. */
export function AssertionSection({ draft, onDraft }: SectionProps) {
  const { assertions } = draft;
  const kind = wireKind(draft.kind);
  const set = (place: number, change: Partial<(typeof assertions)[number]>): void =>
    onDraft({
      ...draft,
      assertions: assertions.map((one, index) => (index === place ? { ...one, ...change } : one)),
    });
  const add = (test: string): void =>
    onDraft({ ...draft, assertions: [...assertions, { test, severity: 'down' }] });
  return (
    <FormSection
      title="What must hold"
      help="A comparison of what a round found with a value. Without any, a round is up when the target answers as it should."
    >
      <ul className="col-span-full flex flex-col gap-2 empty:hidden">
        {assertions.map(({ test, severity }, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: they have no other name, and are edited in place
          <li key={place}>
            <div className="flex gap-2">
              <AssertionInput place={place} test={test} onTest={(text) => set(place, { test: text })} />
              <select
                aria-label={`What it means when assertion ${place + 1} fails`}
                className="field"
                value={severity}
                onChange={(event) =>
                  set(place, { severity: event.target.value === 'degraded' ? 'degraded' : 'down' })
                }
              >
                <option value="down">else down</option>
                <option value="degraded">else degraded</option>
              </select>
              <button
                type="button"
                className="control !px-2"
                aria-label={`Remove assertion ${place + 1}`}
                onClick={() =>
                  onDraft({ ...draft, assertions: assertions.filter((_, index) => index !== place) })
                }
              >
                <X className="size-4" aria-hidden />
              </button>
            </div>
            <AssertionProblem place={place} />
          </li>
        ))}
      </ul>
      <div className="col-span-full flex flex-wrap items-center gap-1.5">
        <button type="button" className="control" onClick={() => add(exampleOf[kind])}>
          <Plus className="size-4" aria-hidden /> Add an assertion
        </button>
      </div>
      <details className="col-span-full text-xs text-ink-2">
        <summary className="hover:text-ink">Placeholders and comparisons</summary>
        <p className="mt-2">
          Compare with <code>==</code> <code>!=</code> <code>&lt;</code> <code>&lt;=</code> <code>&gt;</code>{' '}
          <code>&gt;=</code>. Times are in ms, or with a unit: <code>48h</code>, <code>30d</code>. A pattern:{' '}
          <code>pat(*ok*)</code>. Parts of a JSON body: <code>[BODY].items[0].name</code>. Of a list:{' '}
          <code>len([BODY].items) &gt; 2</code>.
        </p>
        <ul aria-label="Placeholders" className="mt-2 flex flex-wrap gap-1">
          {placeholdersOf[kind].map((name) => (
            <li key={name}>
              <button
                type="button"
                className="rounded border border-line px-1.5 py-0.5 font-mono text-2xs hover:border-line-strong hover:text-ink"
                onClick={() => add(`[${name}] `)}
              >
                [{name}]
              </button>
            </li>
          ))}
        </ul>
      </details>
    </FormSection>
  );
}

function AssertionInput(props: { place: number; test: string; onTest: (test: string) => void }) {
  const { place, test, onTest } = props;
  const problem = useProblem(`assertions[${place}]`);
  return (
    <input
      aria-label={`Assertion ${place + 1}`}
      aria-invalid={problem !== null}
      className="field min-w-0 flex-1 font-mono aria-invalid:border-red"
      value={test}
      maxLength={512}
      spellCheck={false}
      onChange={(event) => onTest(event.target.value)}
    />
  );
}

function AssertionProblem({ place }: { place: number }) {
  return <FieldProblem problem={useProblem(`assertions[${place}]`)} />;
}
