import { createContext, type ReactNode, useContext, useId } from 'react';

/** What the server found wrong, by field as it names them. */
export type Problems = ReadonlyMap<string, string>;
export const ProblemContext = createContext<Problems>(new Map());

/** The message for a field, or for a part of it. */
export function useProblem(name: string): string | null {
  const problems = useContext(ProblemContext);
  const own = problems.get(name);
  if (own !== undefined) return own;
  for (const [field, message] of problems) {
    if (field.startsWith(`${name}.`) || field.startsWith(`${name}[`)) {
      return `${field.slice(name.length).replace(/^\./, '')}: ${message}`;
    }
  }
  return null;
}

/** What an element of a form needs to be tied to its label, help and message. */
interface FieldParts {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': boolean;
}

/** A label, what it is for, and below it what the server says of it. `name` is the wire's. */
export function Field(props: {
  name: string;
  label: string;
  help?: ReactNode;
  wide?: boolean;
  children: (parts: FieldParts) => ReactNode;
}) {
  const { name, label, help, wide = false, children } = props;
  const id = useId();
  const problem = useProblem(name);
  const described = [help && `${id}-help`, problem !== null && `${id}-problem`]
    .filter((part) => part)
    .join(' ');
  return (
    <div className={`flex min-w-0 flex-col gap-1 ${wide ? 'col-span-full' : ''}`}>
      <label htmlFor={id} className="text-xs text-ink-2">
        {label}
      </label>
      {children({
        id,
        'aria-describedby': described === '' ? undefined : described,
        'aria-invalid': problem !== null,
      })}
      {help && (
        <p id={`${id}-help`} className="text-2xs text-ink-3">
          {help}
        </p>
      )}
      <FieldProblem id={`${id}-problem`} problem={problem} />
    </div>
  );
}

export function FieldProblem({ id, problem }: { id?: string; problem: string | null }) {
  if (problem === null) return null;
  return (
    <p id={id} role="alert" className="text-xs text-red [overflow-wrap:anywhere]">
      {problem}
    </p>
  );
}

/** A line of text, or a number where `numeric`. */
export function TextField(props: {
  name: string;
  label: string;
  value: string;
  onChange: (value: string) => void;
  help?: ReactNode;
  placeholder?: string;
  numeric?: boolean;
  wide?: boolean;
  max?: number;
}) {
  const { name, label, value, onChange, help, placeholder, numeric = false, wide, max = 4096 } = props;
  return (
    <Field name={name} label={label} help={help} wide={wide}>
      {(parts) => (
        <input
          {...parts}
          className="field w-full aria-invalid:border-red"
          inputMode={numeric ? 'decimal' : undefined}
          value={value}
          placeholder={placeholder}
          maxLength={max}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

/** Several lines of text. */
export function AreaField(props: {
  name: string;
  label: string;
  value: string;
  onChange: (value: string) => void;
  help?: ReactNode;
  placeholder?: string;
}) {
  const { name, label, value, onChange, help, placeholder } = props;
  return (
    <Field name={name} label={label} help={help} wide>
      {(parts) => (
        <textarea
          {...parts}
          className="field !h-auto min-h-16 w-full py-1.5 font-mono text-xs aria-invalid:border-red"
          rows={3}
          value={value}
          placeholder={placeholder}
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

/** One of some values. */
export function ChoiceField(props: {
  name: string;
  label: string;
  value: string;
  options: readonly (readonly [value: string, label: string])[];
  onChange: (value: string) => void;
}) {
  const { name, label, value, options, onChange } = props;
  return (
    <Field name={name} label={label}>
      {(parts) => (
        <select
          {...parts}
          className="field w-full aria-invalid:border-red"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        >
          {options.map(([key, text]) => (
            <option key={key} value={key}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** Yes or no. */
export function CheckField(props: { label: string; value: boolean; onChange: (value: boolean) => void }) {
  const { label, value, onChange } = props;
  return (
    <label className="flex min-h-8 items-center gap-2 self-end text-[0.8125rem] text-ink-2">
      <input
        type="checkbox"
        className="accent-(--accent)"
        checked={value}
        onChange={(event) => onChange(event.target.checked)}
      />
      {label}
    </label>
  );
}

/** A part of the form with a heading. */
export function FormSection({
  title,
  help,
  children,
}: {
  title: string;
  help?: string;
  children: ReactNode;
}) {
  return (
    <fieldset aria-label={title} className="panel min-w-0 px-3.5 pt-2.5 pb-3.5">
      <h2 className="heading">{title}</h2>
      {help && <p className="mb-1 text-xs text-ink-3">{help}</p>}
      <div className="mt-2 grid grid-cols-1 gap-x-3 gap-y-3 sm:grid-cols-2 lg:grid-cols-3">{children}</div>
    </fieldset>
  );
}
