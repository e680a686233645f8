import { z } from 'zod';
import {
  bandwidthHistorySchema,
  connectionListSchema,
  errorGroupSchema,
  errorListSchema,
  healthSchema,
  interfaceListSchema,
  networkStatsSchema,
  problemSchema,
  processListSchema,
  statsSchema,
} from '../../wire/api.ts';
import { connectionSchema, newConnectionSchema } from '../../wire/connection.ts';
import { interfaceSchema, processSchema, sensorSchema, systemSchema } from '../../wire/machine.ts';
import { connectionStates, directions, protocols } from '../../wire/names.ts';
import type { AnswerNote, ApiRoute } from './route.ts';

/** A JSON object of the document, of which only a part is looked into. */
export type JsonObject = { readonly [name: string]: unknown };

/** Schemas that the document names, so that it states each once. */
const named: Readonly<Record<string, z.ZodType>> = {
  Connection: connectionSchema,
  NewConnection: newConnectionSchema,
  ConnectionList: connectionListSchema,
  Process: processSchema,
  ProcessList: processListSchema,
  Interface: interfaceSchema,
  InterfaceList: interfaceListSchema,
  ErrorGroup: errorGroupSchema,
  ErrorList: errorListSchema,
  Stats: statsSchema,
  NetworkStats: networkStatsSchema,
  BandwidthHistory: bandwidthHistorySchema,
  Sensor: sensorSchema,
  System: systemSchema,
  Health: healthSchema,
  Problem: problemSchema,
};

const listOf = (items: JsonObject): JsonObject => ({ type: 'array', items, maxItems: 64 });

/** What a query parameter means, and its shape where the check's own schema is laxer than what a client should send. */
const parameterNotes: Readonly<
  Record<string, { description: string; schema?: JsonObject; example?: unknown }>
> = {
  error: {
    description: 'Errno names, `any` for every failure, `none` for connections without one.',
    schema: listOf({
      type: 'string',
      enum: [
        'ECONNREFUSED',
        'ECONNRESET',
        'ECONNABORTED',
        'ETIMEDOUT',
        'EHOSTUNREACH',
        'ENETUNREACH',
        'any',
        'none',
      ],
    }),
  },
  process: { description: 'Part of the process name, any case.', schema: text(256) },
  pid: { description: 'Process id.' },
  path: { description: "Part of the executable's path, any case.", schema: text(4096) },
  local: { description: 'Local address, network such as `10.0.0.0/8`, or `ip:port`.', schema: address() },
  remote: {
    description: 'Remote address, network, `ip:port`, or part of the remote name.',
    schema: address(),
  },
  port: { description: "Either end's port." },
  protocol: { description: 'Transport.', schema: listOf({ enum: [...protocols] }) },
  state: { description: 'States.', schema: listOf({ enum: [...connectionStates] }) },
  direction: { description: 'Who opened it.', schema: listOf({ enum: [...directions] }) },
  active: { description: 'Whether it is open now.', schema: { type: 'boolean' } },
  agent: { description: 'Name of the agent that saw it.', schema: text(128) },
  user: { description: 'Name of the user that owns it.', schema: text(64) },
  container: { description: 'Part of the container, any case.', schema: text(256) },
  since: { description: 'From this time, or this long ago (`15m`, `2h`, `7d`).', schema: time() },
  until: { description: 'Up to this time, or this long ago.', schema: time() },
  text: { description: 'Text in any field, any case.', schema: text(256) },
  sort: { description: 'Order; a leading `-` means descending.' },
  limit: { description: 'Most rows in the answer.' },
  cursor: {
    description: 'The `next` of the page before, under the same order.',
    schema: { type: 'string', maxLength: 512, pattern: '^[A-Za-z0-9_-]+$' },
  },
  id: { description: 'Id of the connection.' },
};

function text(maxLength: number): JsonObject {
  return { type: 'string', maxLength, pattern: '^[^\\u0000-\\u001f]*$' };
}

function address(): JsonObject {
  return { type: 'string', maxLength: 256, examples: ['10.0.0.1', '10.0.0.0/8', '[::1]:443'] };
}

function time(): JsonObject {
  return { type: 'string', maxLength: 64, examples: ['15m', '2024-03-16T12:00:00Z'] };
}

/** Failures that any operation may answer. */
const failures: Readonly<Record<number, string>> = {
  400: 'A parameter, a field or the body cannot be used; `fields` names which.',
  401: 'The server asks for authentication and got none.',
  403: 'The request comes from another site.',
  408: 'The request took too long to arrive.',
  421: 'The Host header is none of this server.',
  500: 'The server failed.',
  503: 'The database cannot be used.',
};

/** The OpenAPI 3.1 document of the routes. */
export function makeOpenApi(routes: readonly ApiRoute[], version: string): JsonObject {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    uri: (id) => `#/components/schemas/${id}`,
    target: 'draft-2020-12',
  });
  const paths: Record<string, Record<string, JsonObject>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describeOperation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'netmon',
      version,
      description: 'Every connection of the machine with its process, rate, quality and errors.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, withoutIds(schema)])),
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  };
}

function describeOperation(route: ApiRoute): JsonObject {
  const parameters = [
    ...describeParameters('path', route.params),
    ...describeParameters('query', route.query),
  ];
  const answers = Object.entries(route.answers).map(([status, note]) => [status, describeAnswer(note)]);
  const refusals = Object.entries(listFailures(route)).map(([status, description]) => [
    status,
    {
      description,
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    },
  ]);
  return {
    operationId: route.operation,
    summary: route.summary,
    ...(route.description && { description: route.description }),
    security: [{}, { token: [] }],
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && {
      requestBody: { required: true, content: { 'application/json': { schema: reference(route.body) } } },
    }),
    responses: Object.fromEntries([...answers, ...refusals]),
  };
}

function listFailures(route: ApiRoute): Record<number, string | undefined> {
  return {
    ...failures,
    ...(route.params && { 404: 'There is none.' }),
    ...(route.body && { 413: 'The body is too large.', 415: 'The body is not sent as JSON.' }),
  };
}

function describeAnswer({ description, schema, type = 'application/json' }: AnswerNote): JsonObject {
  return { description, content: { [type]: schema ? { schema: reference(schema) } : {} } };
}

function describeParameters(where: 'path' | 'query', schema: z.ZodObject | undefined): JsonObject[] {
  if (!schema) return [];
  return Object.entries(schema.shape).map(([name, field]) => {
    const { $schema, ...found } = z.toJSONSchema(field as z.ZodType, { io: 'input', unrepresentable: 'any' });
    const note = parameterNotes[name];
    const shape = { ...(note?.schema ?? found), ...('default' in found && { default: found.default }) };
    const isList = 'type' in shape && shape.type === 'array';
    return {
      name,
      in: where,
      required: where === 'path',
      description: note?.description ?? name,
      ...(isList && { style: 'form', explode: false }),
      schema: shape,
    };
  });
}

/** A reference to a named schema, or the schema itself. */
function reference(schema: z.ZodType): JsonObject {
  const name = Object.keys(named).find((id) => named[id] === schema);
  return name ? { $ref: `#/components/schemas/${name}` } : withoutIds(z.toJSONSchema(schema));
}

function withoutIds(schema: object): JsonObject {
  const { $schema, $id, ...rest } = schema as JsonObject;
  return rest;
}
