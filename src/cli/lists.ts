import type { QueryParameters, RestClient } from '../client/rest.ts';
import { errorGroupSchema } from '../wire/api.ts';
import { connectionSchema } from '../wire/connection.ts';
import { interfaceSchema, processSchema } from '../wire/machine.ts';
import { connectionFilterShape, connectionSorts, maxLimit, processSorts } from '../wire/query.ts';
import { connectionColumns, errorColumns, interfaceColumns, processColumns } from './columns.ts';
import type { Column } from './table.ts';

/** A resource of the server that the command line can list. */
export interface List<Row> {
  readonly name: 'connections' | 'errors' | 'processes' | 'interfaces';
  readonly summary: string;
  readonly columns: readonly Column<Row>[];
  /** Fields of a CSV record, in the schema's order. */
  readonly fields: readonly string[];
  /** Query parameters that it takes as flags. */
  readonly filters: readonly string[];
  readonly sorts: readonly string[];
  /** One page: the whole answer of the server, and its rows. */
  readonly read: (client: RestClient, query: QueryParameters) => Promise<Page<Row>>;
}

export interface Page<Row> {
  readonly answer: Readonly<Record<string, unknown>>;
  readonly rows: readonly Row[];
  readonly next: string | null;
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
    sorts: connectionSorts,
    read: page('connections', (client, query) => client.connections(query)),
  }),
  errors: list({
    name: 'errors',
    summary: 'list failures by destination, process and errno',
    columns: errorColumns,
    fields: Object.keys(errorGroupSchema.shape),
    filters,
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
  return { answer: { ...first.answer, [name]: rows, next }, rows, next };
}
