import type { IncomingHttpHeaders } from 'node:http';

/** A request that has passed the gate and found its handler. */
export interface WebRequest {
  readonly params: Readonly<Record<string, string>>;
  /** Each parameter's value, or its values where it is repeated; without those given as nothing (`?pid=`). */
  readonly query: Readonly<Record<string, string | readonly string[]>>;
  readonly headers: IncomingHttpHeaders;
  /** Reads the body, which must be of that content type. Throws NM_MEDIA_TYPE, NM_TOO_LARGE. */
  readonly readBody: (type: string) => Promise<Buffer>;
}

/** What is answered: 200 and no body unless it says otherwise. */
export interface WebAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly type?: string;
  readonly body?: string | Buffer;
}

export type WebHandler = (request: WebRequest) => Promise<WebAnswer> | WebAnswer;
