import { type TrafficWindow, trafficWindows } from '../wire/traffic-statistics.ts';
import { listOrders, type View } from './arrange.ts';
import type { Owner } from './pages/page.ts';
import { pages } from './pages/registry.ts';
import { changePage, currentPage, type SignalName, type State, signals } from './state.ts';

/** What a key asks for beyond another state. */
export type Effect =
  | { readonly kind: 'quit' }
  | { readonly kind: 'signal'; readonly owner: Owner; readonly signal: SignalName };

export interface Pressed {
  readonly state: State;
  readonly effect?: Effect;
}

/** What is on show when the key is pressed. */
export interface Sight {
  readonly view: View;
  /** Rows of the table in sight. */
  readonly height: number;
  /** The process of the chosen row. */
  readonly owner: Owner | null;
  /** Why no signal can be sent from here; null when it can. */
  readonly noSignals: string | null;
}

/** Longest filter, as the server takes it. */
const maxFilter = 256;

/** What a key does, by its name in terminal-kit: `UP`, `F1`, `CTRL_C`, or the character itself. */
export function press(state: State, key: string, sight: Sight): Pressed {
  if (key === 'CTRL_C') return { state, effect: { kind: 'quit' } };
  const quiet = { ...state, message: '' };
  switch (state.mode) {
    case 'filter':
      return { state: editFilter(quiet, key) };
    case 'help':
      return { state: pressInHelp(quiet, key) };
    case 'details':
      return pressInDetails(quiet, key, sight);
    case 'order':
      return { state: pressInOrder(quiet, key, sight) };
    case 'signal':
      return pressInSignal(quiet, key);
    case 'table':
      return pressInTable(quiet, key, sight);
  }
}

function pressInTable(state: State, key: string, sight: Sight): Pressed {
  const moved = move(state, key, sight);
  if (moved) return { state: moved };
  if (/^[1-9]$/.test(key)) return { state: showPage(state, Number(key) - 1) };
  switch (key) {
    case 'q':
    case 'F10':
      return { state, effect: { kind: 'quit' } };
    case 'k':
    case 'F9':
      return { state: askSignal(state, sight) };
    default:
      return { state: change(state, key, sight) };
  }
}

function change(state: State, key: string, { view }: Sight): State {
  switch (key) {
    case '?':
    case 'h':
    case 'F1':
      return { ...state, mode: 'help', menu: 0 };
    case '/':
    case '\\':
    case 'F3':
    case 'F4':
      return { ...state, mode: 'filter', oldFilter: state.filter };
    case '<':
    case '>':
    case 'F6':
      return openOrders(state, view);
    case 'I':
    case 'i':
      return changePage(state, { descending: !currentPage(state).descending, cursor: 0, top: 0 });
    case 'Z':
    case 'z':
    case ' ':
      return { ...state, frozen: !state.frozen };
    case 'g':
      return changePage(state, { group: nextGroup(state), cursor: 0, top: 0, chosen: null });
    case 'w':
      return view.page.windowed ? { ...state, window: nextWindow(state.window) } : state;
    case 'ENTER':
    case 'KP_ENTER':
      return view.chosen === undefined ? state : { ...state, mode: 'details' };
    case 'ESCAPE':
      return { ...state, filter: '' };
    case 'TAB':
    case 'RIGHT':
      return showPage(state, (state.page + 1) % pages.length);
    case 'SHIFT_TAB':
    case 'LEFT':
      return showPage(state, (state.page + pages.length - 1) % pages.length);
    default:
      return state;
  }
}

function showPage(state: State, page: number): State {
  return page < pages.length ? { ...state, page } : state;
}

