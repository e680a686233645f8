import type { WebSocket } from 'ws';
import type { Connection } from '../../../wire/connection.ts';
import type { ViewIndex } from '../view-index.ts';
import { maxBufferedBytes } from './viewer.ts';

/** The text of a row before and after the value of its duration, which alone changes while nothing happens. */
type RowText = readonly [string, string];

/** The rows of the published message as JSON, in which only rows that changed are written anew. */
export class PublishedRows {
  readonly #index: ViewIndex;
  #texts = new Map<Connection, RowText>();

  constructor(index: ViewIndex) {
    this.#index = index;
  }

  /** Forgets the texts of rows that changed. */
  drop(rows: Iterable<Connection>): void {
    for (const row of rows) this.#texts.delete(row);
  }

  /** The texts of the busiest `limit` open connections. */
  write(limit: number, now: number): string[] {
    const texts = new Map<Connection, RowText>();
    const parts: string[] = [];
    for (const row of this.#index.window(0, limit)) {
      const text = this.#texts.get(row) ?? writeRow(row);
      texts.set(row, text);
      const durationMs =
        row.opened_at === null || row.closed_at !== null
          ? row.duration_ms
          : Math.max(0, now - Date.parse(row.opened_at));
      parts.push(text[0] + durationMs + text[1]);
    }
    this.#texts = texts;
    return parts;
  }
}

const mark = '"duration_ms":null';

function writeRow(row: Connection): RowText {
  const text = JSON.stringify({ ...row, duration_ms: null });
  const at = text.indexOf(mark) + mark.length;
  return [text.slice(0, at - 'null'.length), text.slice(at)];
}

/** A viewer of `/ws`: how many connections it wants, and how often. */
export class PublishedViewer {
  readonly limit: number;
  readonly #socket: WebSocket;
  hidden = false;

  constructor(socket: WebSocket, limit: number) {
    this.#socket = socket;
    this.limit = limit;
  }

  /** Sends a message, unless the viewer has not taken those before. */
  send(text: Buffer): void {
    if (this.#socket.bufferedAmount <= maxBufferedBytes) this.#socket.send(text, { binary: false });
  }
}
