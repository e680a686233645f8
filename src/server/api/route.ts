import type { z } from 'zod';
import type { Store } from '../../store/store.ts';
import type { Dials } from '../agents/dialer.ts';
import type { AgentDirectory } from '../agents/directory.ts';
import type { Identities } from '../identities/identities.ts';
import type { LiveState } from '../live/state.ts';
import type { Monitors } from '../monitors/monitors.ts';
import type { AgentPort } from '../monitors/ports.ts';
import type { ParameterNote } from './parameters.ts';

/** What the routes work on. */
export interface ApiContext {
  readonly store: Store;
  readonly live: LiveState;
  readonly monitors: Monitors;
  /** Who gives orders to agents. */
  readonly agents: AgentPort;
  readonly directory: AgentDirectory;
  readonly dialer: Dials;
  readonly identities: Identities;
  readonly now: () => number;
  readonly version: string;
  readonly database: {
    readonly path: string;
    readonly limitBytes: number;
    readonly retentionDays: number;
  };
}

/** Content type of YAML, RFC 9512. */
export const yamlType = 'application/yaml';

/** A body in YAML, as it came. */
export class YamlText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What a route answers, 200 and JSON unless it says otherwise; a string or a buffer is sent as it is. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly type?: string;
  readonly body: object | string;
}

export interface AnswerNote {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Content type; JSON where absent. */
  readonly type?: string;
  /** Operations that the answer leads to, as OpenAPI writes them. */
  readonly links?: Readonly<Record<string, object>>;
}

/**
 * One operation of the API: its place, what it takes and gives, and the work. The server's router, the check of what
 * comes in, the OpenAPI document and the page of documentation are all made from it.
 */
export interface ApiRoute<
  Query extends z.ZodObject = z.ZodObject,
  Params extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType = z.ZodType,
> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `:name` for a parameter. */
  readonly path: string;
  readonly operation: string;
  readonly summary: string;
  readonly description?: string;
  readonly query?: Query;
  /** What parameters mean here, where it is not what they mean elsewhere. */
  readonly notes?: Readonly<Record<string, ParameterNote>>;
  readonly params?: Params;
  readonly body?: Body;
  /** Content type of the body; JSON where absent. */
  readonly bodyType?: typeof yamlType;
  /** What a success looks like, by status; failures are problem documents everywhere. */
  readonly answers: Readonly<Record<number, AnswerNote>>;
  readonly handle: (input: {
    readonly query: z.output<Query>;
    readonly params: z.output<Params>;
    readonly body: z.output<Body>;
  }) => Promise<Answer> | Answer;
}

/** Fixes the types of a route's input; the list of routes holds it without them. */
export function defineRoute<Query extends z.ZodObject, Params extends z.ZodObject, Body extends z.ZodType>(
  route: ApiRoute<Query, Params, Body>,
): ApiRoute {
  return route as unknown as ApiRoute;
}
