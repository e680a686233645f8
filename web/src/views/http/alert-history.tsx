import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { BellRing, CircleCheck, Download, Settings2 } from 'lucide-react';
import { useState } from 'react';
import type { AlertRow } from '../../../../src/wire/traffic-api.ts';
import type { AlertSettings } from '../../../../src/wire/traffic-schema.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatRate,
  formatSpan,
  formatTime,
} from '../../lib/format.ts';
import { rest } from '../../lib/rest.ts';
import { makeVisible } from '../../lib/visible-text.ts';
import { useLive } from '../../live/use-live.ts';
import { Disconnected, Empty, Failed, Loading } from '../../ui/message.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Text } from '../../ui/text.tsx';

const shown = 20;

/** When there was too much, and when it was over; and what that is held against. */
export function AlertHistory({ alerts, ready }: { alerts: readonly AlertRow[]; ready: boolean }) {
  const [editing, setEditing] = useState(false);
  const phase = useLive((store) => store.link.phase);
  const lasting = alerts.filter(({ state }) => state === 'raised').length;
  return (
    <Panel
      title="Alerts"
      note={lasting > 0 && <span className="text-red">{formatCount(lasting)} not over</span>}
      actions={
        <button
          type="button"
          className="control !h-7 !px-2.5 text-xs"
          aria-expanded={editing}
          onClick={() => setEditing(!editing)}
        >
          <Settings2 className="size-3.5" aria-hidden /> Thresholds
        </button>
      }
      className="shrink-0"
    >
      {editing && <SettingsForm onDone={() => setEditing(false)} />}
      {!ready && (phase === 'offline' ? <Disconnected what="alerts" /> : <Loading what="alerts" />)}
      {ready && alerts.length === 0 && (
        <Empty title="No alert so far">
          When traffic gets high it is told here, and again when it has calmed down.
        </Empty>
      )}
      {ready && alerts.length > 0 && (
        <ol className="mx-3.5 mb-2 divide-y divide-line">
          {alerts.slice(0, shown).map((alert) => (
            <AlertItem key={alert.id} alert={alert} />
          ))}
        </ol>
      )}
    </Panel>
  );
}

function AlertItem({ alert }: { alert: AlertRow }) {
  const over = alert.state === 'recovered';
  const Icon = over ? CircleCheck : BellRing;
  const amount = alert.kind === 'hits' ? `${formatCount(alert.value)} hits` : formatRate(alert.value);
  const limit = alert.kind === 'hits' ? formatCount(alert.threshold) : formatRate(alert.threshold);
  const now = Date.now();
  return (
    <li className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5 py-1.5 text-[0.8125rem] max-sm:py-2">
      <Icon className={`size-3.5 shrink-0 self-center ${over ? 'text-green' : 'text-red'}`} aria-hidden />
      <span className={`w-20 shrink-0 font-medium ${over ? 'text-green' : 'text-red'}`}>
        {over ? 'Recovered' : 'Raised'}
      </span>
      <span className="flex min-w-40 flex-1 text-ink max-sm:order-last max-sm:basis-full max-sm:pl-6.5">
        {amount} in {formatSpan(alert.window_ms)}
        {alert.scope !== 'all' && (
          <>
            {', '}
            <Text value={alert.scope.replace(':', ' ')} className="ml-1 max-w-60" />
          </>
        )}
        <span className="ml-2 text-ink-3">threshold {limit}</span>
      </span>
      <SavedPackets alert={alert} />
      <span className="text-ink-2 max-sm:ml-auto">
        {formatTime(alert.raised_at, now)}
        {alert.recovered_at !== null && ` – ${formatTime(alert.recovered_at, now)}`}
      </span>
      <span className="text-right text-ink-2 sm:w-16">
        {over ? formatDuration(alert.duration_ms) : formatDuration(now - Date.parse(alert.raised_at))}
      </span>
    </li>
  );
}

/** The packets of before it, where its agent saved some; why there are none stands in the tooltip. */
function SavedPackets({ alert: { id, packets, packet_bytes, packets_reason } }: { alert: AlertRow }) {
  if (packets === null) return null;
  if (packets === 0)
    return (
      <span className="text-ink-3" title={makeVisible(packets_reason ?? '')}>
        no packets
      </span>
    );
  const count = `${formatCount(packets)} packets`;
  return (
    <a
      className="inline-flex items-center gap-1 text-xs underline"
      href={`/api/alerts/${id}/packets`}
      title={`${formatBytes(packet_bytes)}, pcapng`}
      download
    >
      <Download className="size-3.5" aria-hidden /> {count}
    </a>
  );
}

function SettingsForm({ onDone }: { onDone: () => void }) {
  const saved = useQuery({
    queryKey: ['alert-settings'],
    queryFn: ({ signal }) => rest.alertSettings(signal),
  });
  if (saved.isError) return <Failed error={saved.error} retry={() => void saved.refetch()} />;
  if (!saved.data) return <Loading what="the thresholds" />;
  return <SettingsFields saved={saved.data} onDone={onDone} />;
}

function SettingsFields({ saved, onDone }: { saved: AlertSettings; onDone: () => void }) {
  const queries = useQueryClient();
  const [hits, setHits] = useState(String(saved.hits_threshold));
  const [seconds, setSeconds] = useState(String(saved.window_ms / 1000));
  const [megabytes, setMegabytes] = useState(
    saved.bandwidth_threshold === null ? '' : String(saved.bandwidth_threshold / 1e6),
  );
  const save = useMutation({
    mutationFn: (settings: AlertSettings) => rest.saveAlertSettings(settings),
    onSuccess: (settings) => {
      queries.setQueryData(['alert-settings'], settings);
      onDone();
    },
  });
  return (
    <form
      aria-label="Thresholds of alerts"
      className="mx-3.5 mb-3 flex flex-wrap items-end gap-3 rounded-lg border border-line bg-raised/40 p-3 text-xs text-ink-3"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({
          hits_threshold: Number(hits),
          window_ms: Math.round(Number(seconds) * 1000),
          bandwidth_threshold: megabytes.trim() === '' ? null : Math.round(Number(megabytes) * 1e6),
        });
      }}
    >
      <NumberField label="Hits" value={hits} min={1} onChange={setHits} required />
      <NumberField label="in seconds" value={seconds} min={1} max={3600} onChange={setSeconds} required />
      <NumberField
        label="Bandwidth, MB/s (none if empty)"
        value={megabytes}
        min={0}
        onChange={setMegabytes}
      />
      <button type="submit" className="control" disabled={save.isPending}>
        Save
      </button>
      <button type="button" className="control" onClick={onDone}>
        Cancel
      </button>
      {save.isError && (
        <p role="alert" className="basis-full text-red">
          {save.error.message}
        </p>
      )}
    </form>
  );
}

function NumberField(props: {
  label: string;
  value: string;
  min: number;
  max?: number;
  required?: boolean;
  onChange: (value: string) => void;
}) {
  const { label, onChange, ...rest } = props;
  return (
    <label className="flex flex-col gap-1">
      {label}
      <input
        type="number"
        step="any"
        className="field w-36"
        {...rest}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  );
}
