/**
 * The whole screen as lines, from what there is to see and what the user chose. Pure: the same in, the same out. From
 * top to bottom: the header, the table or what lies over it, on a large terminal two panels, the keys.
 */
import { escapeText } from '../cli/escape.ts';
import { formatElapsed, formatTime } from '../cli/format.ts';
import { arrange, listOrders, type View } from './arrange.ts';
import { drawHeader, type Looks } from './header.ts';
import { help, notes } from './help.ts';
import { fitLine, fitText, type Line, lineWidth, type Piece, piece, plainText, spread } from './line.ts';
import { showMessage } from './message.ts';
import { pages } from './pages/registry.ts';
import type { Picture } from './picture.ts';
import { currentPage, type State, signals } from './state.ts';
import { drawTable } from './table.ts';

export type { Looks } from './header.ts';

export interface Screenful {
  readonly lines: readonly Line[];
  readonly view: View;
  /** Rows of the table in sight. */
  readonly height: number;
}

/** Smallest terminal that something can be shown in. */
const least = { columns: 40, rows: 10 };
/** From here on there are panels below the table, so high, and from here on two of them side by side. */
const panels = { fromRows: 40, height: 11, twoFromColumns: 110 };
const menuWidth = 18;

/** Draws `looks.rows` lines of `looks.columns`. */
export function drawScreen(picture: Picture, state: State, looks: Looks): Screenful {
  const { columns, rows } = looks;
  const header = drawHeader(picture, state, looks);
  const below = rows >= panels.fromRows ? panels.height : 0;
  const bodyHeight = Math.max(2, rows - header.length - below - 1);
  const view = arrange(picture, state, bodyHeight - 1);
  const screenful = (lines: readonly Line[]): Screenful => ({ lines, view, height: bodyHeight - 1 });
  if (columns < least.columns || rows < least.rows) {
    const text = `${least.columns}x${least.rows} at least, please`;
    const blank = Array.from({ length: rows - 1 }, () => fitLine([], columns));
    return screenful([fitLine([piece(text, 'warn')], columns), ...blank]);
  }
  return screenful([
    ...header,
    ...drawBody(picture, view, looks, bodyHeight),
    ...(below > 0 ? drawPanels(picture, columns) : []),
    drawFooter(view.state, columns),
  ]);
}

function drawBody(picture: Picture, view: View, looks: Looks, height: number): Line[] {
  const { columns, ascii } = looks;
  switch (view.state.mode) {
    case 'help':
      return fill(drawHelp(columns).slice(Math.min(view.state.menu, 12)), columns, height);
    case 'details':
      return fill(drawDetails(view, columns), columns, height);
    case 'order':
      return drawBeside(
        drawOrders(view, height),
        drawTable(view, columns - menuWidth, height, ascii),
        height,
      );
    case 'signal':
      return drawBeside(drawSignals(view.state), drawTable(view, columns - menuWidth, height, ascii), height);
    case 'table':
    case 'filter':
      if (view.total > 0) return drawTable(view, columns, height, ascii);
      return fill(
        [
          drawTable(view, columns, 1, ascii)[0],
          [],
          [
            piece(
              `  ${view.state.filter === '' ? view.page.empty(picture) : 'nothing matches the filter'}`,
              'dim',
            ),
          ],
        ],
        columns,
        height,
      );
  }
}

function fill(lines: readonly Line[], columns: number, height: number): Line[] {
  return Array.from({ length: height }, (_, i) => fitLine(lines[i] ?? [], columns));
}

/** A menu at the left, the table at its right. */
function drawBeside(menu: readonly Line[], table: readonly Line[], height: number): Line[] {
  return Array.from({ length: height }, (_, i) => [
    ...fitLine(menu[i] ?? [], menuWidth - 1),
    piece(' '),
    ...(table[i] ?? []),
  ]);
}

