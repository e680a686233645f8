import { escapeText, textWidth } from '../cli/escape.ts';
import { formatElapsed, formatRate, formatTime } from '../cli/format.ts';
import type { AlertRow } from '../wire/traffic-api.ts';
import { fitLine, fitText, type Line, type Piece, piece, spread } from './line.ts';
import { showMessage } from './message.ts';
import { pages } from './pages/registry.ts';
import type { Picture, Rates } from './picture.ts';
import { drawSpark } from './spark.ts';
import { currentPage, type State } from './state.ts';

/** Time for which a recovery is told of at the top. */
const recoveredMs = 300_000;

export interface Looks {
  readonly columns: number;
  readonly rows: number;
  /** Whether the terminal knows nothing but ASCII. */
  readonly ascii: boolean;
}

/** The lines above the table: who and when, rates, sums, interfaces, what is alarming, and the pages. */
export function drawHeader(picture: Picture, state: State, looks: Looks): Line[] {
  return [
    drawTitle(picture, state, looks),
    drawRates('all', picture.total, looks),
    ...drawInterfaces(picture, looks),
    drawSums(picture, looks),
    ...drawAlarm(picture, looks),
    drawTabs(picture, state, looks),
  ];
}

function drawTitle({ at, agents, status, notices }: Picture, { frozen }: State, { columns }: Looks): Line {
  const who = agents.length === 0 ? 'no agent' : agents.slice(0, 3).join(', ');
  const more = agents.length > 3 ? ` and ${agents.length - 3} more` : '';
  const notice = notices.length === 0 ? [] : [piece(`  ! ${escapeText(notices[0])}`, 'warn')];
  const words = {
    open: 'live',
    connecting: 'connecting',
    waiting: 'no server: trying again',
    closed: 'ended',
  };
  const right: Line = [
    frozen ? piece(' FROZEN ', 'alarm') : piece(` ${words[status]} `, status === 'open' ? 'good' : 'warn'),
    piece(` ${formatTime(at.toISOString()).slice(11)} `, 'dim'),
  ];
  return spread(
    [piece('netmon top', 'bold'), piece(`  ${escapeText(who + more)}`, 'plain'), ...notice],
    right,
    columns,
  );
}

/** `eth0  UP 1.2 MB/s ▁▂▃  DOWN 3.4 MB/s ▂▄▆`, the bars as wide as there is room. */
function drawRates(name: string, { up, down }: Rates, { columns, ascii }: Looks): Line {
  const [nameWidth, rateWidth] = [columns >= 110 ? 15 : 9, 11];
  const bars = Math.max(0, Math.floor((columns - nameWidth - 2 * (rateWidth + 8)) / 2));
  const half = (label: string, values: readonly number[], style: 'up' | 'down'): Piece[] => [
    piece(label, 'dim'),
    piece(fitText(formatRate(values.at(-1) ?? 0), rateWidth, 'right'), style),
    piece(` ${drawSpark(values, bars, ascii)}  `, style),
  ];
  return fitLine(
    [
      piece(fitText(escapeText(name), nameWidth), 'bold'),
      ...half('UP  ', up, 'up'),
      ...half('DOWN', down, 'down'),
    ],
    columns,
  );
}

/** The busiest interfaces, as many as the height allows. */
function drawInterfaces({ interfaces, interfaceRates }: Picture, looks: Looks): Line[] {
  const most = looks.rows < 20 ? 0 : looks.rows < 30 ? 2 : looks.rows < 50 ? 4 : 6;
  const nothing: Rates = { up: [], down: [] };
  const busyness = (name: string): number => {
    const { up, down } = interfaceRates.get(name) ?? nothing;
    return [...up, ...down].reduce((sum, rate) => sum + rate, 0);
  };
  return interfaces
    .filter(({ up }) => up)
    .map(({ name }) => ({ name, busy: busyness(name) }))
    .sort((a, b) => b.busy - a.busy || (a.name < b.name ? -1 : 1))
    .slice(0, most)
    .map(({ name }) => drawRates(name, interfaceRates.get(name) ?? nothing, looks));
}

function drawSums({ stats, processes, traffic }: Picture, { columns }: Looks): Line {
  const running = processes.filter(({ exited_at }) => exited_at === null).length;
  const failures = stats?.errors_total ?? 0;
  const facts: Piece[][] = [
    [piece(String(stats?.active_connections ?? 0), 'bold'), piece(' connections', 'dim')],
    [piece(String(running), 'bold'), piece(' processes', 'dim')],
    [piece(String(failures), failures > 0 ? 'bad' : 'bold'), piece(' failures', 'dim')],
  ];
  if (traffic !== null) {
    const { http, dns } = traffic;
    const time = formatElapsed(http.total.response_time.p95_ms);
    facts.push([piece(http.total.hits_per_second.toFixed(1), 'bold'), piece(' requests/s', 'dim')]);
    if (http.total.hits > 0) facts.push([piece(time, 'bold'), piece(' p95', 'dim')]);
    facts.push([piece(dns.total.queries_per_second.toFixed(1), 'bold'), piece(' DNS/s', 'dim')]);
  }
  return fitLine(
    facts.flatMap((fact, i) => (i === 0 ? fact : [piece('  '), ...fact])),
    columns,
  );
}

/** The alert that goes on, or else one that recovered a moment ago. */
function drawAlarm({ alerts, at }: Picture, { columns }: Looks): Line[] {
  const active = alerts.filter(({ recovered_at }) => recovered_at === null);
  if (active.length > 0) {
    const more = active.length > 1 ? ` (and ${active.length - 1} more)` : '';
    return [fitLine([piece(` ${showMessage(active[0].message)}${more}`, 'alarm')], columns, 'alarm')];
  }
  const last = alerts[0];
  if (!last?.recovered_at || at.getTime() - Date.parse(last.recovered_at) > recoveredMs) return [];
  return [fitLine([piece(` ${describeRecovery(last)}`, 'good')], columns)];
}

function describeRecovery({ message, recovered_at, duration_ms }: AlertRow): string {
  const when = formatTime(recovered_at).slice(11);
  return `${showMessage(message)}: recovered at ${when} after ${formatElapsed(duration_ms)}`;
}

/** The pages' names with their numbers; at the right how the rows are chosen. */
function drawTabs(picture: Picture, state: State, { columns }: Looks): Line {
  const mine = currentPage(state);
  const page = pages[state.page];
  const chosen = [
    ...(page.groups ? [`by ${mine.group}`] : []),
    ...(page.windowed ? [state.window] : []),
    ...(state.filter === '' ? [] : [`/${escapeText(state.filter)}`]),
  ].join('  ');
  const active = picture.alerts.some(({ recovered_at }) => recovered_at === null);
  const tabs = (short: boolean): Piece[] =>
    pages.flatMap((each, i) => {
      const { name } = each;
      const shown = short ? each.short : each.title;
      const style = i === state.page ? 'chosen' : name === 'alerts' && active ? 'bad' : 'plain';
      return [piece(`${i + 1}`, 'dim'), piece(` ${shown} `, style), piece(' ')];
    });
  const width = tabs(false).reduce((sum, { text }) => sum + textWidth(text), 0);
  const right: Line = chosen === '' ? [] : [piece(chosen, 'warn')];
  return spread(tabs(width + chosen.length > columns), right, columns);
}
