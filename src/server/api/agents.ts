import { z } from 'zod';
import { NetmonError } from '../../base/errors.ts';
import {
  type AgentRow,
  agentListSchema,
  agentQuerySchema,
  agentRowSchema,
  dialListSchema,
  dialSchema,
  dialStatusSchema,
} from '../../wire/monitor-api.ts';
import { pageRows, type RowOrder } from './paging.ts';
import { type ApiContext, type ApiRoute, defineRoute } from './route.ts';

/** The agents that this server knows, and those that it dials. */
export function makeAgentRoutes({ directory, dialer }: ApiContext): ApiRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/agents',
      operation: 'listAgents',
      summary: 'Agents, connected or not, by name',
      description:
        '`lag_ms` is the time from a reading to the server having it, `clock_offset_ms` the agent’s clock less the server’s, ' +
        'both from frames that the server asks for every 20 s.',
      query: agentQuerySchema,
      notes: {
        connected: { description: '`true` for those that are linked now, `false` for the others.' },
        text: { description: 'Part of name, address, kernel or system, in any case.' },
      },
      answers: { 200: { description: 'A page of agents.', schema: agentListSchema } },
      handle: async ({ query: { connected, text, limit, cursor } }) => {
        const all = await directory.list();
        const rows = all.filter(
          (row) =>
            (connected === undefined || row.connected === connected) &&
            (text === undefined || holds(row, text.toLowerCase())),
        );
        const { page, next } = pageRows(rows, byName, limit, cursor);
        return { body: { agents: page, next } };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/agents/:agent',
      operation: 'readAgent',
      summary: 'One agent, with what it says of itself',
      params: z.strictObject({ agent: z.string().min(1).max(128) }),
      notes: { agent: { description: 'Name of an agent.' } },
      answers: { 200: { description: 'The agent.', schema: agentRowSchema } },
      handle: async ({ params: { agent } }) => {
        const row = await directory.find(agent);
        if (!row) throw new NetmonError('NM_NOT_FOUND', 'no agent of that name was ever connected');
        return { body: row };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/dials',
      operation: 'listDials',
      summary: 'Agents that this server dials',
      answers: { 200: { description: 'All of them.', schema: dialListSchema } },
      handle: () => ({ body: { dials: dialer.list(), next: null } }),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/dials',
      operation: 'addDial',
      summary: 'Dial an agent that waits for it',
      description:
        'For an agent that was started with `--listen`. It is dialled until it is removed, over restarts.',
      body: dialSchema,
      answers: { 201: { description: 'How it is connected so far.', schema: dialStatusSchema } },
      handle: async ({ body: { address } }) => ({ status: 201, body: await dialer.add(address) }),
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/dials',
      operation: 'removeDial',
      summary: 'Dial an agent no more, and end its link',
      query: dialSchema,
      notes: { address: { description: 'Of the agent, as it was added.' } },
      answers: { 204: { description: 'It is dialled no more.' } },
      handle: async ({ query: { address } }) => {
        await dialer.remove(address);
        return { status: 204, body: '' };
      },
    }),
  ];
}

const byName: RowOrder<AgentRow> = {
  sort: 'agent',
  descending: false,
  key: ({ agent }) => agent,
  id: ({ agent }) => agent,
};

function holds(row: AgentRow, part: string): boolean {
  return [row.agent, row.address, row.kernel, row.os].some((text) => text?.toLowerCase().includes(part));
}
