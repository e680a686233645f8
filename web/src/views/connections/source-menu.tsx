import { Check, ChevronDown } from 'lucide-react';
import { useState } from 'react';
import type { InterfaceRow, ProcessRow } from '../../../../src/wire/machine.ts';
import { useAgentChoice } from '../../app/use-agent-choice.ts';
import { makeVisible } from '../../lib/visible-text.ts';
import { useRows } from '../../live/use-live.ts';
import { Menu } from '../../ui/menu.tsx';
import { Text } from '../../ui/text.tsx';

/** Whose traffic the chart shows: everything, an interface by name, a process by key. */
export interface Source {
  readonly by: 'total' | 'interface' | 'process';
  readonly key: string;
}
/** Most entries in the source menu; typing finds the others. */
const maxListed = 60;

/** Chooses whose traffic the chart shows. */
export function SourceMenu({ source, onSource }: { source: Source; onSource: (source: Source) => void }) {
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
  const agent = useAgentChoice();
  const interfaces = useRows<InterfaceRow>({ topic: 'interfaces', agent }).rows;
  const processes = useRows<ProcessRow>({ topic: 'processes', agent }).rows;
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
