import { writeJson } from '../cli/json.ts';
import { findMonitor } from '../console/actions.ts';
import { writeEvent } from '../console/event-line.ts';
import type { StationEvent } from '../console/station.ts';
import { askStation, type StationFlags } from './station-options.ts';

/** Writes what happens, a line each (a JSON document with `--json`), until SIGINT, SIGTERM, or its reader goes away. */
export async function runWatch(
  texts: readonly string[],
  flags: StationFlags & { readonly states?: boolean },
): Promise<void> {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  process.once('SIGINT', end).once('SIGTERM', end);
  process.stdout.on('error', end);
  await askStation(flags, async (station) => {
    const wanted = new Set<string>();
    for (const text of texts) wanted.add((await findMonitor(station, text)).id);
    const isWanted = (event: StationEvent): boolean => {
      if (event.kind === 'link' || wanted.size === 0) return true;
      return wanted.has(event.kind === 'state' ? event.id : event.result.monitor);
    };
    station.watch((event) => {
      if (!isWanted(event)) return;
      process.stdout.write(`${flags.json ? writeJson(event) : writeEvent(event, null, Date.now())}\n`);
    }, flags.states !== true);
    await ended;
  });
}
