import { type MonitorDraft, wireKind, withKind } from '../../lib/monitor-draft.ts';
import { kindLabels, shownKinds } from '../../lib/monitors.ts';
import { type ProbeField, probeFields } from '../../lib/probe-fields.ts';
import { AreaField, CheckField, ChoiceField, FormSection, TextField } from './form-field.tsx';

export interface SectionProps {
  readonly draft: MonitorDraft;
  readonly onDraft: (draft: MonitorDraft) => void;
}

/** What is probed and how. */
export function ProbeSection({ draft, onDraft }: SectionProps) {
  const fields = probeFields[wireKind(draft.kind)];
  const rare = fields.filter((field) => field.rare);
  const line = (field: ProbeField) => (
    <ProbeInput
      key={`${draft.kind} ${field.name}`}
      field={field}
      value={draft.probe[field.name] ?? field.initial}
      onChange={(value) => onDraft({ ...draft, probe: { ...draft.probe, [field.name]: value } })}
    />
  );
  return (
    <FormSection title="What">
      <div role="radiogroup" aria-label="Kind of probe" className="col-span-full flex flex-wrap gap-1.5">
        {shownKinds.map((kind) => (
          <label
            key={kind}
            className="control cursor-pointer has-checked:border-accent has-checked:bg-accent/15 has-checked:text-ink has-focus-visible:outline-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name="kind"
              className="sr-only"
              checked={draft.kind === kind}
              onChange={() => onDraft(withKind(draft, kind))}
            />
            {kindLabels[kind]}
          </label>
        ))}
      </div>
      <TextField
        name="name"
        label="Name"
        value={draft.name}
        placeholder="Shop front"
        max={128}
        wide
        onChange={(name) => onDraft({ ...draft, name })}
      />
      {fields.filter((field) => !field.rare).map(line)}
      {rare.length > 0 && (
        <details
          className="col-span-full"
          open={rare.some(({ name, initial }) => differs(draft, name, initial))}
        >
          <summary className="text-xs text-ink-2 hover:text-ink">More of the probe</summary>
          <div className="mt-3 grid grid-cols-1 gap-3 sm:grid-cols-2 lg:grid-cols-3">{rare.map(line)}</div>
        </details>
      )}
    </FormSection>
  );
}

function differs({ probe }: MonitorDraft, name: string, initial: string | boolean): boolean {
  return (probe[name] ?? initial) !== initial;
}

function ProbeInput(props: {
  field: ProbeField;
  value: string | boolean;
  onChange: (value: string | boolean) => void;
}) {
  const { field, value, onChange } = props;
  const { label, type, help, placeholder, options } = field;
  const name = `probe.${field.name}`;
  if (type === 'check') return <CheckField label={label} value={value === true} onChange={onChange} />;
  const shared = { name, label, value: String(value), onChange };
  if (type === 'choice') return <ChoiceField {...shared} options={options ?? []} />;
  if (type === 'area' || type === 'headers' || type === 'steps') {
    return <AreaField {...shared} help={help} placeholder={placeholder} />;
  }
  return (
    <TextField
      {...shared}
      help={help}
      placeholder={placeholder}
      numeric={type === 'number'}
      wide={field.name === 'url'}
    />
  );
}
