import { monitorFields } from '../cli/monitors/fields.ts';
import { kindForms, kindNames } from '../cli/monitors/probe-fields.ts';
import { consoleCommands } from './commands.ts';
import type { Completion } from './screen.ts';
import type { Stations } from './stations.ts';

/** What the last word of a line may become. */
export async function completeLine(line: string, stations: Stations): Promise<Completion> {
  const words = line.split(/\s+/);
  const last = words.at(-1) ?? '';
  const known = await listWords(words, last, stations);
  return [known.filter((word) => word.startsWith(last)).map((word) => `${word} `), last];
}

async function listWords(
  words: readonly string[],
  last: string,
  stations: Stations,
): Promise<readonly string[]> {
  const [name] = words;
  if (words.length === 1) return [...Object.keys(consoleCommands), 'help', 'quit'];
  if (name === 'help') return words.length === 2 ? Object.keys(consoleCommands) : kindNames;
  if (name === 'watch') return ['on', 'states', 'off'];
  const takes = Object.hasOwn(consoleCommands, name) ? consoleCommands[name].takes : undefined;
  if (last.startsWith('--')) return listFlags(name, words[1]);
  if (words.at(-2) === '--on') return listAgents(stations);
  if (takes === 'kind' && words.length === 2) return kindNames;
  if (takes === 'station') return stations.all.map(({ name: each }) => each);
  return takes === 'monitor' && words.length === 2 ? listIds(stations) : [];
}

function listFlags(command: string, kind: string): readonly string[] {
  if (command === 'start' || command === 'stop') return ['--on'];
  if (command === 'list') return ['--state', '--kind', '--label', '--on'];
  if (command === 'results') return ['--limit'];
  const own = kindNames.find((name) => name === kind);
  const fields =
    command === 'add' && own ? kindForms[own].fields : kindNames.flatMap((each) => kindForms[each].fields);
  return [...new Set([...fields, ...monitorFields].map(({ name }) => `--${name}`))];
}

async function listIds(stations: Stations): Promise<readonly string[]> {
  const lists = await Promise.allSettled(stations.ready().map((station) => station.list()));
  return [
    ...new Set(lists.flatMap((list) => (list.status === 'fulfilled' ? list.value.map(({ id }) => id) : []))),
  ];
}

async function listAgents(stations: Stations): Promise<readonly string[]> {
  const lists = await Promise.allSettled(stations.ready().map((station) => station.agentNames()));
  return [...new Set(lists.flatMap((list) => (list.status === 'fulfilled' ? list.value : [])))];
}
