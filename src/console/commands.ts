import { NetmonError } from '../base/errors.ts';
import { compareKeys } from '../base/order.ts';
import { escapeText } from '../cli/escape.ts';
import { describeMonitor } from '../cli/monitors/describe.ts';
import { monitorFields } from '../cli/monitors/fields.ts';
import { type KindName, kindForms, kindNames, nameKind } from '../cli/monitors/probe-fields.ts';
import {
  type Answers,
  changeSettings,
  listFields,
  makeSettings,
  readKind,
} from '../cli/monitors/settings.ts';
import type { MonitorSettings } from '../wire/monitor.ts';
import { newMonitorSchema } from '../wire/monitor-api.ts';
import { listMonitors, settingsOf, showAgents, showRounds } from './actions.ts';
import type { ConsoleContext } from './context.ts';
import { confirm, setUp } from './flow.ts';
import { choose, chooseSome } from './prompts.ts';
import { readSaved } from './saved.ts';
import type { Station } from './station.ts';
import type { Found } from './stations.ts';
import { askWhere, tryOn } from './where.ts';
import { parseFlags } from './words.ts';

/** A command of the console. */
export interface ConsoleCommand {
  readonly usage: string;
  readonly help: string;
  /** What its first word is, for completion. */
  readonly takes?: 'monitor' | 'station' | 'kind' | 'command';
  readonly run: (context: ConsoleContext, words: readonly string[]) => Promise<readonly string[]>;
}

const allFields = [...monitorFields, ...kindNames.flatMap((kind) => kindForms[kind].fields)];
const switches = new Set(
  allFields.filter(({ coding }) => coding.placeholder === null).map(({ name }) => name),
);
const isSwitch = (name: string): boolean => switches.has(name);

