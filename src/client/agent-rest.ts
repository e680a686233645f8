import type { z } from 'zod';
import type { AgentRow, agentListSchema, DialStatus, dialListSchema } from '../wire/monitor-api.ts';
import { type QueryParameters, type RestClient, writeQuery } from './rest.ts';

export type AgentList = z.infer<typeof agentListSchema>;
export type DialList = z.infer<typeof dialListSchema>;

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
}
