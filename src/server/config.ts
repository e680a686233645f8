import { NetmonError } from '../base/errors.ts';
import { formatIp, isLoopback, parseIp } from '../base/ip.ts';

/** Caps on what one client may hold; each has the default beside it. */
export interface HttpLimits {
  /** Bytes of a body: 1 MiB. */
  readonly bodyBytes: number;
  /** Until the headers, and until the whole request, must have come: 10 s, 20 s. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** How long an idle connection is kept after an answer: 30 s. */
  readonly keepAliveTimeoutMs: number;
  /** Open connections, WebSockets included: 1024. */
  readonly connections: number;
}

export const defaultHttpLimits: HttpLimits = {
  bodyBytes: 1024 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 20_000,
  keepAliveTimeoutMs: 30_000,
  connections: 1024,
};

export interface ServerConfig {
  /** Address to listen on; one that is not loopback needs a token. */
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** A Unix socket to listen on as well; who may open it needs no token. */
  readonly socketPath?: string;
  /** Names under which browsers may reach the server, beside localhost. */
  readonly allowedHosts?: readonly string[];
  /** File with the token that clients must send. */
  readonly tokenFile?: string;
  /** Whether everybody may read the status of public monitors; not unless told so. */
  readonly publicStatus?: boolean;
  /** Folder of the built dashboard. */
  readonly webRoot: string;
  readonly version: string;
  /** What `/health` tells of the database. */
  readonly database: { readonly path: string; readonly limitBytes: number; readonly retentionDays: number };
  readonly limits?: Partial<HttpLimits>;
}

/** Whether the host is a loopback address or localhost. */
export function isLoopbackHost(host: string): boolean {
  const bytes = parseIp(host);
  return host === 'localhost' || (bytes !== null && isLoopback(formatIp(bytes)));
}

/** Throws NM_PUBLIC_ADDRESS when others than this machine's users could reach a server without a token. */
export function refuseOpenAddress(host: string, tokenFile: string | undefined): void {
  if (isLoopbackHost(host) || tokenFile !== undefined) return;
  throw new NetmonError(
    'NM_PUBLIC_ADDRESS',
    `${host} can be reached from other machines, and whoever reaches the server sees every connection of this one: ` +
      'give it a token with --token-file FILE, or listen on 127.0.0.1',
  );
}
