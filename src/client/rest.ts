import type { z } from 'zod';
import { type ErrorCode, errorCodes, NetmonError } from '../base/errors.ts';
import type {
  bandwidthHistorySchema,
  connectionListSchema,
  errorListSchema,
  Health,
  interfaceListSchema,
  networkStatsSchema,
  problemSchema,
  processListSchema,
  Stats,
} from '../wire/api.ts';
import type { Connection, NewConnection } from '../wire/connection.ts';
import type { ConnectionFilterInput } from '../wire/query.ts';
import type {
  alertListSchema,
  DnsSummary,
  dnsQueryListSchema,
  EncryptedList,
  HttpTimeline,
  httpMethodListSchema,
  httpProcessListSchema,
  httpRequestListSchema,
  httpSectionListSchema,
  httpSiteListSchema,
  PacketList,
  ProtocolList,
} from '../wire/traffic-api.ts';
import type { AlertSettings } from '../wire/traffic-schema.ts';

export type ConnectionList = z.infer<typeof connectionListSchema>;
export type ProcessList = z.infer<typeof processListSchema>;
export type InterfaceList = z.infer<typeof interfaceListSchema>;
export type ErrorList = z.infer<typeof errorListSchema>;
export type BandwidthHistory = z.infer<typeof bandwidthHistorySchema>;
export type NetworkStats = z.infer<typeof networkStatsSchema>;
type HttpSiteList = z.infer<typeof httpSiteListSchema>;
type HttpSectionList = z.infer<typeof httpSectionListSchema>;
type HttpMethodList = z.infer<typeof httpMethodListSchema>;
type HttpProcessList = z.infer<typeof httpProcessListSchema>;
type HttpRequestList = z.infer<typeof httpRequestListSchema>;
type DnsQueryList = z.infer<typeof dnsQueryListSchema>;
type AlertList = z.infer<typeof alertListSchema>;

/** Query parameters; undefined ones are left out, lists are written with commas. */
export type QueryParameters = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>;
export type ConnectionListQuery = ConnectionFilterInput & {
  readonly sort?: string;
  readonly limit?: number;
  readonly cursor?: string;
};

export interface RestOptions {
  /** Of the server, `http:` or `https:`, with or without a path prefix. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch?: typeof fetch;
}

/** The REST API. Every call throws NetmonError: the server's own code, or NM_UNAVAILABLE when none answered. */
export class RestClient {
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #fetch: typeof fetch;

  constructor(options: RestOptions) {
    this.#base = options.url.replace(/\/+$/, '');
    this.#headers = options.headers ?? {};
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
  }

  connections(query: ConnectionListQuery = {}, signal?: AbortSignal): Promise<ConnectionList> {
    return this.#get('/api/connections', query as QueryParameters, signal);
  }

  connection(id: number, signal?: AbortSignal): Promise<Connection> {
    return this.#get(`/api/connections/${id}`, {}, signal);
  }

