import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Copy, X } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { NewEnrollment } from '../../../../src/client/agent-rest.ts';
import { formatTime } from '../../lib/format.ts';
import { agentRest } from '../../lib/rest.ts';
import { Panel } from '../../ui/panel.tsx';
import { Text } from '../../ui/text.tsx';

const refreshMs = 3000;
const lifetimes = [
  ['600000', '10 minutes'],
  ['3600000', '1 hour'],
  ['86400000', '1 day'],
] as const;

/** The two ways for an agent to come in: it enrolls and dials, or it waits and is dialled. */
export function AddAgents() {
  return (
    <div className="grid shrink-0 grid-cols-1 items-start gap-2.5 md:gap-3 lg:grid-cols-2">
      <Enroll />
      <Dials />
    </div>
  );
}

function Enroll() {
  const [name, setName] = useState('');
  const [lifetime, setLifetime] = useState('3600000');
  const enroll = useMutation({
    mutationFn: () => agentRest.enroll({ name: name.trim(), lifetime_ms: Number(lifetime) }),
  });
  return (
    <Panel title="Enrol an agent" note="on another machine, over TLS">
      <form
        aria-label="Enrol an agent"
        className="flex flex-wrap items-end gap-2 px-3.5 pb-3"
        onSubmit={(event) => {
          event.preventDefault();
          enroll.mutate();
        }}
      >
        <label className="flex min-w-36 flex-1 flex-col gap-1 text-xs text-ink-2">
          Name
          <input
            className="field"
            value={name}
            placeholder="web-1"
            maxLength={64}
            required
            spellCheck={false}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <label className="flex flex-col gap-1 text-xs text-ink-2">
          Token is good for
          <select className="field" value={lifetime} onChange={(event) => setLifetime(event.target.value)}>
            {lifetimes.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" className="control" disabled={enroll.isPending}>
          Make a token
        </button>
        <Problem error={enroll.error} />
      </form>
      {enroll.data && <Token given={enroll.data} onDone={() => enroll.reset()} />}
    </Panel>
  );
}

/** What the token reads, this once, in the commands that use it. */
function Token({ given, onDone }: { given: NewEnrollment; onDone: () => void }) {
  const commands = `netmon enroll --token ${given.token}\nnetmon agent`;
  return (
    <section
      aria-label="Token"
      className="mx-3.5 mb-3.5 flex flex-col gap-2 rounded-lg border border-line-strong p-3 text-xs text-ink-2"
    >
      <p>
        On the machine of <strong className="text-ink">{given.name}</strong>, as root, until{' '}
        {formatTime(given.expires_at, Date.now())}. It is shown this once and is good for one time.
      </p>
      <pre className="overflow-x-auto rounded bg-raised p-2 font-mono whitespace-pre-wrap text-ink [overflow-wrap:anywhere]">
        {commands}
      </pre>
      <div className="flex gap-2">
        <button
          type="button"
          className="control"
          onClick={() => void navigator.clipboard?.writeText(commands).catch(() => {})}
        >
          <Copy className="size-4" aria-hidden /> Copy
        </button>
        <button type="button" className="control" onClick={onDone}>
          Done
        </button>
      </div>
    </section>
  );
}

function Dials() {
  const [address, setAddress] = useState('');
  const queries = useQueryClient();
  const renew = (): Promise<void> => queries.invalidateQueries({ queryKey: ['dials'] });
  const list = useQuery({
    queryKey: ['dials'],
    queryFn: ({ signal }) => agentRest.dials(signal),
    refetchInterval: refreshMs,
  });
  const add = useMutation({
    mutationFn: () => agentRest.dial(address.trim()),
    onSuccess: () => {
      setAddress('');
      return renew();
    },
  });
  const remove = useMutation({ mutationFn: (one: string) => agentRest.undial(one), onSuccess: renew });
  const dials = list.data?.dials ?? [];
  return (
    <Panel title="Dial an agent" note="that waits: netmon agent --listen">
      <form
        aria-label="Dial an agent"
        className="flex flex-wrap items-end gap-2 px-3.5 pb-3"
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate();
        }}
      >
        <label className="flex min-w-36 flex-1 flex-col gap-1 text-xs text-ink-2">
          Address
          <input
            className="field"
            value={address}
            placeholder="127.0.0.1:65240 or https://host:65240"
            maxLength={280}
            required
            spellCheck={false}
            onChange={(event) => setAddress(event.target.value)}
          />
        </label>
        <button type="submit" className="control" disabled={add.isPending}>
          Dial
        </button>
        <Problem error={add.error ?? remove.error ?? list.error} />
      </form>
      {dials.length > 0 && (
        <ul aria-label="Dialled" className="mx-3.5 mb-2 divide-y divide-line text-[0.8125rem]">
          {dials.map((dial) => (
            <li key={dial.address} className="flex flex-wrap items-center gap-x-3 gap-y-0.5 py-1">
              <Text value={dial.address} className="text-ink" />
              <span className={dial.connected ? 'text-green' : 'text-orange'}>
                {dial.connected ? 'linked' : 'not linked'}
              </span>
              <span className="flex min-w-0 flex-1 text-xs text-ink-3">
                <Text value={dial.connected ? dial.agent : (dial.reason ?? 'trying')} />
              </span>
              <button
                type="button"
                className="control !h-7 !px-1.5"
                aria-label={`Dial ${dial.address} no more`}
                onClick={() => remove.mutate(dial.address)}
              >
                <X className="size-3.5" aria-hidden />
              </button>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Problem({ error }: { error: Error | null }): ReactNode {
  if (!error) return null;
  return (
    <p role="alert" className="basis-full text-xs text-red [overflow-wrap:anywhere]">
      {error.message}
    </p>
  );
}