/** The state after a key that moves the cursor; null for other keys. */
function move(state: State, key: string, { view, height }: Sight): State | null {
  const { cursor } = currentPage(state);
  const steps: Readonly<Record<string, number>> = {
    UP: -1,
    DOWN: 1,
    j: 1,
    PAGE_UP: -height,
    PAGE_DOWN: height,
    HOME: -view.total,
    END: view.total,
  };
  const step = steps[key];
  if (step === undefined) return null;
  const next = Math.max(0, Math.min(cursor + step, view.total - 1));
  const row = view.rows[next - view.offset];
  return changePage(state, { cursor: next, chosen: row === undefined ? null : view.page.key(row) });
}

function editFilter(state: State, key: string): State {
  switch (key) {
    case 'ENTER':
    case 'KP_ENTER':
      return { ...state, mode: 'table' };
    case 'ESCAPE':
      return { ...state, mode: 'table', filter: state.oldFilter };
    case 'BACKSPACE':
      return refilter(state, Array.from(state.filter).slice(0, -1).join(''));
    case 'CTRL_U':
      return refilter(state, '');
    default:
      return Array.from(key).length === 1 && state.filter.length < maxFilter
        ? refilter(state, state.filter + key)
        : state;
  }
}

function refilter(state: State, filter: string): State {
  return { ...changePage(state, { cursor: 0, top: 0, chosen: null }), filter };
}

function pressInHelp(state: State, key: string): State {
  if (key === 'DOWN' || key === 'PAGE_DOWN') return { ...state, menu: state.menu + 1 };
  if (key === 'UP' || key === 'PAGE_UP') return { ...state, menu: Math.max(0, state.menu - 1) };
  return { ...state, mode: 'table' };
}

function pressInDetails(state: State, key: string, sight: Sight): Pressed {
  if (key === 'k' || key === 'F9') return { state: askSignal(state, sight) };
  const moved = key === 'UP' || key === 'DOWN' ? move(state, key, sight) : null;
  return { state: moved ?? { ...state, mode: 'table' } };
}

function openOrders(state: State, { page }: View): State {
  const orders = listOrders(page);
  const menu = orders.findIndex(({ title }) => title === currentPage(state).order);
  return { ...state, mode: 'order', menu: Math.max(0, menu) };
}

function pressInOrder(state: State, key: string, { view }: Sight): State {
  const orders = listOrders(view.page);
  const step = stepInMenu(key);
  if (step !== 0) return { ...state, menu: (state.menu + step + orders.length) % orders.length };
  if (key !== 'ENTER' && key !== 'KP_ENTER') return { ...state, mode: 'table' };
  const chosen = { order: orders[state.menu].title, cursor: 0, top: 0, chosen: null };
  return { ...changePage(state, chosen), mode: 'table' };
}

function stepInMenu(key: string): number {
  if (key === 'UP' || key === '<') return -1;
  return key === 'DOWN' || key === '>' || key === 'TAB' ? 1 : 0;
}

function askSignal(state: State, { owner, noSignals }: Sight): State {
  const mode = 'table';
  if (noSignals !== null) return { ...state, mode, message: noSignals };
  if (owner === null) return { ...state, mode, message: 'there is no running process in this row' };
  if (owner.key === null) return { ...state, mode, message: 'it is not known which process this is' };
  return { ...state, mode: 'signal', menu: 0, target: owner };
}

function pressInSignal(state: State, key: string): Pressed {
  const step = stepInMenu(key);
  if (step !== 0) return { state: { ...state, menu: (state.menu + step + signals.length) % signals.length } };
  const closed: State = { ...state, mode: 'table', target: null };
  if ((key !== 'ENTER' && key !== 'KP_ENTER') || state.target === null) return { state: closed };
  return { state: closed, effect: { kind: 'signal', owner: state.target, signal: signals[state.menu] } };
}

function nextGroup(state: State): string {
  const groups = pages[state.page].groups ?? [''];
  return groups[(groups.indexOf(currentPage(state).group) + 1) % groups.length];
}

function nextWindow(window: TrafficWindow): TrafficWindow {
  const names = Object.keys(trafficWindows) as TrafficWindow[];
  return names[(names.indexOf(window) + 1) % names.length];
}
