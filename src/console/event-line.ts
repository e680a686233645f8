import { escapeText } from '../cli/escape.ts';
import { formatTime } from '../cli/format.ts';
import { formatMs, formatShare, lossRatio, responseMs, summarise } from '../cli/monitors/columns.ts';
import type { StationEvent } from './station.ts';

/** What happened, on one line without dangerous characters; `station` is named where there are several. */
export function writeEvent(event: StationEvent, station: string | null, nowMs: number): string {
  const where = station === null ? '' : `${escapeText(station)} `;
  switch (event.kind) {
    case 'result': {
      const { agent, name, result } = event;
      const loss = lossRatio(result);
      const ms = responseMs(result);
      const parts = [
        ...(ms === null ? [] : [formatMs(ms)]),
        ...(loss === null || loss === 0 ? [] : [`loss ${formatShare(loss)}`]),
        result.reason?.message ?? summarise(result),
      ].filter((part) => part !== '');
      return `${clock(Date.parse(result.at))} ${escapeText(agent)} ${escapeText(name)} ${result.outcome} ${escapeText(parts.join(', '))}`;
    }
    case 'state': {
      const reason = event.reason === null ? '' : `: ${event.reason}`;
      return `${clock(nowMs)} ${where}${escapeText(`${event.name} is ${event.state}${reason}`)}`;
    }
    case 'link': {
      const { connected, reason } = event;
      return `${clock(nowMs)} ${where}${connected ? 'connected' : escapeText(`not connected: ${reason ?? ''}`)}`;
    }
  }
}

/** Time of day in the terminal's time zone: `12:00:00`. */
function clock(atMs: number): string {
  return formatTime(new Date(atMs).toISOString()).slice(11);
}
