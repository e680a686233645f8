import type { Command } from 'commander';
import { addServerOptions, type StationFlags } from './station-options.ts';

/** `netmon agents`, which lists, and its subcommands. */
export function addAgentCommands(agents: Command): void {
  addServerOptions(agents).action(async (flags: StationFlags) =>
    (await import('./agents.ts')).runAgents(flags),
  );
  const add = (usage: string, description: string): Command => agents.command(usage).description(description);
  const own = (command: Command): StationFlags => command.optsWithGlobals<StationFlags>();
  add('show <AGENT>', 'show one agent').action(async (name: string, _: unknown, command: Command) =>
    (await import('./agents.ts')).runAgentShow(name, own(command)),
  );
  add('dials', 'list the agents that the server dials').action(async (_: unknown, command: Command) =>
    (await import('./agents.ts')).runDials(own(command)),
  );
  add('dial <HOST:PORT>', 'have the server dial an agent that waits (netmon agent --listen)').action(
    async (address: string, _: unknown, command: Command) =>
      (await import('./agents.ts')).runDial(address, own(command)),
  );
  add('undial <HOST:PORT>', 'have the server dial it no more').action(
    async (address: string, _: unknown, command: Command) =>
      (await import('./agents.ts')).runUndial(address, own(command)),
  );
}
