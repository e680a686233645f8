import { Command } from 'cmdk';
import { Moon, Search, SquareStack, Table2 } from 'lucide-react';
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { connectionStates } from '../../../src/wire/names.ts';
import { toneOf } from '../lib/state-tone.ts';
import { focusSearch } from './keys.ts';
import { pages } from './navigation.ts';
import { toggleTheme } from './theme.ts';

const itemStyle =
  'flex h-9 cursor-pointer items-center gap-3 rounded-md px-3 text-sm text-ink-2 data-[selected=true]:bg-raised data-[selected=true]:text-ink';
const groupStyle =
  '[&_[cmdk-group-heading]]:px-3 [&_[cmdk-group-heading]]:pt-3 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-ink-3';

/** Keys that belong to a page's list and chart. */
const keyHints = [
  ['j k', 'rows'],
  ['Enter', 'details'],
  ['Esc', 'close'],
  ['f', 'freeze list'],
  ['p', 'pause chart'],
  ['v', 'table or cards'],
] as const;

/** Everything the dashboard can do, by typing; opened with ⌘K or ?. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const go = (path: string) => (): void => void navigate(path);
  const run = (action: () => void) => () => {
    onClose();
    // After the dialog has given the focus back.
    setTimeout(action);
  };
  const item = (label: string, icon: ReactNode, action: () => void, keys?: string) => (
    <Command.Item key={label} className={itemStyle} onSelect={run(action)}>
      {icon}
      <span className="flex-1">{label}</span>
      {keys && <span className="kbd">{keys}</span>}
    </Command.Item>
  );
  return (
    <Command.Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      label="Commands"
      loop
      overlayClassName="fixed inset-0 z-40 bg-shade"
      contentClassName="fixed top-[12vh] left-1/2 z-50 w-[min(36rem,calc(100vw-1.5rem))] -translate-x-1/2 overflow-hidden rounded-xl border border-line-strong bg-panel shadow-2xl"
    >
      <Command.Input
        autoFocus
        placeholder="Type a command"
        className="h-12 w-full border-b border-line bg-transparent px-4 text-base outline-none placeholder:text-ink-3"
      />
      <Command.List className="max-h-[min(26rem,60vh)] overflow-y-auto p-1.5 pb-2">
        <Command.Empty className="p-6 text-center text-sm text-ink-3">No such command</Command.Empty>
        <Command.Group heading="Go to" className={groupStyle}>
          {pages.map(({ path, title, icon: Icon, key }) =>
            item(title, <Icon className="size-4" aria-hidden />, go(path), `g ${key}`),
          )}
        </Command.Group>
        <Command.Group heading="Do" className={groupStyle}>
          {item('Search and filter', <Search className="size-4" aria-hidden />, focusSearch, '/')}
          {item('Change between dark and light', <Moon className="size-4" aria-hidden />, toggleTheme, 't')}
          {item('Show connections as a table', <Table2 className="size-4" aria-hidden />, go('/?view=table'))}
          {item(
            'Show connections as cards',
            <SquareStack className="size-4" aria-hidden />,
            go('/?view=cards'),
          )}
          {item(
            'Group connections by process',
            <SquareStack className="size-4" aria-hidden />,
            go('/?group=process'),
          )}
          {item(
            'Group connections by remote host',
            <SquareStack className="size-4" aria-hidden />,
            go('/?group=remote'),
          )}
        </Command.Group>
        <Command.Group heading="Show connections in state" className={groupStyle}>
          {connectionStates.map((state) =>
            item(
              state,
              <span
                className={`tone tone-${toneOf(state)} size-2.5 rounded-full !bg-(--tone)`}
                aria-hidden
              />,
              go(`/?state=${state}`),
            ),
          )}
        </Command.Group>
      </Command.List>
      <p className="flex flex-wrap gap-x-4 gap-y-1 border-t border-line px-4 py-2 text-xs text-ink-3">
        {keyHints.map(([keys, what]) => (
          <span key={keys} className="whitespace-nowrap">
            <span className="kbd mr-1">{keys}</span>
            {what}
          </span>
        ))}
      </p>
    </Command.Dialog>
  );
}
