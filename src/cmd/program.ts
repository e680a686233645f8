import { Command } from 'commander';
import { readVersion } from '../platform/version.ts';
import { addAgentCommands } from './agent-options.ts';
import { addCaptureCommand } from './capture-options.ts';
import type { DemoFlags } from './demo.ts';
import { addEnrollCommand, addRevokeCommand } from './enroll-options.ts';
import { addListCommands } from './list.ts';
import { addMonitorCommands } from './monitor-options.ts';
import { addProbeCommands } from './probe-options.ts';
import { addReplayCommand } from './replay-options.ts';
import { agentSettings, downSettings, serverSettings, upSettings } from './setting-names.ts';
import { addSettings, readSettings } from './settings-options.ts';
import type { TopFlags } from './top.ts';

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

  addSettings(add('up', 'monitor this machine and serve the dashboard'), upSettings).action(
    async (_, command: Command) => {
      const config = readSettings(command, upSettings);
      if (config) await (await import('./up.ts')).runUp(config.values);
    },
  );
  addSettings(add('server', 'serve the dashboard and the API for agents elsewhere'), serverSettings).action(
    async (_, command: Command) => {
      const config = readSettings(command, serverSettings);
      if (config) await (await import('./server.ts')).runServer(config.values);
    },
  );
  addSettings(
    add('agent', 'monitor this machine for a server elsewhere').alias('collector'),
    agentSettings,
  ).action(async (_, command: Command) => {
    const config = readSettings(command, agentSettings);
    if (!config) return;
    const isServerNamed = config.origins.get('server')?.from !== 'default';
    await (await import('./agent.ts')).runAgent(config.values, isServerNamed);
  });
  addSettings(add('down', 'end the netmon that runs here'), downSettings).action(
    async (_, command: Command) => {
      const config = readSettings(command, downSettings);
      if (config) await (await import('./down.ts')).runDown(config.values);
    },
  );
  addSettings(
    add('doctor', 'check what netmon can do here, and what would lift its limits'),
    upSettings,
  ).action(async (_, command: Command) => {
    const config = readSettings(command, upSettings);
    if (config) process.exitCode = await (await import('./doctor.ts')).runDoctor(config.values);
  });
  add('top', 'watch this machine, or a server, in the terminal')
    .option('--timeout <SECONDS>', 'end after so many seconds')
    .option('--interface <NAME>', 'show only this interface')
    .option('--filter <TEXT>', 'show only rows that hold this text')
    .option('--server <URL>', "show this server's agents instead of running sensors here")
    .option('--token-file <PATH>', 'file with the token that the server wants')
    .action(async (flags: TopFlags) => (await import('./top.ts')).runTopCommand(flags));
  add('demo', 'make HTTP, DNS and TLS traffic on loopback, with failures and a burst that raises an alert')
    .option('--duration <DURATION>', 'how long, from 1s to 1h', '3m')
    .option('--rate <NUMBER>', 'visits a second, on average', '3')
    .option('--burst <REQUESTS>', 'requests of the burst, 0 for none', '600')
    .action(async (flags: DemoFlags) => (await import('./demo.ts')).runDemoCommand(flags));
  addCaptureCommand(add('capture', 'write whole packets to a pcapng file, each with its process'));
  addReplayCommand(add('replay', 'analyze a capture file (pcap or pcapng)'));
  addListCommands(add);
  addProbeCommands(
    add('probe', 'try a service once from here; exits with 0 up, 1 down, 3 degraded, 4 unknown'),
  );
  add('console', 'command agents and servers from a prompt, with what they find as it comes')
    .argument('[ADDRESS...]', 'agents (netmon agent --listen) and servers, as host:port')
    .option('--token-file <PATH>', 'file with the token that they want')
    .action(async (addresses: string[], flags: { tokenFile?: string }) =>
      (await import('./console.ts')).runConsoleCommand(addresses, flags),
    );
  addMonitorCommands(add('monitor', 'set up, list, change and follow monitors'));
  const agents = add('agents', 'list the agents of a server');
  addAgentCommands(agents);
  addRevokeCommand(agents);
  addEnrollCommand(
    add('enroll', 'let an agent or a console in: a token at the server, an identity at the agent'),
  );
  return program;
}
