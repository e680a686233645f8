import { maskProbe } from '../../rules/monitors/mask-probe.ts';
import { maskCommandLine } from '../../rules/secrets.ts';
import type { MonitorRow, MonitorSettings } from '../../wire/monitor.ts';
import { escapeText } from '../escape.ts';
import { renderTable } from '../table.ts';
import { formatShare, formatSince, viewColumns } from './columns.ts';
import { kindForms, nameKind, writeTarget } from './probe-fields.ts';
import { listChosen } from './settings.ts';

/** Settings with `***` in place of credentials. */
export function hideSecrets(settings: MonitorSettings): MonitorSettings {
  return { ...settings, probe: maskProbe(settings.probe) };
}

/** The parts of settings that are other than usual, a line each, credentials as `***`. */
export function describeSettings(settings: MonitorSettings): string[] {
  const masked = hideSecrets(settings);
  const lines: [string, string][] = [
    ['kind', kindForms[nameKind(masked.probe)].title],
    ['target', writeTarget(masked.probe)],
    ...listChosen(masked).flatMap(({ field, texts }) =>
      (texts.length === 0 ? ['none'] : texts).map((text): [string, string] => [field.name, text]),
    ),
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, text]) => `${name.padEnd(width)}  ${escapeText(text)}`);
}

/** All of a monitor for a terminal of that width: its state and why, its settings, and what each agent sees. */
export function describeMonitor(
  monitor: Omit<MonitorRow, 'created_at' | 'changed_at'>,
  width: number,
  nowMs: number,
): string[] {
  const { id, name, revision, status, owner: _, ...settings } = monitor as MonitorRow & { owner?: string };
  const { uptime } = status;
  const since = status.since === null ? '' : ` for ${formatSince(status.since, nowMs)}`;
  const uptimes = [
    ['24 hours', uptime.day],
    ['7 days', uptime.week],
    ['30 days', uptime.month],
    ['90 days', uptime.quarter],
  ] as const;
  const known = uptimes.filter(([, share]) => share !== null);
  return [
    `${escapeText(name)} is ${status.state}${since}`,
    ...(status.reason === null ? [] : [`  ${escapeText(status.reason)}`]),
    ...(status.silenced === null ? [] : [`  silenced: ${escapeText(status.silenced)}`]),
    '',
    `  id ${id}, revision ${revision}`,
    ...describeSettings({ name, ...settings }).map((line) => `  ${line}`),
    ...(known.length === 0
      ? []
      : [`  uptime: ${known.map(([what, share]) => `${formatShare(share)} in ${what}`).join(', ')}`]),
    ...(status.certificate_days === null
      ? []
      : [`  certificate: ${Math.floor(status.certificate_days)} days left`]),
    '',
    ...(status.agents.length === 0
      ? ['  no agent carries it out']
      : renderTable(viewColumns(nowMs), status.agents, width - 2).map((line) => `  ${line}`)),
  ];
}

/** Settings whose values may be credentials, whatever they look like. */
const secretFlags = /^--(?:header|body|step|payload)\b/;

/** Whether a command line may hold a credential, so that it is better not kept. */
export function holdsSecret(line: string): boolean {
  const words = line.trim().split(/\s+/);
  return words.some((word) => secretFlags.test(word)) || maskCommandLine(words) !== words.join(' ');
}