  addConnection(connection: NewConnection, signal?: AbortSignal): Promise<Connection> {
    return this.#request('/api/connections', {
      method: 'POST',
      body: JSON.stringify(connection),
      headers: { 'content-type': 'application/json' },
      signal,
    });
  }

  errors(query: QueryParameters = {}, signal?: AbortSignal): Promise<ErrorList> {
    return this.#get('/api/errors', query, signal);
  }

  processes(query: QueryParameters = {}, signal?: AbortSignal): Promise<ProcessList> {
    return this.#get('/api/processes', query, signal);
  }

  interfaces(query: QueryParameters = {}, signal?: AbortSignal): Promise<InterfaceList> {
    return this.#get('/api/interfaces', query, signal);
  }

  /** Sums of HTTP requests by site, section, method or program. */
  httpSites(query: QueryParameters = {}, signal?: AbortSignal): Promise<HttpSiteList> {
    return this.#get('/api/http/sites', query, signal);
  }

  httpSections(query: QueryParameters = {}, signal?: AbortSignal): Promise<HttpSectionList> {
    return this.#get('/api/http/sections', query, signal);
  }

  httpMethods(query: QueryParameters = {}, signal?: AbortSignal): Promise<HttpMethodList> {
    return this.#get('/api/http/methods', query, signal);
  }

  httpProcesses(query: QueryParameters = {}, signal?: AbortSignal): Promise<HttpProcessList> {
    return this.#get('/api/http/processes', query, signal);
  }

  httpTimeline(query: QueryParameters = {}, signal?: AbortSignal): Promise<HttpTimeline> {
    return this.#get('/api/http/latency', query, signal);
  }

  httpRequests(query: QueryParameters = {}, signal?: AbortSignal): Promise<HttpRequestList> {
    return this.#get('/api/http/requests', query, signal);
  }

  dns(query: QueryParameters = {}, signal?: AbortSignal): Promise<DnsSummary> {
    return this.#get('/api/dns', query, signal);
  }

  dnsQueries(query: QueryParameters = {}, signal?: AbortSignal): Promise<DnsQueryList> {
    return this.#get('/api/dns/queries', query, signal);
  }

  protocols(query: QueryParameters = {}, signal?: AbortSignal): Promise<ProtocolList> {
    return this.#get('/api/protocols', query, signal);
  }

  encryptedSites(query: QueryParameters = {}, signal?: AbortSignal): Promise<EncryptedList> {
    return this.#get('/api/tls', query, signal);
  }

  alerts(query: QueryParameters = {}, signal?: AbortSignal): Promise<AlertList> {
    return this.#get('/api/alerts', query, signal);
  }

  alertSettings(signal?: AbortSignal): Promise<AlertSettings> {
    return this.#get('/api/alerts/settings', {}, signal);
  }

  saveAlertSettings(settings: AlertSettings, signal?: AbortSignal): Promise<AlertSettings> {
    return this.#request('/api/alerts/settings', {
      method: 'PUT',
      body: JSON.stringify(settings),
      headers: { 'content-type': 'application/json' },
      signal,
    });
  }

  packets(id: number, signal?: AbortSignal): Promise<PacketList> {
    return this.#get(`/api/connections/${id}/packets`, {}, signal);
  }

  stats(signal?: AbortSignal): Promise<Stats> {
    return this.#get('/api/stats', {}, signal);
  }

  networkStats(signal?: AbortSignal): Promise<NetworkStats> {
    return this.#get('/api/network-stats', {}, signal);
  }

  bandwidthHistory(query: QueryParameters = {}, signal?: AbortSignal): Promise<BandwidthHistory> {
    return this.#get('/api/bandwidth-history', query, signal);
  }

  health(signal?: AbortSignal): Promise<Health> {
    return this.#get('/health', {}, signal);
  }

  /** Reads a resource of the API by its path. */
  get<Answer>(path: string, query: QueryParameters = {}, signal?: AbortSignal): Promise<Answer> {
    return this.#get(path, query, signal);
  }

  /** Changes a resource of the API; a body goes as JSON, a text as YAML. Resolves with null where there is no answer. */
  send<Answer>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: object | string): Promise<Answer> {
    if (body === undefined) return this.#request(path, { method });
    const isText = typeof body === 'string';
    return this.#request(path, {
      method,
      body: isText ? body : JSON.stringify(body),
      headers: { 'content-type': isText ? 'application/yaml' : 'application/json' },
    });
  }

  #get<Answer>(path: string, query: QueryParameters, signal?: AbortSignal): Promise<Answer> {
    return this.#request(path + writeQuery(query), { signal });
  }

  /** The text of a resource that is not JSON. */
  async readText(path: string, type: string): Promise<string> {
    return (await this.#ask(path, { headers: { accept: type } })).text();
  }

  async #request<Answer>(path: string, init: RequestInit): Promise<Answer> {
    const response = await this.#ask(path, init);
    return (response.status === 204 ? null : await response.json()) as Answer;
  }

  async #ask(path: string, init: RequestInit): Promise<Response> {
    const headers = { accept: 'application/json', ...this.#headers, ...(init.headers as object | undefined) };
    const response = await this.#fetch(this.#base + path, { ...init, headers }).catch((cause: unknown) => {
      if (init.signal?.aborted) throw cause;
      throw new NetmonError('NM_UNAVAILABLE', `unable to reach ${this.#base}`, { cause });
    });
    if (!response.ok) throw await readProblem(response);
    return response;
  }
}

/** `?a=1&b=x,y`, or nothing for an empty query. */
export function writeQuery(query: QueryParameters): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    parameters.set(name, Array.isArray(value) ? value.join(',') : String(value));
  }
  return parameters.size === 0 ? '' : `?${parameters}`;
}

async function readProblem(response: Response): Promise<NetmonError> {
  const problem = (await response.json().catch(() => null)) as z.infer<typeof problemSchema> | null;
  const code = problem?.code;
  const known = typeof code === 'string' && Object.hasOwn(errorCodes, code);
  return new NetmonError(
    known ? (code as ErrorCode) : 'NM_UNAVAILABLE',
    problem?.detail ?? `the server answered ${response.status} ${response.statusText}`,
    { fields: problem?.fields ?? [] },
  );
}
