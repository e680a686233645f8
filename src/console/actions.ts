import { NetmonError } from '../base/errors.ts';
import { escapeText } from '../cli/escape.ts';
import { agentColumns, monitorColumns, roundColumns, trialColumns } from '../cli/monitors/columns.ts';
import { describeMonitor } from '../cli/monitors/describe.ts';
import { type KindName, kindForms, kindNames, nameKind } from '../cli/monitors/probe-fields.ts';
import { renderTable } from '../cli/table.ts';
import type { MonitorSettings } from '../wire/monitor.ts';
import { monitorIdSchema, monitorSettingsSchema, monitorStates } from '../wire/monitor.ts';
import type { AgentRow } from '../wire/monitor-api.ts';
import type { AgentResult, MonitorQuery, Station, StationMonitor, Trial } from './station.ts';

/** The monitor of that id or, where there is none, the only one of that name. Throws NM_NOT_FOUND, NM_CONFLICT. */
export async function findMonitor(station: Station, text: string, secrets = false): Promise<StationMonitor> {
  if (monitorIdSchema.safeParse(text).success) {
    try {
      return await station.read(text, secrets);
    } catch (error) {
      if (!(error instanceof NetmonError) || error.code !== 'NM_NOT_FOUND') throw error;
    }
  }
  const named = (await station.list({ text })).filter(({ name }) => name === text);
  if (named.length === 1) return station.read(named[0].id, secrets);
  if (named.length === 0) {
    throw new NetmonError('NM_NOT_FOUND', `${station.name} has no monitor ${JSON.stringify(text)}`);
  }
  const ids = named.map(({ id }) => id).join(', ');
  throw new NetmonError('NM_CONFLICT', `several monitors are called ${JSON.stringify(text)}: ${ids}`);
}

/** A list of agents this long may not be all of them. */
const maxKnownAgents = 1000;

/** What a list is to have, as people say it. */
export interface ListWords {
  readonly state?: string | undefined;
  readonly kind?: string | undefined;
  readonly label?: string | undefined;
  readonly on?: string | undefined;
  readonly text?: string | undefined;
}

/** A list that is asked for, checked: kinds as people name them. Throws NM_BAD_FLAG. */
export function readQuery({
  state,
  kind,
  label,
  on,
  text,
}: ListWords): MonitorQuery & { kinds?: Set<string> } {
  checkMembers('--state', state, monitorStates);
  checkMembers('--kind', kind, kindNames);
  const kinds = kind === undefined ? undefined : new Set(kind.split(','));
  const probes = kinds && [...new Set([...kinds].map((name) => kindForms[name as KindName].kind))].join(',');
  return { state, kind: probes, label, agent: on, text, ...(kinds && { kinds }) };
}

function checkMembers(flag: string, text: string | undefined, members: readonly string[]): void {
  const wrong = text?.split(',').find((name) => !members.includes(name));
  if (wrong === undefined) return;
  throw new NetmonError(
    'NM_BAD_FLAG',
    `${flag} = ${JSON.stringify(wrong)}: expected one or several of ${members.join(', ')}`,
  );
}

/** Throws NM_NOT_FOUND for an agent that the station does not know. */
export async function checkAgents(station: Station, agents: readonly string[] | undefined): Promise<void> {
  if (!agents) return;
  const known = await station.agentNames();
  const unknown = agents.find((agent) => !known.includes(agent));
  if (unknown === undefined || known.length >= maxKnownAgents) return;
  throw new NetmonError(
    'NM_NOT_FOUND',
    `${station.name} has no agent ${JSON.stringify(unknown)}${known.length === 0 ? '' : `, but ${known.slice(0, 20).join(', ')}`}`,
  );
}

/** What of a monitor is its settings. */
export function settingsOf(monitor: StationMonitor): MonitorSettings {
  const known = Object.keys(monitorSettingsSchema.shape);
  return monitorSettingsSchema.parse(
    Object.fromEntries(Object.entries(monitor).filter(([key]) => known.includes(key))),
  );
}

/** Lines of a list of monitors, by name. */
export async function listMonitors(
  station: Station,
  words: ListWords,
  width: number,
): Promise<{ readonly monitors: StationMonitor[]; readonly lines: string[] }> {
  const { kinds, ...query } = readQuery(words);
  const listed = await station.list(query);
  const monitors = kinds ? listed.filter(({ probe }) => kinds.has(nameKind(probe))) : listed;
  const lines =
    monitors.length === 0 ? ['no monitors'] : renderTable(monitorColumns(Date.now()), monitors, width);
  return { monitors, lines };
}

/** Lines about one monitor, with its last rounds. */
export async function showMonitor(station: Station, text: string, width: number): Promise<string[]> {
  const monitor = await findMonitor(station, text);
  const rounds = await station.results(monitor.id, 5);
  return [
    ...describeMonitor(monitor, width, Date.now()),
    ...(rounds.length === 0 ? [] : ['', '  last rounds', ...indent(showRounds(rounds, width - 2))]),
  ];
}

export function showRounds(rounds: readonly AgentResult[], width: number): string[] {
  return rounds.length === 0 ? ['no rounds'] : renderTable(roundColumns, rounds, width);
}

export function showAgents(agents: readonly AgentRow[], width: number): string[] {
  return agents.length === 0 ? ['no agents'] : renderTable(agentColumns(Date.now()), agents, width);
}

/** Lines about a probe that was tried; agents that gave no result are named with the reason. */
export function showTrials(trials: readonly Trial[], width: number): string[] {
  const found = trials.flatMap(({ agent, result }) => (result ? [{ agent, result }] : []));
  return [
    ...(found.length === 0 ? [] : renderTable(trialColumns, found, width)),
    ...trials
      .filter(({ result }) => !result)
      .map(({ agent, problem }) => escapeText(`${agent}: ${problem ?? 'no answer'}`)),
  ];
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
