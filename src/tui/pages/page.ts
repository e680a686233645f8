import type { TrafficWindow } from '../../wire/traffic-statistics.ts';
import type { Style } from '../line.ts';
import type { Picture } from '../picture.ts';

/** What the user chose of a page's contents. */
export interface Choice {
  /** One of the page's groupings; empty where it has none. */
  readonly group: string;
  readonly window: TrafficWindow;
}

/** A process that a signal could be sent to. `key` is `pid-starttime`, null where only the number is known. */
export interface Owner {
  readonly pid: number;
  readonly key: string | null;
  readonly name: string;
}

export interface TopColumn<Row> {
  readonly title: string;
  readonly width: number;
  /** Share of the room that is left when all columns have their width; 0, the default, stays as wide. */
  readonly grow?: number;
  readonly align?: 'right';
  /** The columns with the highest number go first when there is no room; 0, the default, stays. */
  readonly drop?: number;
  /** What comes from outside may be in it as it is. */
  readonly text: (row: Row) => string;
  readonly style?: (row: Row) => Style;
  /** What rows are ordered by under this column; without it the column cannot be chosen. */
  readonly value?: (row: Row) => number | string;
  /** The server's name of that order, where the server orders. */
  readonly sort?: string;
}

/** One of the screen's tables. */
export interface Page<Row> {
  readonly name: string;
  readonly title: string;
  /** The title where there is little room. */
  readonly short: string;
  readonly columns: readonly TopColumn<Row>[];
  /** Title of the column that orders at first, largest first unless `ascending`. */
  readonly order: string;
  readonly ascending?: boolean;
  /** Ways to group, of which `g` takes the next. */
  readonly groups?: readonly string[];
  /** Whether it looks back over a window, of which `w` takes the next. */
  readonly windowed?: boolean;
  /** Whether the server has filtered and ordered the rows, and `offset` and `total` say what part they are. */
  readonly remote?: boolean;
  readonly rows: (picture: Picture, choice: Choice) => readonly Row[];
  readonly key: (row: Row) => string | number;
  /** All that a filter looks into. */
  readonly words: (row: Row) => readonly (string | number | null)[];
  /** What the details show, a line each. */
  readonly details: (row: Row) => readonly (readonly [string, string])[];
  readonly owner?: (row: Row, picture: Picture) => Owner | null;
  /** Why there is nothing to see. */
  readonly empty: (picture: Picture) => string;
}