/** All of them, in the order in which help lists them. */
export const consoleCommands: Readonly<Record<string, ConsoleCommand>> = {
  connect: {
    usage: 'connect [ADDRESS...]',
    help: 'connect to agents and servers; alone, to those of earlier',
    run: async (context, words) => {
      const addresses = words.length > 0 ? words : await chooseSaved(context);
      for (const address of addresses) await context.connect(address);
      return [];
    },
  },
  disconnect: {
    usage: 'disconnect STATION...',
    help: 'end connections, and offer them no more next time',
    takes: 'station',
    run: async ({ stations, saved }, words) =>
      need(words, 'STATION').map((word) => {
        const { name, address } = stations.remove(word);
        saved.forgetConnection(address);
        return `disconnected from ${escapeText(name)}`;
      }),
  },
  stations: {
    usage: 'stations',
    help: 'list connections',
    run: async ({ stations }) =>
      stations.all.length === 0
        ? ['not connected: try "connect ADDRESS"']
        : stations.all.map(({ name, kind, address, connected }) =>
            escapeText(
              `${connected ? '●' : '○'} ${name}  ${kind} at ${address}${connected ? '' : ', not connected'}`,
            ),
          ),
  },
  agents: {
    usage: 'agents',
    help: 'list agents with their version, lag and spool',
    run: async (context) =>
      eachStation(context, async (station) => showAgents(await station.agents(), context.screen.width)),
  },
  list: {
    usage: 'list [TEXT] [--state STATES] [--kind KINDS] [--label NAME[=VALUE]] [--on AGENT]',
    help: 'list monitors with their state',
    run: async (context, all) => {
      const { words, flags } = parseFlags(all, isSwitch);
      const one = (name: string): string | undefined => flags[name]?.at(-1);
      const query = {
        state: one('state'),
        kind: one('kind'),
        label: one('label'),
        on: one('on'),
        text: words.length === 0 ? undefined : words.join(' '),
      };
      return eachStation(
        context,
        async (station) => (await listMonitors(station, query, context.screen.width)).lines,
      );
    },
  },
  show: {
    usage: 'show MONITOR',
    help: 'show a monitor as each agent sees it',
    takes: 'monitor',
    run: async ({ stations, screen }, words) => {
      const found = await stations.locate(need(words, 'MONITOR')[0]);
      return together(found, ({ monitor }) => describeMonitor(monitor, screen.width, Date.now()));
    },
  },
  results: {
    usage: 'results MONITOR [--limit ROUNDS]',
    help: 'list rounds of a monitor, newest first',
    takes: 'monitor',
    run: async ({ stations, screen }, all) => {
      const { words, flags } = parseFlags(all, isSwitch);
      const limit = Math.max(1, Math.min(1000, Number(flags.limit?.at(-1) ?? 20) || 20));
      const found = await stations.locate(need(words, 'MONITOR')[0]);
      const rounds = await Promise.all(
        found.map(({ station, monitor }) => station.results(monitor.id, limit)),
      );
      // A station tells them newest first; several are put in order, without a change to what is at the same time.
      const inOrder = rounds.flat().sort((a, b) => compareKeys(b.result.at, a.result.at));
      return showRounds(inOrder.slice(0, limit), screen.width);
    },
  },
  add: {
    usage: 'add [KIND [TARGET [--on STATIONS] [--id ID] [--SETTING VALUE...]]]',
    help: 'set a monitor up, step by step or in one line',
    takes: 'kind',
    run: addMonitor,
  },
  edit: {
    usage: 'edit MONITOR [--SETTING VALUE...]',
    help: 'change a monitor, step by step or in one line',
    takes: 'monitor',
    run: editMonitor,
  },
  start: {
    usage: 'start MONITOR [--on AGENTS]',
    help: 'start a monitor, everywhere or on some agents',
    takes: 'monitor',
    run: (context, words) => moveMonitor(context, words, 'start'),
  },
  stop: {
    usage: 'stop MONITOR [--on AGENTS]',
    help: 'stop a monitor, everywhere or on some agents',
    takes: 'monitor',
    run: (context, words) => moveMonitor(context, words, 'stop'),
  },
  rm: {
    usage: 'rm MONITOR',
    help: 'remove a monitor with all that is kept of it',
    takes: 'monitor',
    run: async (context, words) => {
      const found = await pick(
        context,
        await context.stations.locate(need(words, 'MONITOR')[0]),
        'Remove it from',
      );
      return everywhere(context, found, async ({ station, monitor }) => {
        await station.remove(monitor.id);
        return `removed ${monitor.id} from ${station.name}`;
      });
    },
  },
  watch: {
    usage: 'watch on|states|off',
    help: 'tell every round as it comes, only states, or nothing',
    run: async (context, [what]) => {
      if (what !== 'on' && what !== 'states' && what !== 'off') {
        throw new NetmonError('NM_BAD_FLAG', 'expected "watch on", "watch states" or "watch off"');
      }
      context.watch(what);
      return [];
    },
  },
};

async function addMonitor(context: ConsoleContext, all: readonly string[]): Promise<readonly string[]> {
  const { words, flags } = parseFlags(all, isSwitch);
  const kind = words[0] === undefined ? undefined : readKind(words[0]);
  if (kind !== undefined && words[1] !== undefined) {
    const { id, on, ...fields } = flags;
    const settings = makeSettings(kind, words[1], onlyFields(fields, kind));
    const stations = on
      ? on.flatMap((names) => names.split(',')).map((name) => context.stations.find(name))
      : context.stations.ready();
    return save(context, settings, stations, id?.at(-1));
  }
  needTerminal(context);
  return context.screen.lend(async () => {
    const stations = await pickStations(context);
    const settings =
      (await fromSaved(context, kind, stations)) ?? (await setUp({ ...(kind && { kind }) }, parts(stations)));
    return save(context, settings, stations);
  });
}

async function fromSaved(
  { saved }: ConsoleContext,
  kind: KindName | undefined,
  stations: readonly Station[],
): Promise<MonitorSettings | null> {
  const known = saved.monitors.filter((monitor) => kind === undefined || monitor.kind === kind).toReversed();
  if (known.length === 0) return null;
  const [chosen] = await chooseOne('Which monitor?', [
    { value: 'new', label: 'A new one' },
    ...known.map(({ kind: of, target, name }, i) => ({
      value: String(i),
      label: `${kindForms[of].title} ${String(name ?? target)}`,
      hint: 'from earlier',
    })),
  ]);
  if (chosen === 'new') return null;
  return confirm(await askWhere(readSaved(known[Number(chosen)]), stations), 'Set it up', parts(stations));
}

