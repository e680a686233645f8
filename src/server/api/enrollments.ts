import { z } from 'zod';
import type { StoredEnrollment } from '../../store/identities.ts';
import { agentNameSchema } from '../../wire/monitor.ts';
import {
  enrollmentInputSchema,
  enrollmentListSchema,
  newEnrollmentSchema,
  revocationInputSchema,
  revocationSchema,
} from '../../wire/monitor-api.ts';
import { type ApiContext, type ApiRoute, defineRoute } from './route.ts';

/** Newest tokens in a list. */
const maxListed = 1_000;

/** Letting agents and consoles in, and shutting them out. */
export function makeEnrollmentRoutes({ identities }: ApiContext): ApiRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/enrollments',
      operation: 'listEnrollments',
      summary: 'Tokens that were given out, newest first',
      description: `The last ${maxListed}, used and expired ones among them; what they read is kept nowhere.`,
      answers: { 200: { description: 'The tokens.', schema: enrollmentListSchema } },
      handle: async () => {
        const all = await identities.list();
        return { body: { enrollments: all.slice(0, maxListed).map(toRow), next: null } };
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/enrollments',
      operation: 'makeEnrollment',
      summary: 'A token with which one agent, or console, of that name enrolls once',
      description:
        'Needs a server that was started with `--agent-port`. A name may be enrolled again: the new certificate has another serial ' +
        'number, and the old one is good until it ends or is revoked.',
      body: enrollmentInputSchema,
      answers: { 201: { description: 'The token, told this once.', schema: newEnrollmentSchema } },
      handle: async ({ body: { name, role, lifetime_ms } }) => {
        const given = await identities.give(name, role, lifetime_ms);
        return { status: 201, body: { ...toRow(given), token: given.token } };
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/agents/:agent/revoke',
      operation: 'revokeAgent',
      summary: 'Revoke the certificates of an agent, or console, and end its link at once',
      description:
        'Tokens of that name that were not used end too. It comes back only when it is enrolled again.',
      params: z.strictObject({ agent: agentNameSchema }),
      notes: { agent: { description: 'Name of an agent or console.' } },
      body: revocationInputSchema,
      answers: { 200: { description: 'When that was.', schema: revocationSchema } },
      handle: async ({ params: { agent }, body: { role } }) => ({
        body: { name: agent, role, revoked_at: await identities.revoke(role, agent) },
      }),
    }),
  ];
}

function toRow({ name, role, createdAt, expiresAt, usedAt }: StoredEnrollment): object {
  return { name, role, created_at: createdAt, expires_at: expiresAt, used_at: usedAt };
}
