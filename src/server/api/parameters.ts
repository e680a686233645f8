import { connectionStates, directions, protocols } from '../../wire/names.ts';

/** A JSON object of the OpenAPI document, of which only a part is looked into. */
export type JsonObject = { readonly [name: string]: unknown };

const listOf = (items: JsonObject): JsonObject => ({ type: 'array', items, maxItems: 64 });

function text(maxLength: number): JsonObject {
  return { type: 'string', maxLength, pattern: '^[^\\x00-\\x1f\\x7f-\\x9f]*$' };
}

const octet = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const port = ':(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[0-9]{1,4})';

/** Addresses as patterns can tell them; of IPv6 only by its characters. */
function address(names: readonly JsonObject[]): JsonObject {
  const ip4 = `(${octet}\\.){3}${octet}`;
  return {
    anyOf: [
      { type: 'string', pattern: `^${ip4}(/(3[0-2]|[12]?[0-9])|${port})?$` },
      { type: 'string', format: 'ipv6' },
      { type: 'string', maxLength: 50, pattern: `^[0-9A-Fa-f:]+/[0-9]{1,3}$` },
      { type: 'string', maxLength: 50, pattern: `^\\[[0-9A-Fa-f:.]+\\]${port}$` },
      ...names,
    ],
    examples: ['10.0.0.1', '10.0.0.0/8', '[::1]:443'],
  };
}

function time(): JsonObject {
  return {
    anyOf: [
      { type: 'string', pattern: '^[0-9]{1,9}(ms|s|m|h|d|w)$' },
      { type: 'string', format: 'date-time' },
    ],
    examples: ['15m', '2024-03-16T12:00:00Z'],
  };
}

export interface ParameterNote {
  readonly description: string;
  readonly schema?: JsonObject;
}

/** What a query parameter means, and its shape where the check's own schema is laxer than what a client should send. */
export const parameterNotes: Readonly<Record<string, ParameterNote>> = {
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
  local: { description: 'Local address, network such as `10.0.0.0/8`, or `ip:port`.', schema: address([]) },
  remote: {
    description: 'Remote address, network, `ip:port`, or part of the remote name.',
    schema: address([{ type: 'string', maxLength: 255, pattern: '^[A-Za-z0-9._-]+$' }]),
  },
  port: { description: "Either end's port." },
  protocol: { description: 'Transport.', schema: listOf({ enum: [...protocols] }) },
  state: { description: 'States.', schema: listOf({ enum: [...connectionStates] }) },
  direction: { description: 'Who opened it.', schema: listOf({ enum: [...directions] }) },
  active: { description: 'Whether it is open now.', schema: { type: 'boolean' } },
  agent: { description: 'Agent that saw it; several names with commas.', schema: text(4096) },
  user: { description: 'Name of the user that owns it.', schema: text(64) },
  application: { description: 'Exactly this application protocol, such as http or ssh.', schema: text(64) },
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
  site: { description: 'Exactly this host.', schema: text(255) },
  section: {
    description: 'Exactly this host and first path segment, `example.org/shop`.',
    schema: text(512),
  },
  method: { description: 'Exactly this method.', schema: text(32) },
  status_class: { description: 'Answers whose status begins with this digit; `none` for no answer.' },
  status: { description: 'Status such as 404, class such as 4xx, or `none` for no answer.' },
  name: { description: 'Exactly this name.', schema: text(255) },
  qtype: { description: 'Type of the question, such as A or AAAA.', schema: text(32) },
  rcode: { description: 'Answer code such as NXDOMAIN, or `none` for no answer.', schema: text(32) },
  sni: { description: 'Exactly this server name.', schema: text(255) },
  kind: { description: 'What is too high.' },
  scope: { description: '`all`, `interface:NAME`, `process:NAME` or `site:NAME`.', schema: text(300) },
};
