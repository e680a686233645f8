import { dialColumns } from '../cli/monitors/columns.ts';
import { describeAgent } from '../cli/monitors/describe-agent.ts';
import { renderTable } from '../cli/table.ts';
import { AgentRest } from '../client/agent-rest.ts';
import { RestClient } from '../client/rest.ts';
import { showAgents } from '../console/actions.ts';
import { explainSilence, outputWidth, print, readServer, type StationFlags } from './station-options.ts';

/** `netmon agents`: all that a server knows. */
export async function runAgents(flags: StationFlags): Promise<void> {
  const { agents } = await ask(flags, async (client) => client.list({ limit: 1000 }));
  print(flags, showAgents(agents, outputWidth()), { agents });
}

export async function runAgentShow(name: string, flags: StationFlags): Promise<void> {
  const agent = await ask(flags, (client) => client.read(name));
  print(flags, describeAgent(agent, Date.now()), agent);
}

/** Agents that wait, and that the server dials. */
export async function runDials(flags: StationFlags): Promise<void> {
  const { dials } = await ask(flags, (client) => client.dials());
  const lines =
    dials.length === 0 ? ['the server dials no agents'] : renderTable(dialColumns, dials, outputWidth());
  print(flags, lines, { dials });
}

export async function runDial(address: string, flags: StationFlags): Promise<void> {
  const dial = await ask(flags, (client) => client.dial(address));
  print(flags, [`the server dials ${dial.address} from now on`], dial);
}

export async function runUndial(address: string, flags: StationFlags): Promise<void> {
  await ask(flags, (client) => client.undial(address));
  print(flags, [`the server dials ${address} no more`], { removed: [address] });
}

async function ask<Answer>(
  flags: StationFlags,
  question: (client: AgentRest) => Promise<Answer>,
): Promise<Answer> {
  const server = readServer(flags);
  try {
    return await question(new AgentRest(new RestClient(server)));
  } catch (error) {
    throw explainSilence(error, server.url);
  }
}
