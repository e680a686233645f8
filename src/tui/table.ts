import { escapeText } from '../cli/escape.ts';
import type { View } from './arrange.ts';
import { fitLine, fitText, type Line, type Piece, piece } from './line.ts';
import type { TopColumn } from './pages/page.ts';
import { currentPage } from './state.ts';

interface Placed {
  readonly column: TopColumn<unknown>;
  readonly width: number;
}

/** Longest text of a cell that is looked at: names are long only to do harm, and no terminal is that wide. */
const maxCell = 1024;

/** The head of the page's table and `height - 1` rows, each `width` wide. */
export function drawTable(view: View, width: number, height: number, ascii: boolean): Line[] {
  const placed = placeColumns(view.page.columns, width);
  const { order, descending, top, cursor } = currentPage(view.state);
  const arrow = descending ? (ascii ? 'v' : '▼') : ascii ? '^' : '▲';
  const head = placed.map(({ column, width: room }) => {
    const title = column.title === order ? `${column.title}${arrow}` : column.title;
    return piece(fitText(title, room, column.align), column.title === order ? 'chosen' : 'head');
  });
  const lines = [fitLine(join(head, 'head'), width, 'head')];
  for (let at = top; lines.length < height; at++) {
    const row = view.rows[at - view.offset];
    lines.push(row === undefined ? fitLine([], width) : drawRow(placed, row, width, at === cursor));
  }
  return lines;
}

/** What fits of the columns: the least important ones go, and what room is left is shared out. */
export function placeColumns(columns: readonly TopColumn<unknown>[], width: number): Placed[] {
  const kept = [...columns];
  const used = (): number => kept.reduce((sum, { width: each }) => sum + each + 1, -1);
  while (used() > width) {
    const most = Math.max(...kept.map(({ drop = 0 }) => drop));
    if (most === 0) break;
    kept.splice(
      kept.findLastIndex(({ drop = 0 }) => drop === most),
      1,
    );
  }
  const room = Math.max(0, width - used());
  const shares = kept.reduce((sum, { grow = 0 }) => sum + grow, 0);
  return kept.map((column) => ({
    column,
    width: column.width + (shares === 0 ? 0 : Math.floor((room * (column.grow ?? 0)) / shares)),
  }));
}

function drawRow(placed: readonly Placed[], row: unknown, width: number, isChosen: boolean): Line {
  const cells = placed.map(({ column, width: room }) => {
    const text = fitText(escapeText(column.text(row).slice(0, maxCell)), room, column.align);
    return piece(text, isChosen ? 'chosen' : (column.style?.(row) ?? 'plain'));
  });
  const fill = isChosen ? 'chosen' : 'plain';
  return fitLine(join(cells, fill), width, fill);
}

function join(cells: readonly Piece[], style: Piece['style']): Piece[] {
  return cells.flatMap((cell, i) => (i === 0 ? [cell] : [piece(' ', style), cell]));
}