async function editMonitor(context: ConsoleContext, all: readonly string[]): Promise<readonly string[]> {
  const { words, flags } = parseFlags(all, isSwitch);
  const text = need(words, 'MONITOR')[0];
  const found = await context.stations.locate(text, ({ kind }) => kind === 'agent');
  const [{ station, monitor }] = await pick(context, found, 'Where?', true);
  const before = settingsOf(monitor);
  const { target, ...rest } = flags;
  const isInOneLine = Object.keys(flags).length > 0;
  if (!isInOneLine) needTerminal(context);
  const settings = isInOneLine
    ? changeSettings(before, target?.at(-1), onlyFields(rest, nameKind(before.probe)))
    : await context.screen.lend(() => confirm(before, 'Save', parts([station])));
  const changed = await station.change(monitor.id, settings, monitor.revision);
  return [`changed ${changed.id} on ${escapeText(station.name)}, revision ${changed.revision}`];
}

async function moveMonitor(
  context: ConsoleContext,
  all: readonly string[],
  move: 'start' | 'stop',
): Promise<readonly string[]> {
  const { words, flags } = parseFlags(all, isSwitch);
  const agents = flags.on?.flatMap((names) => names.split(',')).filter((name) => name !== '');
  const located = await context.stations.locate(need(words, 'MONITOR')[0]);
  const places = agents
    ? await spread(located, agents)
    : (await pick(context, located, `${move === 'start' ? 'Start' : 'Stop'} it on`)).map((found) => ({
        ...found,
        names: null,
      }));
  return everywhere(context, places, async ({ station, monitor, names }) => {
    await station.move(monitor.id, move, names ?? undefined);
    return `${move === 'start' ? 'started' : 'stopped'} ${monitor.id} on ${names?.join(', ') ?? station.name}`;
  });
}

/**
 * Where those agents are meant: an agent that waits is itself the place, a server is it for those of its own. Throws
 * NM_NOT_FOUND for a name that nobody has.
 */
async function spread(
  located: readonly Found[],
  agents: readonly string[],
): Promise<(Found & { readonly names: readonly string[] | null })[]> {
  const known = await Promise.all(located.map(({ station }) => station.agentNames()));
  const stray = agents.find((agent) => !known.some((names) => names.includes(agent)));
  if (stray !== undefined)
    throw new NetmonError('NM_NOT_FOUND', `it is on no agent ${JSON.stringify(stray)}`);
  return located.flatMap((found, i) => {
    const names = agents.filter((agent) => known[i].includes(agent));
    if (names.length === 0) return [];
    return [{ ...found, names: found.station.kind === 'server' ? names : null }];
  });
}

async function save(
  context: ConsoleContext,
  settings: MonitorSettings,
  stations: readonly Station[],
  id?: string,
): Promise<readonly string[]> {
  const parsed = newMonitorSchema.safeParse({ ...settings, id });
  if (!parsed.success) throw new NetmonError('NM_BAD_FLAG', `--id: ${parsed.error.issues[0].message}`);
  context.saved.keepMonitor(settings);
  const places = stations.map((station) => ({ station }));
  return everywhere(
    context,
    places,
    async ({ station }) => `set up ${(await station.add(parsed.data)).id} on ${station.name}`,
  );
}

/** Does it in all places at once; the lines of those where it worked, while of the others it is said why it did not. */
async function everywhere<Place extends { readonly station: Station }>(
  { fail }: ConsoleContext,
  places: readonly Place[],
  work: (place: Place) => Promise<string>,
): Promise<readonly string[]> {
  const done = await Promise.allSettled(places.map(work));
  return done.flatMap((each, i) => {
    if (each.status === 'fulfilled') return [escapeText(each.value)];
    fail(each.reason, places[i].station.name);
    return [];
  });
}

