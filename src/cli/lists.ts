import { NetmonError } from '../base/errors.ts';
import type { QueryParameters, RestClient } from '../client/rest.ts';
import { errorGroupSchema } from '../wire/api.ts';
import { connectionSchema } from '../wire/connection.ts';
import { interfaceSchema, processSchema } from '../wire/machine.ts';
import { connectionFilterShape, connectionSorts, maxLimit, processSorts } from '../wire/query.ts';
import {
  alertSchema,
  type DnsGroupRow,
  dnsGroupSchema,
  type HttpGroupRow,
  httpGroupSchema,
  httpSorts,
} from '../wire/traffic-api.ts';
import { connectionColumns, errorColumns, interfaceColumns, processColumns } from './columns.ts';
import type { Column } from './table.ts';
import { alertColumns, dnsColumns, httpColumns } from './traffic-columns.ts';

/** A resource of the server that the command line can list. */
export interface List<Row> {
  readonly name: 'connections' | 'errors' | 'processes' | 'interfaces' | 'http' | 'dns' | 'alerts';
  readonly summary: string;
  /** What the rows are, where the name does not say it. */
  readonly what?: string;
  readonly columns: readonly Column<Row>[];
  /** Fields of a CSV record, in the schema's order. */
  readonly fields: readonly string[];
  /** Query parameters that it takes as flags. */
  readonly filters: readonly string[];
  /** What flags mean here, where it is not what they mean elsewhere. */
  readonly help?: Readonly<Record<string, string>>;
  readonly sorts: readonly string[];
  /** One page: the whole answer of the server, and its rows. */
  readonly read: (client: RestClient, query: QueryParameters) => Promise<Page<Row>>;
}

export interface Page<Row> {
  readonly answer: Readonly<Record<string, unknown>>;
  readonly rows: readonly Row[];
  readonly next: string | null;
  /** Under which name the rows are in the answer, where it is not that of the list. */
  readonly key?: string;
}

const page =
  <Name extends string, Row>(
    name: Name,
    ask: (client: RestClient, query: QueryParameters) => Promise<Answer<Name, Row>>,
  ) =>
  async (client: RestClient, query: QueryParameters): Promise<Page<Row>> => {
    const answer = await ask(client, query);
    return { answer, rows: answer[name], next: answer.next };
  };
type Answer<Name extends string, Row> = { readonly next: string | null } & {
  readonly [K in Name]: readonly Row[];
};

/** What HTTP requests, and DNS questions, are told apart by. */
const httpReads = {
  site: { key: 'sites', read: (client: RestClient, query: QueryParameters) => client.httpSites(query) },
  section: {
    key: 'sections',
    read: (client: RestClient, query: QueryParameters) => client.httpSections(query),
  },
  method: { key: 'methods', read: (client: RestClient, query: QueryParameters) => client.httpMethods(query) },
  process: {
    key: 'processes',
    read: (client: RestClient, query: QueryParameters) => client.httpProcesses(query),
  },
} as const;
const dnsKeys = { process: 'processes', resolver: 'resolvers', name: 'names' } as const;

/** The value of `--by`, the first unless given. Throws NM_BAD_FLAG. */
function readBy<By extends string>(by: QueryParameters[string], known: Readonly<Record<By, unknown>>): By {
  const names = Object.keys(known) as By[];
  if (by === undefined) return names[0];
  if (names.includes(by as By)) return by as By;
  throw new NetmonError('NM_BAD_FLAG', `--by = ${JSON.stringify(by)}: expected one of ${names.join(', ')}`);
}

async function readHttp(client: RestClient, { by, ...query }: QueryParameters): Promise<Page<HttpGroupRow>> {
  const { key, read } = httpReads[readBy(by, httpReads)];
  const answer = await read(client, query);
  return { answer, rows: (answer as unknown as Record<string, HttpGroupRow[]>)[key], next: answer.next, key };
}

