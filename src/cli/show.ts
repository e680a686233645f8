import { NetmonError } from '../base/errors.ts';
import { type QueryParameters, RestClient } from '../client/rest.ts';
import { csvRecord } from './csv.ts';
import { writeJson } from './json.ts';
import { type List, type Page, readRows } from './lists.ts';
import { renderTable } from './table.ts';

export interface ShowOptions {
  /** Of the server. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly format: 'table' | 'json' | 'csv';
  /** Milliseconds between two pictures; null shows one. */
  readonly watchMs: number | null;
  readonly limit: number;
  readonly query: QueryParameters;
}

/** Where the output goes, and how much of it can be seen. */
export interface Screen {
  readonly write: (text: string) => void;
  /** Columns and lines of the terminal; null where the output is no terminal, which then is not cut. */
  readonly size: () => { readonly columns: number; readonly rows: number } | null;
  /** Resolves after so many milliseconds, or at once when the user ends it. */
  readonly wait: (ms: number) => Promise<void>;
  readonly ended: () => boolean;
}

/** Shows a list once, or again and again until the user ends it. Throws NetmonError; a watch goes on over failures. */
export async function showList<Row>(list: List<Row>, options: ShowOptions, screen: Screen): Promise<void> {
  const client = new RestClient({ url: options.url, headers: options.headers });
  const picture = async (): Promise<string> =>
    write(list, await readRows(list, client, options.query, options.limit), options, screen);
  if (options.watchMs === null) {
    screen.write(await explain(picture(), options.url));
    return;
  }
  let shown = await explain(picture(), options.url);
  while (!screen.ended()) {
    screen.write(screen.size() === null ? shown : clearScreen + shown);
    await screen.wait(options.watchMs);
    if (!screen.ended()) shown = await picture().catch((error: unknown) => `${describe(error)}\n`);
  }
  if (screen.size() !== null) screen.write('\n');
}

/** Moves the cursor home and erases what is below (ECMA-48: CUP, ED). */
const clearScreen = '\x1b[H\x1b[J';

function write<Row>(list: List<Row>, page: Page<Row>, options: ShowOptions, screen: Screen): string {
  if (options.format === 'json') {
    return `${writeJson(page.answer, options.watchMs === null ? 2 : 0)}\n`;
  }
  if (options.format === 'csv') {
    const records = page.rows.map((row) =>
      csvRecord(list.fields.map((field) => (row as Record<string, unknown>)[field])),
    );
    return csvRecord(list.fields) + records.join('');
  }
  return writeTable(list, page, options, screen);
}

function writeTable<Row>(list: List<Row>, page: Page<Row>, options: ShowOptions, screen: Screen): string {
  const size = screen.size();
  if (page.rows.length === 0) return `no ${list.what ?? list.name}\n`;
  const lines = renderTable(list.columns, page.rows, size?.columns ?? Number.POSITIVE_INFINITY);
  const more = page.next === null ? [] : [`(there are more: --limit is ${options.limit})`];
  if (options.watchMs === null || size === null) return [...lines, ...more, ''].join('\n');
  return lines.slice(0, size.rows - 1).join('\n');
}

/** Adds what to do about a server that does not answer. */
async function explain(picture: Promise<string>, url: string): Promise<string> {
  try {
    return await picture;
  } catch (error) {
    if (!(error instanceof NetmonError) || error.code !== 'NM_UNAVAILABLE' || error.cause === undefined)
      throw error;
    throw new NetmonError(
      'NM_UNAVAILABLE',
      `no server answers at ${url}: run "netmon up", or name one with --server`,
    );
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
