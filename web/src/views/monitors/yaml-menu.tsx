import { useMutation } from '@tanstack/react-query';
import { Download, FileCode2 } from 'lucide-react';
import { useState } from 'react';
import type { ImportAnswer } from '../../../../src/client/monitor-rest.ts';
import { formatCount } from '../../lib/format.ts';
import { monitorRest } from '../../lib/rest.ts';
import { Menu } from '../../ui/menu.tsx';

/** Monitors out to a YAML file and in from one; what a file would do is told before it is done. */
export function YamlMenu() {
  const [text, setText] = useState('');
  const [planned, setPlanned] = useState<string | null>(null);
  const run = useMutation({
    mutationFn: (dryRun: boolean) => monitorRest.import(text, dryRun),
    onSuccess: (_, dryRun) => setPlanned(dryRun ? text : null),
  });
  const take = (next: string): void => {
    setText(next);
    setPlanned(null);
    run.reset();
  };
  return (
    <Menu
      title="Export and import"
      label={
        <>
          <FileCode2 className="size-4" aria-hidden />
          <span className="max-md:hidden">YAML</span>
        </>
      }
      className="w-[min(32rem,calc(100vw-1rem))]"
    >
      <div className="flex flex-col gap-2.5 text-[0.8125rem]">
        <a className="control self-start" href="/api/monitors/export" download="monitors.yaml">
          <Download className="size-4" aria-hidden /> Export all monitors
        </a>
        <p className="text-xs text-ink-3">
          In the file credentials stand as ***. Import makes new monitors and changes those that are there, by
          id or name; none is removed.
        </p>
        <input
          type="file"
          accept=".yaml,.yml,.json,application/yaml"
          aria-label="A YAML file"
          className="text-xs text-ink-2"
          onChange={(event) => void event.target.files?.[0]?.text().then(take)}
        />
        <textarea
          aria-label="YAML"
          placeholder="or paste it here"
          className="field !h-40 py-1.5 font-mono text-xs"
          value={text}
          spellCheck={false}
          onChange={(event) => take(event.target.value)}
        />
        {run.isError && (
          <p role="alert" className="text-xs text-red [overflow-wrap:anywhere]">
            {run.error.message}
          </p>
        )}
        {run.data && (
          <p role="status" className="text-xs text-ink-2">
            {planned === null ? 'Done: ' : 'It would be: '}
            {tell(run.data)}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <button
            type="button"
            className="control"
            disabled={text.trim() === '' || run.isPending}
            onClick={() => run.mutate(true)}
          >
            Check
          </button>
          <button
            type="button"
            className="control"
            disabled={planned === null || planned !== text || run.isPending}
            onClick={() => run.mutate(false)}
          >
            Import
          </button>
        </div>
      </div>
    </Menu>
  );
}

function tell({ created, changed, unchanged }: ImportAnswer): string {
  return `${formatCount(created.length)} new, ${formatCount(changed.length)} changed, ${formatCount(unchanged)} as they are`;
}
