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
import { packetSchema } from '../../wire/link.ts';
import { interfaceSchema, processSchema, sensorSchema, systemSchema } from '../../wire/machine.ts';
import { incidentSchema, monitorRowSchema } from '../../wire/monitor.ts';
import {
  agentListSchema,
  agentRowSchema,
  changedMonitorSchema,
  dialListSchema,
  dialStatusSchema,
  evidenceSchema,
  historySchema,
  importAnswerSchema,
  incidentListSchema,
  monitorActionSchema,
  monitorListSchema,
  newMonitorSchema,
  resultListSchema,
  trialAnswerSchema,
  trialSchema,
} from '../../wire/monitor-api.ts';
import { probeResultSchema } from '../../wire/probe.ts';
import {
  alertListSchema,
  alertSchema,
  dnsQueryListSchema,
  dnsQuerySchema,
  dnsSummarySchema,
  encryptedListSchema,
  httpGroupSchema,
  httpMethodListSchema,
  httpProcessListSchema,
  httpRequestListSchema,
  httpRequestSchema,
  httpSectionListSchema,
  httpSiteListSchema,
  httpSumsSchema,
  httpTimelineSchema,
  packetListSchema,
  protocolListSchema,
  tlsHandshakeListSchema,
  tlsHandshakeSchema,
} from '../../wire/traffic-api.ts';
import { alertSettingsSchema } from '../../wire/traffic-schema.ts';
import { type JsonObject, parameterNotes } from './parameters.ts';
import type { AnswerNote, ApiRoute } from './route.ts';

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
  HttpSums: httpSumsSchema,
  HttpGroup: httpGroupSchema,
  HttpSiteList: httpSiteListSchema,
  HttpSectionList: httpSectionListSchema,
  HttpMethodList: httpMethodListSchema,
  HttpProcessList: httpProcessListSchema,
  HttpTimeline: httpTimelineSchema,
  HttpRequest: httpRequestSchema,
  HttpRequestList: httpRequestListSchema,
  DnsSummary: dnsSummarySchema,
  DnsQuery: dnsQuerySchema,
  DnsQueryList: dnsQueryListSchema,
  ProtocolList: protocolListSchema,
  EncryptedList: encryptedListSchema,
  TlsHandshake: tlsHandshakeSchema,
  TlsHandshakeList: tlsHandshakeListSchema,
  Alert: alertSchema,
  AlertList: alertListSchema,
  AlertSettings: alertSettingsSchema,
  Agent: agentRowSchema,
  AgentList: agentListSchema,
  DialStatus: dialStatusSchema,
  DialList: dialListSchema,
  Monitor: monitorRowSchema,
  MonitorList: monitorListSchema,
  NewMonitor: newMonitorSchema,
  ChangedMonitor: changedMonitorSchema,
  MonitorAction: monitorActionSchema,
  Trial: trialSchema,
  TrialAnswer: trialAnswerSchema,
  ProbeResult: probeResultSchema,
  ResultList: resultListSchema,
  History: historySchema,
  Incident: incidentSchema,
  IncidentList: incidentListSchema,
  Evidence: evidenceSchema,
  ImportAnswer: importAnswerSchema,
  Packet: packetSchema,
  PacketList: packetListSchema,
  Problem: problemSchema,
};

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
    ...describeParameters('path', route.params, route.notes),
    ...describeParameters('query', route.query, route.notes),
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
      requestBody: { required: true, content: describeBody(route) },
    }),
    responses: Object.fromEntries([...answers, ...refusals]),
  };
}

function describeBody({ body, bodyType }: ApiRoute): JsonObject {
  return bodyType ? { [bodyType]: {} } : { 'application/json': { schema: reference(body!) } };
}

function listFailures(route: ApiRoute): Record<number, string | undefined> {
  return {
    ...failures,
    ...(route.params && { 404: 'There is none.' }),
    ...(route.body && { 413: 'The body is too large.', 415: 'The body is not of the type that is taken.' }),
  };
}

function describeAnswer({ description, schema, type = 'application/json', links }: AnswerNote): JsonObject {
  const content = { [type]: schema ? { schema: reference(schema) } : {} };
  return links ? { description, content, links } : { description, content };
}

function describeParameters(
  where: 'path' | 'query',
  schema: z.ZodObject | undefined,
  notes: ApiRoute['notes'] = {},
): JsonObject[] {
  if (!schema) return [];
  return Object.entries(schema.shape).map(([name, field]) => {
    const { $schema, ...found } = z.toJSONSchema(field as z.ZodType, { io: 'input', unrepresentable: 'any' });
    const note = notes[name] ?? parameterNotes[name];
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