/** The server ranks all of it at once, so that there is one page. */
async function readDns(
  client: RestClient,
  { by, cursor, ...query }: QueryParameters,
): Promise<Page<DnsGroupRow>> {
  const key = dnsKeys[readBy(by, dnsKeys)];
  const answer = await client.dns(query);
  return { answer, rows: answer[key], next: null, key };
}

const list = <Row>(definition: List<Row>): List<Row> => definition;
const filters = Object.keys(connectionFilterShape);

/** One entry for each subcommand that lists. */
export const lists = {
  connections: list({
    name: 'connections',
    summary: 'list connections, open ones and recorded ones',
    columns: connectionColumns,
    fields: Object.keys(connectionSchema.shape),
    filters,
    help: { site: 'part of the HTTP host or TLS server name' },
    sorts: connectionSorts,
    read: page('connections', (client, query) => client.connections(query)),
  }),
  errors: list({
    name: 'errors',
    summary: 'list failures by destination, process and errno',
    columns: errorColumns,
    fields: Object.keys(errorGroupSchema.shape),
    filters,
    help: { site: 'part of the HTTP host or TLS server name' },
    sorts: [],
    read: page('errors', (client, query) => client.errors(query)),
  }),
  processes: list({
    name: 'processes',
    summary: 'list processes with their traffic',
    columns: processColumns,
    fields: Object.keys(processSchema.shape),
    filters: ['process', 'pid', 'path', 'user', 'container', 'agent', 'text'],
    sorts: processSorts,
    read: page('processes', (client, query) => client.processes(query)),
  }),
  interfaces: list({
    name: 'interfaces',
    summary: 'list network interfaces with their traffic',
    columns: interfaceColumns,
    fields: Object.keys(interfaceSchema.shape),
    filters: ['agent', 'text'],
    sorts: [],
    read: page('interfaces', (client, query) => client.interfaces(query)),
  }),
  http: list({
    name: 'http',
    summary: 'list sites, sections, methods or programs by their HTTP requests',
    what: 'HTTP requests',
    columns: httpColumns,
    fields: Object.keys(httpGroupSchema.shape),
    filters: ['by', 'site', 'section', 'method', 'process', 'agent', 'since', 'until'],
    help: { by: 'site (unless given), section, method or process', process: 'exactly this process name' },
    sorts: httpSorts,
    read: readHttp,
  }),
  dns: list({
    name: 'dns',
    summary: 'list programs, resolvers or names by their DNS questions',
    what: 'DNS questions',
    columns: dnsColumns,
    fields: Object.keys(dnsGroupSchema.shape),
    filters: ['by', 'agent', 'since', 'until'],
    help: { by: 'process (unless given), resolver or name' },
    sorts: [],
    read: readDns,
  }),
  alerts: list({
    name: 'alerts',
    summary: 'list alerts on high traffic, from their raising to their recovery',
    columns: alertColumns,
    fields: Object.keys(alertSchema.shape),
    filters: ['kind', 'scope', 'state', 'agent', 'since', 'until'],
    help: { state: 'raised for those that last, recovered for those that are over' },
    sorts: [],
    read: page('alerts', (client, query) => client.alerts(query)),
  }),
} as const;

/** Reads pages until `limit` rows are there; the answer is the first page's, with all rows and the last cursor. */
export async function readRows<Row>(
  { name, read }: List<Row>,
  client: RestClient,
  query: QueryParameters,
  limit: number,
): Promise<Page<Row>> {
  const first = await read(client, { ...query, limit: Math.min(limit, maxLimit) });
  const rows = [...first.rows];
  let { next } = first;
  while (next !== null && rows.length < limit) {
    const more = await read(client, {
      ...query,
      limit: Math.min(limit - rows.length, maxLimit),
      cursor: next,
    });
    rows.push(...more.rows);
    next = more.rows.length === 0 ? null : more.next;
  }
  return { answer: { ...first.answer, [first.key ?? name]: rows, next }, rows, next };
}
