import type { MonitorSettings } from '../wire/monitor.ts';
import { showTrials } from './actions.ts';
import { askText, chooseSome } from './prompts.ts';
import type { Station } from './station.ts';

/** Stands for whatever agents there are, also those that come later. */
const everywhere = '*';

/** Asks on which agents of a server a monitor is to run, and how many must agree. Throws Cancelled. */
export async function askWhere(
  settings: MonitorSettings,
  stations: readonly Station[],
): Promise<MonitorSettings> {
  const server = stations.find(({ kind }) => kind === 'server');
  const names = server ? await server.agentNames() : [];
  if (names.length < 2) return settings;
  const chosen = await chooseSome(
    'On which agents? (space chooses)',
    [
      { value: everywhere, label: 'all', hint: 'also those that come later' },
      ...names.map((value) => ({ value, label: value })),
    ],
    settings.agents === '*' ? [everywhere] : settings.agents,
  );
  const agents = chosen.includes(everywhere) ? ('*' as const) : chosen;
  const most = agents === '*' ? names.length : agents.length;
  if (most === 1) return { ...settings, agents, quorum: 1 };
  const quorum = await askText(`How many of the ${most} must agree before the target is down?`, {
    initial: String(Math.min(settings.quorum, most)),
    check: (text) =>
      /^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= most ? null : `expected 1 to ${most}`,
  });
  return { ...settings, agents, quorum: Number(quorum) };
}

/** Lines that tell what one round finds, from everywhere. */
export async function tryOn(
  settings: MonitorSettings,
  stations: readonly Station[],
): Promise<readonly string[]> {
  const trials = await Promise.all(stations.map((station) => station.try(settings)));
  return showTrials(trials.flat(), (process.stdout.columns || 80) - 4);
}