function drawHelp(columns: number): Line[] {
  return [
    [piece(fitText('netmon top: what the keys do', columns), 'head')],
    ...help.map(([keys, what]): Line => [piece(fitText(`  ${keys}`, 28), 'key'), piece(what)]),
    [],
    ...notes.map((text): Line => [piece(`  ${text}`, 'dim')]),
  ];
}

function drawDetails({ page, chosen }: View, columns: number): Line[] {
  if (chosen === undefined) return [[piece('  it is gone', 'dim')]];
  const room = columns - 17;
  return [
    [piece(fitText(` ${page.title}: one row`, columns), 'head')],
    ...page
      .details(chosen)
      .flatMap(([label, text]) =>
        wrap(escapeText(text.slice(0, 4096)), room).map(
          (part, i): Line => [
            piece(fitText(i === 0 ? label : '', 15, 'right'), 'dim'),
            piece('  '),
            piece(part),
          ],
        ),
      ),
  ];
}

/** The text in parts of at most that many characters, at most eight. */
function wrap(text: string, width: number): string[] {
  const chars = Array.from(text);
  const parts = [chars.slice(0, width).join('')];
  for (let at = width; at < chars.length && parts.length < 8; at += width)
    parts.push(chars.slice(at, at + width).join(''));
  return parts;
}

function drawMenu(title: string, entries: readonly string[], chosen: number): Line[] {
  return [
    [piece(fitText(title, menuWidth - 1), 'head')],
    ...entries.map(
      (entry, i): Line => [piece(fitText(` ${entry}`, menuWidth - 1), i === chosen ? 'chosen' : 'plain')],
    ),
  ];
}

function drawOrders({ page, state }: View, height: number): Line[] {
  const titles = listOrders(page).map(({ title }) => title);
  const first = Math.max(0, state.menu - height + 2);
  return drawMenu('Order by', titles.slice(first), state.menu - first);
}

function drawSignals({ menu }: State): Line[] {
  return drawMenu('Send signal', signals, menu);
}

const keys: readonly (readonly [string, string])[] = [
  ['?', 'Help'],
  ['/', 'Filter'],
  ['F6', 'Order'],
  ['i', 'Invert'],
  ['z', 'Freeze'],
  ['Enter', 'Details'],
];
const groupKeys = [
  ['g', 'Group'],
  ['w', 'Window'],
] as const;
const signalKeys = [['k', 'Kill']] as const;
const lastKeys = [['q', 'Quit']] as const;

function drawFooter(state: State, columns: number): Line {
  if (state.mode === 'filter')
    return fitLine([piece('Filter: ', 'key'), piece(escapeText(state.filter)), piece('█', 'dim')], columns);
  if (state.mode === 'signal' && state.target) {
    const { name, pid } = state.target;
    const question = `Send ${signals[state.menu]} to ${escapeText(name)} (${pid})?`;
    return fitLine(
      [piece(` ${question} `, 'alarm'), piece('  Enter sends, Escape does not', 'bold')],
      columns,
    );
  }
  if (state.mode === 'order') return fitLine([piece(' Enter takes it, Escape does not', 'bold')], columns);
  if (state.message !== '') return fitLine([piece(` ${escapeText(state.message)}`, 'warn')], columns);
  const page = pages[state.page];
  const all = [...keys, ...(page.groups ? groupKeys : []), ...(page.owner ? signalKeys : []), ...lastKeys];
  const { order, descending } = currentPage(state);
  const right: Line = [piece(` ${order} ${descending ? 'down' : 'up'} `, 'head')];
  return spread(drawKeys(all, columns - lineWidth(right)), right, columns);
}

/** Keys with what they do, as many as fit: none is cut. */
function drawKeys(all: readonly (readonly [string, string])[], columns: number): Line {
  const shown: Piece[] = [];
  for (const [key, what] of all) {
    const next = [piece(key, 'key'), piece(`${what} `, 'head')];
    if (lineWidth([...shown, ...next]) > columns) break;
    shown.push(...next);
  }
  return shown;
}

