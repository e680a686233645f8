import { Command } from 'commander';
import { readVersion } from '../platform/version.ts';
import { addListCommands } from './list.ts';
import { downSettings, serverSettings } from './setting-names.ts';
import { addSettings, readSettings } from './settings-options.ts';

const version = readVersion();

/** The command line: its subcommands, each loaded only when it is the one that runs. */
export function makeProgram(): Command {
  const program = new Command('netmon')
    .description('Shows and remembers what every process of this machine does on the network.')
    .version(version)
    .showHelpAfterError(false)
    .configureHelp({ sortSubcommands: false })
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  const add = (name: string, summary: string): Command =>
    program.command(name).description(summary).version(version).copyInheritedSettings(program);

  addSettings(add('server', 'serve the dashboard and the API for agents elsewhere'), serverSettings).action(
    async (_, command: Command) => {
      const config = readSettings(command, serverSettings);
      if (config) await (await import('./server.ts')).runServer(config.values);
    },
  );
  addSettings(add('down', 'end the netmon that runs here'), downSettings).action(
    async (_, command: Command) => {
      const config = readSettings(command, downSettings);
      if (config) await (await import('./down.ts')).runDown(config.values);
    },
  );
  addListCommands(add);
  return program;
}
