import { interfaceListSchema, processListSchema } from '../../wire/api.ts';
import type { InterfaceRow, ProcessRow } from '../../wire/machine.ts';
import {
  interfaceQuerySchema,
  type ProcessQuery,
  processQuerySchema,
  type processSorts,
} from '../../wire/query.ts';
import { pageRows } from './paging.ts';
import { type ApiContext, type ApiRoute, defineRoute } from './route.ts';

/** Processes and interfaces as they are now. */
export function makeMachineRoutes({ live }: ApiContext): ApiRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/processes',
      operation: 'listProcesses',
      summary: 'Processes that have or had connections, fastest first',
      query: processQuerySchema,
      answers: { 200: { description: 'A page of processes.', schema: processListSchema } },
      handle: async ({ query }) => {
        await live.refresh();
        const descending = query.sort.startsWith('-');
        const name = (descending ? query.sort.slice(1) : query.sort) as (typeof processSorts)[number];
        const order = {
          sort: query.sort,
          descending,
          key: processKeys[name],
          id: (row: ProcessRow) => row.key,
        };
        const rows = filterProcesses(live.processes(query.agent), query);
        const { page, next } = pageRows(rows, order, query.limit, query.cursor);
        return { body: { processes: page, next } };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/interfaces',
      operation: 'listInterfaces',
      summary: 'Network interfaces, by name',
      query: interfaceQuerySchema,
      answers: { 200: { description: 'A page of interfaces.', schema: interfaceListSchema } },
      handle: async ({ query: { agent, text, limit, cursor } }) => {
        await live.refresh();
        const order = {
          sort: 'name',
          descending: false,
          key: (row: InterfaceRow) => row.name,
          id: interfaceId,
        };
        const rows = Array.from(live.interfaces(agent)).filter(
          (row) => text === undefined || holds([row.name, row.kind, row.mac, ...row.addresses], text),
        );
        const { page, next } = pageRows(rows, order, limit, cursor);
        return { body: { interfaces: page, next } };
      },
    }),
  ];
}

const processKeys: Readonly<Record<(typeof processSorts)[number], (row: ProcessRow) => number | string>> = {
  speed: (row) => row.upload_speed + row.download_speed,
  upload_speed: (row) => row.upload_speed,
  download_speed: (row) => row.download_speed,
  bytes: (row) => row.bytes_sent + row.bytes_received,
  process: (row) => row.process_name.toLowerCase(),
  pid: (row) => row.process_id,
  connections: (row) => row.connections,
  errors: (row) => row.errors,
};

function* filterProcesses(rows: Iterable<ProcessRow>, query: ProcessQuery): Generator<ProcessRow> {
  const { process, pid, path, user, container, text } = query;
  for (const row of rows) {
    if (pid !== undefined && row.process_id !== pid) continue;
    if (user !== undefined && row.user !== user) continue;
    if (process !== undefined && !holds([row.process_name], process)) continue;
    if (path !== undefined && !holds([row.process_path], path)) continue;
    if (container !== undefined && !holds([row.container], container)) continue;
    if (text !== undefined && !holds(searched(row), text)) continue;
    yield row;
  }
}

function searched(row: ProcessRow): (string | null)[] {
  const { process_name, process_id, process_path, command_line, user, container, unit, parents } = row;
  return [process_name, String(process_id), process_path, command_line, user, container, unit, ...parents];
}

/** Whether one of the texts contains the part, in any case. */
function holds(texts: readonly (string | null)[], part: string): boolean {
  const wanted = part.toLowerCase();
  return texts.some((text) => text?.toLowerCase().includes(wanted) === true);
}

function interfaceId(row: InterfaceRow): string {
  return `${row.network_namespace}-${row.index}-${row.name}`;
}
