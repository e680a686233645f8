import { Pause, Play } from 'lucide-react';
import { useAddress } from '../../app/use-address.ts';
import { useAgentChoice } from '../../app/use-agent-choice.ts';
import { LiveChart } from '../../charts/live-chart.tsx';
import { formatRate } from '../../lib/format.ts';
import type { Topic } from '../../live/live-store.ts';
import { useLive, useSamples } from '../../live/use-live.ts';
import { type Source, SourceMenu } from './source-menu.tsx';

interface BandwidthPanelProps {
  readonly paused: boolean;
  readonly onPause: () => void;
}

/** The last 30 s of traffic of the agents that are looked at: all of it added up, an interface or a process. */
export function BandwidthPanel({ paused, onPause }: BandwidthPanelProps) {
  const [source, setSource] = useSource();
  const agent = useAgentChoice();
  const topic: Topic =
    source.by === 'total'
      ? { topic: 'bandwidth', by: 'total', agent }
      : { topic: 'bandwidth', by: source.by, key: source.key, agent };
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
        key={`${source.by} ${source.key} ${agent}`}
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
  const [query, set] = useAddress();
  const [, by, key] = /^(interface|process):(.{1,64})$/.exec(query.get('chart') ?? '') ?? [];
  const choose = (source: Source): void =>
    set('chart', source.by === 'total' ? null : `${source.by}:${source.key}`);
  return [by && key ? { by: by as Source['by'], key } : { by: 'total', key: '' }, choose];
}
