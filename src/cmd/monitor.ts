import { readFileSync } from 'node:fs';
import { NetmonError } from '../base/errors.ts';
import { type Answers, changeSettings, makeSettings, readKind } from '../cli/monitors/settings.ts';
import { MonitorRest } from '../client/monitor-rest.ts';
import { RestClient } from '../client/rest.ts';
import {
  checkAgents,
  findMonitor,
  listMonitors,
  settingsOf,
  showMonitor,
  showRounds,
} from '../console/actions.ts';
import type { Station, StationMonitor } from '../console/station.ts';
import { type NewMonitor, newMonitorSchema } from '../wire/monitor-api.ts';
import {
  askStation,
  explainSilence,
  outputWidth,
  print,
  readServer,
  type StationFlags,
} from './station-options.ts';

export interface ListFlags extends StationFlags {
  readonly state?: string;
  readonly kind?: string;
  readonly label?: string;
  readonly on?: string;
  readonly text?: string;
}
export interface MoveFlags extends StationFlags {
  readonly on?: string;
}
export interface RoundFlags extends MoveFlags {
  readonly limit?: string;
}

/** Sets a monitor up, and says under which id. Throws NM_BAD_FLAG. */
export async function runAdd(
  kind: string,
  target: string,
  flags: StationFlags & { readonly id?: string },
  answers: Answers,
): Promise<void> {
  const settings = makeSettings(readKind(kind), target, answers);
  const parsed = newMonitorSchema.safeParse({ ...settings, id: flags.id });
  if (!parsed.success) throw new NetmonError('NM_BAD_FLAG', `--id: ${parsed.error.issues[0].message}`);
  const monitor = await askStation(flags, (station) => station.add(parsed.data satisfies NewMonitor));
  print(flags, [`set up ${monitor.id}`], monitor);
}

export async function runList({ state, kind, label, on, text, ...flags }: ListFlags): Promise<void> {
  const { monitors, lines } = await askStation(flags, (station) =>
    listMonitors(station, { state, kind, label, on, text }, outputWidth()),
  );
  print(flags, lines, { monitors });
}

export async function runShow(text: string, flags: StationFlags): Promise<void> {
  if (flags.json) print(flags, [], await askStation(flags, (station) => findMonitor(station, text)));
  else print(flags, await askStation(flags, (station) => showMonitor(station, text, outputWidth())), null);
}

export async function runMove(
  move: 'start' | 'stop',
  texts: readonly string[],
  flags: MoveFlags,
): Promise<void> {
  const agents = flags.on?.split(',').filter((name) => name !== '');
  const monitors = await askStation(flags, async (station) => {
    const found = await findAll(station, texts);
    await checkAgents(station, agents);
    const moved = [];
    for (const { id } of found) moved.push(await station.move(id, move, agents));
    return moved;
  });
  const done = move === 'start' ? 'started' : 'stopped';
  const where = agents ? ` on ${agents.join(', ')}` : '';
  print(
    flags,
    monitors.map(({ id }) => `${done} ${id}${where}`),
    { monitors },
  );
}

export async function runEdit(
  text: string,
  flags: StationFlags & { readonly target?: string },
  answers: Answers,
): Promise<void> {
  if (flags.target === undefined && Object.keys(answers).length === 0) {
    throw new NetmonError('NM_BAD_FLAG', 'nothing to change: name a setting, such as --interval 30s');
  }
  const monitor = await askStation(flags, async (station) => {
    // A server knows what its `***` stands for; an agent has none.
    const before = await findMonitor(station, text, station.kind === 'agent');
    return station.change(
      before.id,
      changeSettings(settingsOf(before), flags.target, answers),
      before.revision,
    );
  });
  print(flags, [`changed ${monitor.id}, revision ${monitor.revision}`], monitor);
}

export async function runRemove(texts: readonly string[], flags: StationFlags): Promise<void> {
  const removed = await askStation(flags, async (station) => {
    const ids = new Set((await findAll(station, texts)).map(({ id }) => id));
    for (const id of ids) await station.remove(id);
    return [...ids];
  });
  print(
    flags,
    removed.map((id) => `removed ${id}`),
    { removed },
  );
}

export async function runResults(text: string, flags: RoundFlags): Promise<void> {
  const limit = readLimit(flags.limit);
  const rounds = await askStation(flags, async (station) => {
    const { id } = await findMonitor(station, text);
    await checkAgents(station, flags.on === undefined ? undefined : [flags.on]);
    return station.results(id, limit, flags.on);
  });
  print(flags, showRounds(rounds, outputWidth()), {
    results: rounds.map(({ agent, result }) => ({ agent, ...result })),
  });
}

export async function runExport(flags: StationFlags & { readonly secrets?: boolean }): Promise<void> {
  const server = readServer(flags);
  try {
    process.stdout.write(await new MonitorRest(new RestClient(server)).export({ secrets: flags.secrets }));
  } catch (error) {
    throw explainSilence(error, server.url);
  }
}

export async function runImport(
  file: string,
  flags: StationFlags & { readonly dryRun?: boolean },
): Promise<void> {
  const text = readText(file);
  const server = readServer(flags);
  try {
    const answer = await new MonitorRest(new RestClient(server)).import(text, flags.dryRun === true);
    const would = flags.dryRun ? 'would be ' : '';
    print(
      flags,
      [
        ...answer.created.map((id) => `${would}created ${id}`),
        ...answer.changed.map((id) => `${would}changed ${id}`),
        `${answer.unchanged} unchanged`,
      ],
      answer,
    );
  } catch (error) {
    throw explainSilence(inFile(error, file), server.url);
  }
}

/** What is wrong with a document, with the file that it is in. */
function inFile(error: unknown, file: string): unknown {
  if (!(error instanceof NetmonError) || error.status >= 500 || file === '-') return error;
  return new NetmonError(error.code, `${file}: ${error.message}`, { fields: error.fields });
}

/** All that are meant, before anything is done to one of them. */
async function findAll(station: Station, texts: readonly string[]): Promise<StationMonitor[]> {
  const found: StationMonitor[] = [];
  for (const text of texts) found.push(await findMonitor(station, text));
  return found;
}

function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (cause) {
    throw new NetmonError('NM_BAD_FLAG', `unable to read ${file}`, { cause });
  }
}

function readLimit(text = '100'): number {
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= 100_000) return limit;
  throw new NetmonError(
    'NM_BAD_FLAG',
    `--limit = ${JSON.stringify(text)}: expected a number from 1 to 100000`,
  );
}
