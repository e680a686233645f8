import { cutText, escapeText, textWidth } from './escape.ts';

export interface Column<Row> {
  readonly title: string;
  /** The cell's text; what comes from outside may be in it as it is. */
  readonly text: (row: Row) => string;
  readonly align?: 'right';
  /** Narrowest useful width when the terminal is too narrow; by default the column is never cut. */
  readonly least?: number;
  /** Columns with the highest number are left out first when even cut ones do not fit; 0, the default, stays. */
  readonly optional?: number;
}

/** Blanks between columns. */
const gap = 2;

/**
 * Lines of a table, the head first, none wider than `width` as long as the columns that must stay fit. Cells are
 * escaped here, so a line holds no control character.
 */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
): string[] {
  const filled = columns.map((column) => fillColumn(column, rows));
  const shown = dropOptional(filled, width);
  narrow(shown, width);
  const line = (cell: (column: Filled<Row>) => string): string =>
    shown
      .map((column, i) => pad(cutText(cell(column), column.width), column, i === shown.length - 1))
      .join(' '.repeat(gap));
  return [line(({ column }) => column.title), ...rows.map((_, i) => line(({ cells }) => cells[i]))];
}

interface Filled<Row> {
  readonly column: Column<Row>;
  readonly cells: readonly string[];
  width: number;
}

function fillColumn<Row>(column: Column<Row>, rows: readonly Row[]): Filled<Row> {
  const cells = rows.map((row) => escapeText(column.text(row)));
  return {
    column,
    cells,
    width: cells.reduce((most, cell) => Math.max(most, textWidth(cell)), column.title.length),
  };
}

function dropOptional<Row>(columns: readonly Filled<Row>[], width: number): Filled<Row>[] {
  const shown = [...columns];
  const least = (): number =>
    shown.reduce(
      (sum, filled) => sum + Math.min(filled.width, filled.column.least ?? filled.width) + gap,
      -gap,
    );
  while (least() > width) {
    const optional = Math.max(...shown.map(({ column }) => column.optional ?? 0));
    if (!(optional > 0)) break;
    shown.splice(
      shown.findLastIndex(({ column }) => column.optional === optional),
      1,
    );
  }
  return shown;
}

/** Cuts the widest column that may be cut, a column of the terminal at a time. */
function narrow<Row>(columns: readonly Filled<Row>[], width: number): void {
  const total = (): number => columns.reduce((sum, filled) => sum + filled.width + gap, -gap);
  for (let excess = total() - width; excess > 0; excess--) {
    const cuttable = columns.filter(({ column, width: now }) => now > (column.least ?? now));
    if (cuttable.length === 0) return;
    cuttable.reduce((a, b) => (b.width > a.width ? b : a)).width--;
  }
}

function pad<Row>(text: string, { column, width }: Filled<Row>, last: boolean): string {
  const blanks = ' '.repeat(Math.max(0, width - textWidth(text)));
  if (column.align === 'right') return blanks + text;
  return last ? text : text + blanks;
}
