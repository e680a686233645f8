import { ChevronDown, Server } from 'lucide-react';
import { toggleValue } from '../lib/filters.ts';
import { Menu } from '../ui/menu.tsx';
import { Text } from '../ui/text.tsx';
import { useAddress } from './use-address.ts';
import { useAgentChoice } from './use-agent-choice.ts';
import { useAgentNames } from './use-agent-names.ts';

/** Chooses whose data every page shows: those of one agent, of several or of all. Not there with a single agent. */
export function AgentMenu() {
  const names = useAgentNames();
  const choice = useAgentChoice();
  const [, set] = useAddress();
  const chosen = choice?.split(',') ?? [];
  if (names.length < 2 && chosen.length === 0) return null;
  const label =
    chosen.length === 0 ? 'All agents' : chosen.length === 1 ? chosen[0] : `${chosen.length} agents`;
  return (
    <Menu
      title="Agents shown"
      on={chosen.length > 0}
      className="w-64"
      label={
        <>
          <Server className="size-4 shrink-0" aria-hidden />
          <span className="flex max-w-36 min-w-0 max-sm:sr-only">
            <Text value={label} />
          </span>
          <ChevronDown className="size-3.5 shrink-0 max-sm:hidden" aria-hidden />
        </>
      }
    >
      <fieldset aria-label="Agents shown" className="flex flex-col text-[0.8125rem]">
        <Line label="All agents" on={chosen.length === 0} onToggle={() => set('agent', null)} />
        {[...new Set([...names, ...chosen])].map((name) => (
          <Line
            key={name}
            label={name}
            on={chosen.includes(name)}
            onToggle={() => set('agent', toggleValue(choice, name) ?? null)}
          />
        ))}
      </fieldset>
    </Menu>
  );
}

function Line({ label, on, onToggle }: { label: string; on: boolean; onToggle: () => void }) {
  return (
    <label className="flex cursor-pointer items-center gap-2.5 rounded px-1.5 py-1 hover:bg-raised">
      <input type="checkbox" className="accent-(--accent)" checked={on} onChange={onToggle} />
      <Text value={label} />
    </label>
  );
}
