import { escapeText } from '../cli/escape.ts';
import { formatTime } from '../cli/format.ts';

/** Times as alerts write them, RFC 3339 in UTC. */
const times = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;

/** An alert's sentence for the terminal: escaped, its times by the clock of this place and without the date. */
export function showMessage(message: string): string {
  return escapeText(message).replace(times, (time) => formatTime(time).slice(11));
}
