import { cutText, textWidth } from '../cli/escape.ts';

/** How a piece of text looks; `screen.ts` says in which colours. */
export type Style =
  | 'plain'
  | 'dim'
  | 'bold'
  | 'good'
  | 'warn'
  | 'bad'
  | 'up'
  | 'down'
  | 'head'
  | 'key'
  | 'chosen'
  | 'alarm';

/** A piece of a line. Its text is escaped: it holds no control character. */
export interface Piece {
  readonly text: string;
  readonly style: Style;
}

/** One line of the screen, from its left edge. */
export type Line = readonly Piece[];

export const piece = (text: string, style: Style = 'plain'): Piece => ({ text, style });

export function lineWidth(line: Line): number {
  return line.reduce((sum, { text }) => sum + textWidth(text), 0);
}

/** The line, filled up with blanks or cut to exactly that width. */
export function fitLine(line: Line, width: number, fill: Style = 'plain'): Line {
  const fitted: Piece[] = [];
  let left = width;
  for (const { text, style } of line) {
    if (left <= 0) break;
    const cut = cutText(text, left);
    fitted.push({ text: cut, style });
    left -= textWidth(cut);
  }
  if (left > 0) fitted.push({ text: ' '.repeat(left), style: fill });
  return fitted;
}

/** Two lines as one of that width: the second at the right edge, the first cut where it would touch it. */
export function spread(left: Line, right: Line, width: number): Line {
  const room = width - lineWidth(right);
  return room < 1 ? fitLine(left, width) : [...fitLine(left, room), ...right];
}

/** Text padded or cut to a width. */
export function fitText(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const cut = cutText(text, width);
  const blanks = ' '.repeat(Math.max(0, width - textWidth(cut)));
  return align === 'right' ? blanks + cut : cut + blanks;
}

/** The line's text without its looks. */
export function plainText(line: Line): string {
  return line
    .map(({ text }) => text)
    .join('')
    .trimEnd();
}
