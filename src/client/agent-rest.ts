import type { z } from 'zod';
import type {
  AgentRow,
  agentListSchema,
  DialStatus,
  dialListSchema,
  enrollmentInputSchema,
  enrollmentListSchema,
  newEnrollmentSchema,
  revocationSchema,
} from '../wire/monitor-api.ts';
import { type QueryParameters, type RestClient, writeQuery } from './rest.ts';

export type AgentList = z.infer<typeof agentListSchema>;
export type DialList = z.infer<typeof dialListSchema>;
export type EnrollmentList = z.infer<typeof enrollmentListSchema>;
export type NewEnrollment = z.infer<typeof newEnrollmentSchema>;

/** The part of the API that is about agents. Throws as RestClient does. */
export class AgentRest {
  readonly #rest: RestClient;

  constructor(rest: RestClient) {
    this.#rest = rest;
  }

  list(query: QueryParameters = {}, signal?: AbortSignal): Promise<AgentList> {
    return this.#rest.get('/api/agents', query, signal);
  }

  read(name: string, signal?: AbortSignal): Promise<AgentRow> {
    return this.#rest.get(`/api/agents/${encodeURIComponent(name)}`, {}, signal);
  }

  /** Agents that the server dials. */
  dials(signal?: AbortSignal): Promise<DialList> {
    return this.#rest.get('/api/dials', {}, signal);
  }

  dial(address: string): Promise<DialStatus> {
    return this.#rest.send('POST', '/api/dials', { address });
  }

  async undial(address: string): Promise<void> {
    await this.#rest.send('DELETE', `/api/dials${writeQuery({ address })}`);
  }

  /** Tokens that were given out, without what they read. */
  enrollments(signal?: AbortSignal): Promise<EnrollmentList> {
    return this.#rest.get('/api/enrollments', {}, signal);
  }

  /** A token with which an agent, or a console, of that name enrolls once. */
  enroll(input: z.input<typeof enrollmentInputSchema>): Promise<NewEnrollment> {
    return this.#rest.send('POST', '/api/enrollments', input);
  }

  /** Revokes the certificates of an agent and ends its link. */
  revoke(name: string): Promise<z.infer<typeof revocationSchema>> {
    return this.#rest.send('POST', `/api/agents/${encodeURIComponent(name)}/revoke`, {});
  }
}