function parts(stations: readonly Station[]): Parameters<typeof setUp>[1] {
  return {
    askWhere: (settings) => askWhere(settings, stations),
    tryIt: (settings) => tryOn(settings, stations),
  };
}

async function pickStations({ stations }: ConsoleContext): Promise<readonly Station[]> {
  const ready = stations.ready();
  if (ready.length === 1) return ready;
  const choices = ready.map(({ name, kind, address }) => ({
    value: address,
    label: name,
    hint: `${kind} at ${address}`,
  }));
  const chosen = await chooseSome(
    'Where? (space chooses)',
    choices,
    choices.map(({ value }) => value),
  );
  return ready.filter(({ address }) => chosen.includes(address));
}

/** Those of several places that are meant; without a terminal all of them, or none where only one may be. */
async function pick(
  context: ConsoleContext,
  found: readonly Found[],
  question: string,
  one = false,
): Promise<readonly Found[]> {
  if (found.length === 1) return found;
  const names = found.map(({ station, monitor }) => `${monitor.id}@${station.name}`).join(', ');
  if (!context.screen.isTerminal) {
    if (!one) return found;
    throw new NetmonError('NM_CONFLICT', `it is on several stations: ${names}`);
  }
  const choices = found.map(({ station }) => ({
    value: station.address,
    label: station.name,
    hint: station.kind,
  }));
  const chosen = await context.screen.lend(() =>
    one
      ? chooseOne(question, choices)
      : chooseSome(
          question,
          choices,
          choices.map(({ value }) => value),
        ),
  );
  return found.filter(({ station }) => chosen.includes(station.address));
}

async function chooseSaved(context: ConsoleContext): Promise<readonly string[]> {
  const open = new Set(context.stations.all.map(({ address }) => address));
  const known = context.saved.connections.filter(({ address }) => !open.has(address)).toReversed();
  if (known.length === 0)
    throw new NetmonError('NM_BAD_FLAG', 'expected an address: host:port of an agent or a server');
  if (!context.screen.isTerminal) return known.map(({ address }) => address);
  const choices = known.map(({ address, kind }) => ({ value: address, label: address, hint: kind }));
  const all = choices.map(({ value }) => value);
  return context.screen.lend(() => chooseSome('Connect to (space chooses)', choices, all));
}

async function chooseOne(message: string, choices: Parameters<typeof chooseSome>[1]): Promise<string[]> {
  return [await choose(message, choices)];
}

function onlyFields(flags: Answers, kind: KindName): Answers {
  const known = new Set(listFields(kind).map(({ name }) => name));
  for (const name of Object.keys(flags)) {
    if (!known.has(name))
      throw new NetmonError('NM_BAD_FLAG', `--${name}: ${kindForms[kind].title} has no such setting`);
  }
  return flags;
}

async function eachStation(
  { stations, fail }: ConsoleContext,
  show: (station: Station) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const ready = stations.ready();
  const shown = await Promise.allSettled(ready.map(show));
  const lines: string[] = [];
  for (const [i, answer] of shown.entries()) {
    if (answer.status === 'rejected') fail(answer.reason, ready[i].name);
    else {
      if (ready.length > 1) lines.push(...(lines.length === 0 ? [] : ['']), escapeText(ready[i].name));
      lines.push(...answer.value);
    }
  }
  return lines;
}

function together(found: readonly Found[], show: (found: Found) => readonly string[]): readonly string[] {
  return found.flatMap((each, i) => [
    ...(i === 0 ? [] : ['']),
    ...(found.length === 1 ? [] : [`${escapeText(each.station.name)}:`]),
    ...show(each),
  ]);
}

function need(words: readonly string[], what: string): readonly string[] {
  if (words.length > 0) return words;
  throw new NetmonError('NM_BAD_FLAG', `expected ${what}`);
}

function needTerminal({ screen }: ConsoleContext): void {
  if (!screen.isTerminal)
    throw new NetmonError('NM_BAD_FLAG', 'without a terminal, say all of it in one line');
}
