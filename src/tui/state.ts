import type { TrafficWindow } from '../wire/traffic-statistics.ts';
import type { Owner } from './pages/page.ts';
import { pages } from './pages/registry.ts';

/** What the user did with one page. */
export interface PageState {
  /** Title of the column that orders. */
  readonly order: string;
  readonly descending: boolean;
  readonly group: string;
  /** Number of the chosen row among all, and what names it, so that it stays chosen when it moves. */
  readonly cursor: number;
  readonly chosen: string | number | null;
  /** Number of the first row in sight. */
  readonly top: number;
}

/** What keys are for at the moment. */
export type Mode = 'table' | 'filter' | 'help' | 'details' | 'order' | 'signal';

/** All that the user decides, apart from what there is to see. */
export interface State {
  readonly page: number;
  readonly pages: readonly PageState[];
  readonly mode: Mode;
  readonly filter: string;
  /** The filter before it was edited, which Escape brings back. */
  readonly oldFilter: string;
  readonly window: TrafficWindow;
  readonly frozen: boolean;
  /** Chosen line of the menu that is open, or first line of the help in sight. */
  readonly menu: number;
  /** The process that the question is about, as it was when the question was asked. */
  readonly target: Owner | null;
  /** What came of the last order, until the next key. */
  readonly message: string;
}

/** Signals that can be sent, the gentle one first. */
export const signals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGSTOP', 'SIGCONT', 'SIGKILL'] as const;
export type SignalName = (typeof signals)[number];

export function makeState(filter: string): State {
  return {
    page: 0,
    pages: pages.map(({ order, ascending, groups }) => ({
      order,
      descending: ascending !== true,
      group: groups?.[0] ?? '',
      cursor: 0,
      chosen: null,
      top: 0,
    })),
    mode: 'table',
    filter,
    oldFilter: filter,
    window: '1m',
    frozen: false,
    menu: 0,
    target: null,
    message: '',
  };
}

export function currentPage(state: State): PageState {
  return state.pages[state.page];
}

/** The state with changes to the page on show. */
export function changePage(state: State, change: Partial<PageState>): State {
  return {
    ...state,
    pages: state.pages.map((each, i) => (i === state.page ? { ...each, ...change } : each)),
  };
}
