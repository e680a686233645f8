import { NetmonError } from '../../base/errors.ts';
import { trialAnswerSchema, trialSchema } from '../../wire/monitor-api.ts';
import { checkProbe } from '../monitors/checks.ts';
import { unmaskProbe } from '../monitors/secrets.ts';
import { type ApiContext, type ApiRoute, defineRoute } from './route.ts';

/** Agents that try a probe at once. */
const maxAgents = 100;

/** A probe carried out once, now, from some agents; nothing of it is kept. */
export function makeTrialRoutes({ monitors, agents }: ApiContext): ApiRoute[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/api/probe',
      operation: 'tryProbe',
      summary: 'Carry a probe out once from some agents, before it is saved',
      body: trialSchema,
      answers: { 200: { description: 'What each agent found.', schema: trialAnswerSchema } },
      handle: async ({ body }) => {
        const { probe, assertions, timeout_ms, retries, monitor } = body;
        checkProbe(probe, assertions);
        const before = monitor === undefined ? null : monitors.book.require(monitor).probe;
        const order = {
          type: 'probe.run',
          probe: unmaskProbe(probe, before),
          assertions,
          timeout_ms,
          retries,
        } as const;
        const names =
          body.agents === '*' ? agents.connected().slice(0, maxAgents) : [...new Set(body.agents)];
        if (names.length === 0) throw new NetmonError('NM_UNAVAILABLE', 'no agent is linked');
        const results = await Promise.all(
          names.map(async (agent) => {
            const answer = await agents.order(agent, order);
            if (answer.type === 'result') return { agent, result: answer.result, problem: null };
            const problem = answer.type === 'refused' ? answer.message : 'the agent answered something else';
            return { agent, result: null, problem };
          }),
        );
        return { body: { results } };
      },
    }),
  ];
}
