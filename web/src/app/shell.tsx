import { ArrowDown, ArrowUp, Command, Moon, Sun } from 'lucide-react';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { Link, Outlet, useLocation, useNavigate } from 'react-router';
import { formatRate } from '../lib/format.ts';
import { useLive } from '../live/use-live.ts';
import { useTotals } from '../live/use-totals.ts';
import { Loading } from '../ui/message.tsx';
import { AgentMenu } from './agent-menu.tsx';
import { AlertBanner, AlertCount } from './alert-banner.tsx';
import { CostNote } from './cost-note.tsx';
import { ErrorBoundary } from './error-boundary.tsx';
import { focusSearch, useKeys } from './keys.ts';
import { LinkPill, OfflineBar } from './link-pill.tsx';
import { findPage, pages } from './navigation.ts';
import { toggleTheme, useTheme } from './theme.ts';
import { useWithAgents } from './use-agent-choice.ts';

const Palette = lazy(() => import('./palette.tsx'));

/** What is around every page: navigation, the state of the link, the command palette, global keys. */
export function Shell() {
  const location = useLocation();
  const [palette, setPalette] = useState(false);
  const offline = useLive((store) => store.link.phase === 'offline');
  useGlobalKeys(() => setPalette((open) => !open));
  const title = findPage(location.pathname)?.title ?? 'Not found';
  useEffect(() => {
    document.title = title === 'Connections' ? 'netmon' : `${title} · netmon`;
  }, [title]);
  return (
    <div className="grid h-full grid-cols-1 grid-rows-[auto_minmax(0,1fr)_auto] md:grid-cols-[3.75rem_minmax(0,1fr)] md:grid-rows-[minmax(0,1fr)] xl:grid-cols-[12.5rem_minmax(0,1fr)]">
      <Sidebar />
      <div className="flex min-h-0 min-w-0 flex-col max-md:row-span-2 max-md:row-start-1">
        <Header title={title} onPalette={() => setPalette(true)} />
        <OfflineBar />
        <AlertBanner />
        <div className={`flex min-h-0 flex-1 flex-col ${offline ? 'opacity-80 saturate-[0.25]' : ''}`}>
          <ErrorBoundary key={location.pathname}>
            <Suspense fallback={<Loading what="the page" />}>
              <Outlet />
            </Suspense>
          </ErrorBoundary>
        </div>
      </div>
      {palette && (
        <Suspense>
          <Palette onClose={() => setPalette(false)} />
        </Suspense>
      )}
    </div>
  );
}

function Header({ title, onPalette }: { title: string; onPalette: () => void }) {
  return (
    <header className="flex h-12 shrink-0 items-center gap-3 border-b border-line px-3 md:px-4">
      <Logo className="md:hidden" />
      <h1 className="text-[0.95rem] font-semibold">{title}</h1>
      <LinkPill />
      <AlertCount />
      {title !== 'Connections' && <HeaderRates />}
      <div className="ml-auto flex items-center gap-2">
        {title !== 'Agents' && <AgentMenu />}
        <button type="button" className="control max-sm:w-[2.125rem] max-sm:px-0" onClick={onPalette}>
          <Command className="size-4 sm:hidden" aria-hidden />
          <span className="max-sm:sr-only">Commands</span>
          <span className="kbd max-sm:hidden" aria-hidden>
            ⌘K
          </span>
        </button>
        <ThemeButton />
      </div>
    </header>
  );
}

function HeaderRates() {
  const stats = useTotals();
  if (!stats) return null;
  return (
    <div className="flex items-center gap-4 text-[0.8125rem] text-ink-2 max-sm:hidden">
      <span className="flex w-24 items-center gap-1">
        <ArrowDown className="size-3.5 text-down" aria-label="Download" />
        {formatRate(stats.download_speed)}
      </span>
      <span className="flex w-24 items-center gap-1">
        <ArrowUp className="size-3.5 text-up" aria-label="Upload" />
        {formatRate(stats.upload_speed)}
      </span>
    </div>
  );
}

function ThemeButton() {
  const theme = useTheme();
  const Icon = theme === 'dark' ? Sun : Moon;
  return (
    <button
      type="button"
      className="control w-[2.125rem] px-0"
      aria-label={theme === 'dark' ? 'Switch to light' : 'Switch to dark'}
      onClick={toggleTheme}
    >
      <Icon className="size-4" aria-hidden />
    </button>
  );
}

function Logo({ className = '' }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" className={`size-6 shrink-0 ${className}`} aria-hidden="true">
      <path
        d="M3 21h6l3-12 5 16 4-20 3 16h5"
        fill="none"
        stroke="var(--accent)"
        strokeWidth="2.8"
        strokeLinejoin="round"
        strokeLinecap="round"
      />
    </svg>
  );
}

function Sidebar() {
  const withAgents = useWithAgents();
  const shown = findPage(useLocation().pathname);
  return (
    <nav
      aria-label="Pages"
      className="flex border-line bg-panel max-md:row-start-3 max-md:overflow-x-auto max-md:border-t max-md:pb-[env(safe-area-inset-bottom)] md:flex-col md:gap-1 md:border-r md:p-2"
    >
      <div className="flex h-9 items-center gap-2.5 px-2 max-md:hidden">
        <Logo />
        <span className="text-base font-semibold tracking-tight max-xl:sr-only">netmon</span>
      </div>
      {pages.map(({ path, title, icon: Icon }) => (
        <Link
          key={path}
          to={withAgents(path)}
          aria-current={path === shown?.path ? 'page' : undefined}
          title={title}
          className="flex flex-1 items-center rounded-lg text-ink-3 hover:text-ink max-md:h-14 max-md:min-w-[4.6rem] max-md:flex-col max-md:justify-center max-md:gap-0.5 max-md:text-2xs md:h-10 md:flex-none md:justify-center md:gap-3 md:hover:bg-raised xl:justify-start xl:px-3 xl:text-sm aria-[current=page]:font-medium aria-[current=page]:text-ink md:aria-[current=page]:bg-raised"
        >
          <Icon className="size-[1.15rem] shrink-0" aria-hidden />
          <span className="md:max-xl:sr-only">{title}</span>
        </Link>
      ))}
      <CostNote />
    </nav>
  );
}

/** ⌘K opens the palette; `g` and a page's letter goes there; `/` searches; `t` changes the theme. */
function useGlobalKeys(onPalette: () => void): void {
  const navigate = useNavigate();
  const withAgents = useWithAgents();
  const pending = useRef(0);
  useKeys({
    g: () => {
      pending.current = Date.now();
    },
    '/': focusSearch,
    '?': onPalette,
    t: toggleTheme,
  });
  useEffect(() => {
    // While capturing, so that the second key of a pair never reaches a page's own binding.
    const onKey = (event: KeyboardEvent): void => {
      const page = Date.now() - pending.current < 1000 && pages.find(({ key }) => key === event.key);
      pending.current = 0;
      if (page) void navigate(withAgents(page.path));
      else if (event.key.toLowerCase() === 'k' && (event.metaKey || event.ctrlKey)) onPalette();
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', onKey, true);
    return () => document.removeEventListener('keydown', onKey, true);
  }, [navigate, onPalette, withAgents]);
}
