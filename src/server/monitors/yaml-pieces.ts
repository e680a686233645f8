/**
 * A file of monitors in pieces, so that reading a long one does not hold everything else up: a list with a dash for each
 * monitor below `monitors:` is read item by item. No line of an item begins where its dash stands, since YAML has what
 * belongs to it further in; so the dashes in that column are where the pieces begin. JSON, which is YAML too, is split at
 * the commas of its list.
 */

/** An item of the list with the line (from 0) that it begins with in the file. */
export interface Piece {
  readonly text: string;
  readonly line: number;
}

const head = 'monitors:';

/** The items of a file, each as a file of its own; null for a file that is written in another way. */
export function splitItems(text: string): Piece[] | null {
  return splitJson(text) ?? splitList(text);
}

function splitList(text: string): Piece[] | null {
  // A line may also end by CR alone, or by what editors take for an end.
  if (/\r(?!\n)/.test(text)) return null;
  const lines = text.split(/\r?\n/);
  const start = lines.findIndex((line) => !isEmpty(line));
  if (start < 0 || lines[start].trimEnd() !== head) return null;
  const first = lines.findIndex((line, i) => i > start && !isEmpty(line));
  const indent = first < 0 ? -1 : lines[first].search(/[^ ]/);
  if (first < 0 || !isDash(lines[first], indent)) return null;
  const starts: number[] = [];
  for (let i = first; i < lines.length; i++) {
    if (isDash(lines[i], indent)) starts.push(i);
    else if (!isEmpty(lines[i]) && lines[i].search(/[^ ]/) <= indent) return null;
  }
  return starts.map((from, i) => ({
    // The head takes the place of the line before.
    text: `${head}\n${lines.slice(from, starts[i + 1]).join('\n')}\n`,
    line: from - 1,
  }));
}

const jsonHead = /^\s*\{\s*"monitors"\s*:\s*\[/;
/** What stands between the values of a JSON text, and its strings as wholes. */
const jsonMarks = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{},\n]/g;

/** The values of the list `monitors`, the only thing in a JSON object; null for any other text. */
function splitJson(text: string): Piece[] | null {
  const begin = jsonHead.exec(text)?.[0].length;
  if (begin === undefined || !isJson(text)) return null;
  const pieces: Piece[] = [];
  let line = text.slice(0, begin).split('\n').length - 1;
  let [from, fromLine, depth] = [begin, line, 0];
  jsonMarks.lastIndex = begin;
  for (let mark = jsonMarks.exec(text); mark; mark = jsonMarks.exec(text)) {
    const [found] = mark;
    const isEnd = depth === 0 && found === ']';
    if (isEnd || (depth === 0 && found === ',')) {
      const item = text.slice(from, mark.index);
      // As in a list with dashes, the head takes the place of the line before.
      if (item.trim() !== '')
        pieces.push({ text: `{"${head.slice(0, -1)}":\n[${item}]}`, line: fromLine - 1 });
      [from, fromLine] = [mark.index + 1, line];
    }
    if (isEnd) return pieces.length > 0 && text.slice(from).trim() === '}' ? pieces : null;
    if (found === '\n') line++;
    else if (found === '[' || found === '{') depth++;
    else if (found === ']' || found === '}') depth--;
  }
  return null;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isEmpty(line: string): boolean {
  return /^\s*(?:#.*)?$/.test(line);
}

function isDash(line: string, indent: number): boolean {
  return (
    line.startsWith('-', indent) && line.search(/[^ ]/) === indent && /^-(?:\s|$)/.test(line.slice(indent))
  );
}
