import { z } from 'zod';
import { connectionSorts, connectionStates, directions, maxLimit, protocols } from './names.ts';

export { connectionSorts, maxLimit } from './names.ts';

/** Values for one filter, given with commas or by repeating the parameter. */
const maxAlternatives = 64;

/** Text to compare with: no control characters, since no name that is shown holds one. */
const plain = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !/\p{Cc}/u.test(value), { message: 'expected text without control characters' });
const list = z
  .union([z.string().max(4096), z.array(z.string().max(4096)).max(maxAlternatives)])
  .transform((value) => (Array.isArray(value) ? value : value.split(',')).filter((part) => part !== ''))
  .pipe(z.array(z.string()).max(maxAlternatives));
const listOf = <T extends readonly [string, ...string[]]>(values: T) =>
  list.pipe(z.array(z.enum(values)).max(maxAlternatives));
const number = z.coerce.number().int().min(0);

/**
 * The filters of connections, the same in REST, in live views, on the command line and in the dashboard's URL. Within
 * one filter any alternative matches (`state=LISTEN,ESTABLISHED`), between filters all must.
 */
export const connectionFilterShape = {
  /** Errno names; `any` for every failure, `none` for connections without one. */
  error: list.optional(),
  /** Part of the process name, any case. */
  process: plain(256).optional(),
  pid: number.optional(),
  /** Part of the executable's path. */
  path: plain(4096).optional(),
  /** Address, CIDR, `ip:port` or, for remote, part of the name. */
  local: plain(256).optional(),
  remote: plain(256).optional(),
  /** Either end's port. */
  port: number.max(65535).optional(),
  protocol: listOf(protocols).optional(),
  state: listOf(connectionStates).optional(),
  direction: listOf(directions).optional(),
  active: z.stringbool().optional(),
  /** Names of agents, apart by commas. */
  agent: plain(4096).optional(),
  user: plain(64).optional(),
  container: plain(256).optional(),
  /** Exactly this application protocol. */
  application: plain(64).optional(),
  /** Part of the HTTP host or TLS server name. */
  site: plain(255).optional(),
  /** RFC 3339, or a duration before now such as `15m`, `2h`, `7d`. */
  since: z.string().max(64).optional(),
  until: z.string().max(64).optional(),
  /** Text in any field, any case. */
  text: plain(256).optional(),
} as const;
export const connectionFilterSchema = z.strictObject(connectionFilterShape);
/** As written by a client. */
export type ConnectionFilterInput = z.input<typeof connectionFilterSchema>;
/** As used after validation. */
export type ConnectionFilter = z.output<typeof connectionFilterSchema>;

export const connectionSortSchema = z.enum(
  connectionSorts.flatMap((key) => [key, `-${key}`] as const) as [string, ...string[]],
);

export const connectionQuerySchema = z.strictObject({
  ...connectionFilterShape,
  sort: connectionSortSchema.default('-timestamp'),
  limit: z.coerce.number().int().min(1).max(maxLimit).default(100),
  cursor: z.string().max(512).optional(),
});
export type ConnectionQuery = z.output<typeof connectionQuerySchema>;

const pageShape = {
  limit: z.coerce.number().int().min(1).max(maxLimit).default(100),
  cursor: z.string().max(512).optional(),
} as const;

/** Failures are counted over a range, by default the last day. */
export const errorQuerySchema = z.strictObject({
  ...connectionFilterShape,
  since: z.string().max(64).default('24h'),
  ...pageShape,
});
export type ErrorQuery = z.output<typeof errorQuerySchema>;

export const processSorts = [
  'speed',
  'upload_speed',
  'download_speed',
  'bytes',
  'process',
  'pid',
  'connections',
  'errors',
] as const;

export const processQuerySchema = z.strictObject({
  process: connectionFilterShape.process,
  pid: connectionFilterShape.pid,
  path: connectionFilterShape.path,
  user: connectionFilterShape.user,
  container: connectionFilterShape.container,
  agent: connectionFilterShape.agent,
  /** Text in any field, any case. */
  text: connectionFilterShape.text,
  sort: z
    .enum(processSorts.flatMap((key) => [key, `-${key}`] as const) as [string, ...string[]])
    .default('-speed'),
  ...pageShape,
});
export type ProcessQuery = z.output<typeof processQuerySchema>;

export const interfaceQuerySchema = z.strictObject({
  agent: connectionFilterShape.agent,
  text: connectionFilterShape.text,
  ...pageShape,
});
export type InterfaceQuery = z.output<typeof interfaceQuerySchema>;
