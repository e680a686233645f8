import type { Command } from 'commander';
import { monitorFields } from '../cli/monitors/fields.ts';
import { type KindName, kindForms, kindNames } from '../cli/monitors/probe-fields.ts';
import { addFields, readAnswers } from './field-options.ts';
import type { ListFlags, MoveFlags, RoundFlags } from './monitor.ts';
import { addServerOptions, addStationOptions, type StationFlags } from './station-options.ts';

/** Fields of all kinds, each name once. */
const everyField = [
  ...new Map(
    [...kindNames.flatMap((kind) => kindForms[kind].fields), ...monitorFields].map((field) => [
      field.name,
      field,
    ]),
  ).values(),
];

/** Adds the subcommands of `netmon monitor`. */
export function addMonitorCommands(monitor: Command): void {
  addAddCommand(monitor.command('add').description('set a monitor up'));
  addStationOptions(monitor.command('list').description('list monitors with their state'))
    .option('--state <STATES>', 'keep those in these states, such as down,partial')
    .option('--kind <KINDS>', 'keep those of these kinds of probes')
    .option('--label <NAME[=VALUE]>', 'keep those with this label')
    .option('--on <AGENT>', 'keep those that this agent carries out')
    .option('--text <TEXT>', 'part of name, id, target or a label')
    .action(async (flags: ListFlags) => (await import('./monitor.ts')).runList(flags));
  addStationOptions(
    monitor
      .command('show <MONITOR>')
      .description('show a monitor (by its id or its name) as each agent sees it'),
  ).action(async (text: string, flags: StationFlags) => (await import('./monitor.ts')).runShow(text, flags));
  for (const move of ['start', 'stop'] as const) {
    addStationOptions(monitor.command(`${move} <MONITOR...>`).description(`${move} monitors`))
      .option('--on <AGENTS>', 'only on these agents, separated by commas')
      .action(async (texts: string[], flags: MoveFlags) =>
        (await import('./monitor.ts')).runMove(move, texts, flags),
      );
  }
  const edit = monitor.command('edit <MONITOR>').description('change settings of a monitor');
  addFields(addStationOptions(edit).option('--target <TARGET>', 'another target'), everyField).action(
    async (text: string, flags: StationFlags & { target?: string }, command: Command) =>
      (await import('./monitor.ts')).runEdit(text, flags, readAnswers(command, everyField)),
  );
  addStationOptions(
    monitor.command('rm <MONITOR...>').description('remove monitors with all that is kept of them'),
  ).action(async (texts: string[], flags: StationFlags) =>
    (await import('./monitor.ts')).runRemove(texts, flags),
  );
  addRoundCommands(monitor);
  addFileCommands(monitor);
}

function addAddCommand(command: Command): void {
  for (const name of kindNames) {
    const { title, target, fields } = kindForms[name];
    const shown = [...fields, ...monitorFields];
    const kind = command
      .command(`${name} <${target.placeholder}>`)
      .description(`monitor by ${title}, such as ${target.example}`)
      .option('--id <ID>', 'its id: a-z, 0-9 and dashes; unless given, one after its name');
    addStationOptions(addFields(kind, shown)).action(
      async (text: string, flags: StationFlags & { id?: string }, self: Command) =>
        (await import('./monitor.ts')).runAdd(name satisfies KindName, text, flags, readAnswers(self, shown)),
    );
  }
}

function addRoundCommands(monitor: Command): void {
  addStationOptions(
    monitor.command('results <MONITOR>').description('list rounds of a monitor, newest first'),
  )
    .option('--limit <ROUNDS>', 'most rounds to show, from 1 to 100000 (default: 100)')
    .option('--on <AGENT>', 'only those of this agent')
    .action(async (text: string, flags: RoundFlags) =>
      (await import('./monitor.ts')).runResults(text, flags),
    );
  addStationOptions(
    monitor
      .command('watch [MONITOR...]')
      .description('show rounds and states as they come, until it is ended'),
  )
    .option('--states', 'only changes of state')
    .action(async (texts: string[], flags: StationFlags & { states?: boolean }) =>
      (await import('./monitor-watch.ts')).runWatch(texts, flags),
    );
}

function addFileCommands(monitor: Command): void {
  monitor
    .command('export')
    .description('write all monitors as YAML, credentials as ***')
    .option('--server <URL>', 'server to ask (default: http://127.0.0.1:8080)')
    .option('--token-file <PATH>', 'file with the token that it wants')
    .option('--secrets', 'with credentials as they are')
    .action(async (flags: StationFlags & { secrets?: boolean }) =>
      (await import('./monitor.ts')).runExport(flags),
    );
  addServerOptions(
    monitor.command('import <FILE>').description('set up the monitors of a YAML file (- for standard input)'),
  )
    .option('--dry-run', 'only say what would change')
    .action(async (file: string, flags: StationFlags & { dryRun?: boolean }) =>
      (await import('./monitor.ts')).runImport(file, flags),
    );
}
