import type { z } from 'zod';
import type { MonitorInput, MonitorRow } from '../wire/monitor.ts';
import type {
  evidenceSchema,
  historySchema,
  importAnswerSchema,
  incidentListSchema,
  monitorListSchema,
  resultListSchema,
  trialAnswerSchema,
  trialSchema,
} from '../wire/monitor-api.ts';
import { type QueryParameters, type RestClient, writeQuery } from './rest.ts';

export type MonitorList = z.infer<typeof monitorListSchema>;
export type ResultList = z.infer<typeof resultListSchema>;
export type MonitorHistory = z.infer<typeof historySchema>;
export type IncidentList = z.infer<typeof incidentListSchema>;
export type Evidence = z.infer<typeof evidenceSchema>;
export type Trial = z.input<typeof trialSchema>;
export type TrialAnswer = z.infer<typeof trialAnswerSchema>;
export type ImportAnswer = z.infer<typeof importAnswerSchema>;

/** The part of the API that is about monitors. Throws as RestClient does. */
export class MonitorRest {
  readonly #rest: RestClient;

  constructor(rest: RestClient) {
    this.#rest = rest;
  }

  list(query: QueryParameters = {}, signal?: AbortSignal): Promise<MonitorList> {
    return this.#rest.get('/api/monitors', query, signal);
  }

  read(id: string, query: QueryParameters = {}, signal?: AbortSignal): Promise<MonitorRow> {
    return this.#rest.get(pathOf(id), query, signal);
  }

  add(monitor: MonitorInput & { readonly id?: string }): Promise<MonitorRow> {
    return this.#rest.send('POST', '/api/monitors', monitor);
  }

  change(id: string, monitor: MonitorInput & { readonly revision?: number }): Promise<MonitorRow> {
    return this.#rest.send('PUT', pathOf(id), monitor);
  }

  async remove(id: string): Promise<void> {
    await this.#rest.send('DELETE', pathOf(id));
  }

  /** Starts or stops it on the agents named, or on all. */
  move(id: string, action: 'start' | 'stop', agents?: readonly string[]): Promise<MonitorRow> {
    return this.#rest.send('POST', `${pathOf(id)}/${action}`, agents ? { agents } : {});
  }

  results(id: string, query: QueryParameters = {}, signal?: AbortSignal): Promise<ResultList> {
    return this.#rest.get(`${pathOf(id)}/results`, query, signal);
  }

  history(id: string, query: QueryParameters = {}, signal?: AbortSignal): Promise<MonitorHistory> {
    return this.#rest.get(`${pathOf(id)}/history`, query, signal);
  }

  incidents(id: string, query: QueryParameters = {}, signal?: AbortSignal): Promise<IncidentList> {
    return this.#rest.get(`${pathOf(id)}/incidents`, query, signal);
  }

  evidence(id: string, query: QueryParameters = {}, signal?: AbortSignal): Promise<Evidence> {
    return this.#rest.get(`${pathOf(id)}/evidence`, query, signal);
  }

  /** One round from some agents, of which nothing is kept. */
  try(trial: Trial): Promise<TrialAnswer> {
    return this.#rest.send('POST', '/api/probe', trial);
  }

  /** All monitors as a YAML text; with `secrets`, credentials as they are. */
  export(query: QueryParameters = {}): Promise<string> {
    return this.#rest.readText(`/api/monitors/export${writeQuery(query)}`, 'application/yaml');
  }

  /** Saves the monitors of a YAML text, or with `dryRun` tells what would be saved. */
  import(yaml: string, dryRun: boolean): Promise<ImportAnswer> {
    return this.#rest.send('POST', `/api/monitors/import${writeQuery({ dry_run: dryRun })}`, yaml);
  }
}

function pathOf(id: string): string {
  return `/api/monitors/${encodeURIComponent(id)}`;
}
