import { Check, ChevronDown, Pause, Play } from 'lucide-react';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import type { InterfaceRow, ProcessRow } from '../../../../src/wire/machine.ts';
import { LiveChart } from '../../charts/live-chart.tsx';
import { formatRate } from '../../lib/format.ts';
import { makeVisible } from '../../lib/visible-text.ts';
import type { Topic } from '../../live/live-store.ts';
import { useLive, useRows, useSamples } from '../../live/use-live.ts';
import { Menu } from '../../ui/menu.tsx';
import { Text } from '../../ui/text.tsx';

/** Whose traffic the chart shows: everything, an interface by name, a process by key. */
interface Source {
  readonly by: 'total' | 'interface' | 'process';
  readonly key: string;
}
/** Most entries in the source menu; typing finds the others. */
const maxListed = 60;

interface BandwidthPanelProps {
  readonly paused: boolean;
  readonly onPause: () => void;
}

/** The last 30 s of traffic, of the whole machine, an interface or a process. */
export function BandwidthPanel({ paused, onPause }: BandwidthPanelProps) {
  const [source, setSource] = useSource();
  const topic: Topic =
    source.by === 'total'
      ? { topic: 'bandwidth', by: 'total' }
      : { topic: 'bandwidth', by: source.by, key: source.key };
  const read = useSamples(topic);
  const Icon = paused ? Play : Pause;
  return (
    <section aria-label="Bandwidth" className="panel @container/chart flex min-h-0 min-w-0 flex-col">
      <div className="flex items-center gap-3 py-2 pr-2 pl-3.5">
        <h2 className="heading @max-[36rem]/chart:sr-only">Bandwidth</h2>
        <Legend read={read} paused={paused} />
        <div className="ml-auto flex min-w-0 items-center gap-2">
          <SourceMenu source={source} onSource={setSource} />
          <button
            type="button"
            className="control"
            aria-pressed={paused}
            aria-label={paused ? 'Continue the chart' : 'Pause the chart'}
            onClick={onPause}
          >
            <Icon className="size-4" aria-hidden />
            <span className="@max-[36rem]/chart:hidden">{paused ? 'Paused' : 'Pause'}</span>
          </button>
        </div>
      </div>
      <LiveChart
        key={`${source.by} ${source.key}`}
        read={read}
        paused={paused}
        sparse={source.by !== 'total'}
        label="Upload and download, last 30 seconds"
        className="min-h-0 flex-1"
      />
    </section>
  );
}

function Legend({ read, paused }: { read: ReturnType<typeof useSamples>; paused: boolean }) {
  const now = useLive(() => {
    const buffer = read();
    if (!buffer || buffer.length === 0) return '';
    const [, upload, download] = buffer.columns();
    return `${formatRate(download.at(-1))}|${formatRate(upload.at(-1))}`;
  });
  const [download, upload] = now.split('|');
  return (
    <div className={`flex gap-4 text-xs whitespace-nowrap text-ink-2 ${paused ? 'opacity-50' : ''}`}>
      <span className="flex items-center gap-1.5 @min-[36rem]/chart:w-32">
        <span className="h-0.5 w-3 rounded bg-down" aria-hidden />
        <span className="@max-[36rem]/chart:sr-only">Download</span> {download}
      </span>
      <span className="flex items-center gap-1.5 @min-[36rem]/chart:w-32">
        <span className="h-0.5 w-3 rounded bg-up" aria-hidden />
        <span className="@max-[36rem]/chart:sr-only">Upload</span> {upload}
      </span>
    </div>
  );
}

/** The source in the URL as `chart=interface:eth0`. */
function useSource(): [Source, (source: Source) => void] {
  const [query, setQuery] = useSearchParams();
  const [, by, key] = /^(interface|process):(.{1,64})$/.exec(query.get('chart') ?? '') ?? [];
  const set = (source: Source): void =>
    setQuery(
      (now) => {
        const next = new URLSearchParams(now);
        if (source.by === 'total') next.delete('chart');
        else next.set('chart', `${source.by}:${source.key}`);
        return next;
      },
      { replace: true },
    );
  return [by && key ? { by: by as Source['by'], key } : { by: 'total', key: '' }, set];
}

function SourceMenu({ source, onSource }: { source: Source; onSource: (source: Source) => void }) {
  const [open, setOpen] = useState(false);
  const label = source.by === 'total' ? 'All traffic' : makeVisible(source.key, 40);
  return (
    <Menu
      title="Whose bandwidth"
      open={open}
      onOpenChange={setOpen}
      on={source.by !== 'total'}
      className="w-72 !p-1.5"
      label={
        <>
          <span className="truncate">
            {source.by !== 'total' && <span className="text-ink-3">{source.by} </span>}
            {label}
          </span>
          <ChevronDown className="size-3.5 shrink-0" aria-hidden />
        </>
      }
    >
      <SourceList
        source={source}
        onSource={(next) => {
          onSource(next);
          setOpen(false);
        }}
      />
    </Menu>
  );
}

function SourceList({ source, onSource }: { source: Source; onSource: (source: Source) => void }) {
  const [search, setSearch] = useState('');
  const interfaces = useRows<InterfaceRow>({ topic: 'interfaces' }).rows;
  const processes = useRows<ProcessRow>({ topic: 'processes' }).rows;
  const wanted = search.toLowerCase();
  const named = (text: string): boolean => text.toLowerCase().includes(wanted);
  const shownInterfaces = interfaces.filter(({ name }) => named(name)).slice(0, maxListed);
  const shownProcesses = processes
    .filter((row) => row.exited_at === null && named(`${row.process_name} ${row.process_id}`))
    .sort((a, b) => b.bytes_sent + b.bytes_received - a.bytes_sent - a.bytes_received)
    .slice(0, maxListed);
  const option = (by: Source['by'], key: string, name: string, note: string) => (
    <button
      key={`${by} ${key}`}
      type="button"
      aria-current={source.by === by && source.key === key}
      className="flex h-8 w-full items-center gap-2 rounded-md px-2 text-left text-[0.8125rem] text-ink-2 hover:bg-raised hover:text-ink"
      onClick={() => onSource({ by, key })}
    >
      <Text value={name} className="flex-1" />
      <span className="text-xs text-ink-3">{note}</span>
      {source.by === by && source.key === key && <Check className="size-3.5 text-accent" aria-hidden />}
    </button>
  );
  return (
    <>
      <input
        className="field mb-1.5 w-full"
        aria-label="Find an interface or a process"
        placeholder="Find an interface or a process"
        value={search}
        onChange={(event) => setSearch(event.target.value)}
      />
      <div className="max-h-72 overflow-auto">
        {option('total', '', 'All traffic', '')}
        {shownInterfaces.length > 0 && <p className="heading px-2 pt-2 pb-1">Interfaces</p>}
        {shownInterfaces.map(({ name, up }) => option('interface', name, name, up ? 'up' : 'down'))}
        {shownProcesses.length > 0 && <p className="heading px-2 pt-2 pb-1">Processes</p>}
        {shownProcesses.map((row) => option('process', row.key, row.process_name, String(row.process_id)))}
      </div>
    </>
  );
}