/** What else is worth a look: sites at the left, what went wrong at the right. */
function drawPanels(picture: Picture, columns: number): Line[] {
  const height = panels.height;
  if (columns < panels.twoFromColumns) return drawTrouble(picture, columns, height);
  const left = Math.floor((columns - 1) / 2);
  const sites = drawSites(picture, left, height);
  const trouble = drawTrouble(picture, columns - left - 1, height);
  return sites.map((line, i) => [...line, piece(' '), ...trouble[i]]);
}

function drawSites({ traffic }: Picture, width: number, height: number): Line[] {
  const room = width - 38;
  const head = `${fitText(' Sites', room)}${['HITS', 'HITS/S', '5XX', 'P95'].map((title) => fitText(title, 9, 'right')).join('')}`;
  const rows = (traffic?.http.by.section.rows ?? []).map(
    ({ name, hits, hits_per_second, statuses, response_time }): Line => [
      piece(fitText(` ${escapeText(name.slice(0, 256))}`, room), 'bold'),
      piece(fitText(String(hits), 9, 'right')),
      piece(fitText(hits_per_second.toFixed(1), 9, 'right')),
      piece(fitText(String(statuses['5xx']), 9, 'right'), statuses['5xx'] > 0 ? 'bad' : 'dim'),
      piece(fitText(formatElapsed(response_time.p95_ms), 9, 'right')),
    ],
  );
  const nothing: Line = [
    piece(traffic === null ? '  this server inspects no traffic' : '  no HTTP in this window', 'dim'),
  ];
  return frame(head, rows.length === 0 ? [nothing] : rows, width, height);
}

function drawTrouble({ alerts, errors }: Picture, width: number, height: number): Line[] {
  const alarms = alerts.slice(0, 3).map(({ message, raised_at, recovered_at, duration_ms }): Line => {
    const end = recovered_at === null ? '' : `, recovered after ${formatElapsed(duration_ms)}`;
    return [
      piece(` ${formatTime(raised_at).slice(11)} `, 'dim'),
      piece(`${showMessage(message)}${end}`, recovered_at === null ? 'bad' : 'good'),
    ];
  });
  const failures = errors
    .slice(0, height)
    .map(
      (row): Line => [
        piece(` ${formatTime(row.timestamp).slice(11)} `, 'dim'),
        piece(fitText(escapeText(row.error ?? ''), 14), 'bad'),
        piece(`${escapeText(row.process_name ?? '-')} to ${escapeText(row.remote_name ?? row.remote_addr)}`),
        piece(row.count > 1 ? `  ${row.count} times` : '', 'warn'),
      ],
    );
  const nothing: Line = [piece('  nothing has failed', 'dim')];
  const all = [...alarms, ...failures];
  return frame(' Alerts and failures', all.length === 0 ? [nothing] : all, width, height);
}

function frame(head: string, rows: readonly Line[], width: number, height: number): Line[] {
  return [
    fitLine([piece(head, 'head')], width, 'head'),
    ...Array.from({ length: height - 1 }, (_, i) => fitLine(rows[i] ?? [], width)),
  ];
}

/** A page as plain text, for what is no terminal: all its rows, up to a thousand, below the header where it is wanted. */
export function drawPlain(picture: Picture, state: State, columns: number, withHeader: boolean): string {
  const looks = { columns, rows: 50, ascii: false };
  const view = arrange(picture, state, 1);
  const title: Line = [piece(`${view.page.title} (${view.total})`)];
  const lines = [
    ...(withHeader ? [...drawHeader(picture, state, looks).slice(0, -1), []] : []),
    title,
    ...drawBody(picture, view, looks, Math.min(Math.max(view.total, 2), 1000) + 1),
  ];
  return `${lines.map(plainText).join('\n').trimEnd()}\n`;
}
