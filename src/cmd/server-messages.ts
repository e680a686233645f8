import type { Account } from '../platform/account.ts';
import type { LogLevel } from '../platform/reporter.ts';

/** All that a server process needs to know. It travels as JSON from the agent's process to the server's. */
export interface ServerConfig {
  readonly host: string;
  readonly port: number;
  readonly allowHosts: readonly string[];
  /** File with what clients must send; null where nothing is needed. Read before root is given up. */
  readonly tokenFile: string | null;
  readonly db: string;
  readonly dbLimitBytes: number;
  readonly retentionDays: number;
  readonly reverseDns: boolean;
  readonly publicStatus: boolean;
  /** Agents to dial, as host:port. */
  readonly dials: readonly string[];
  /** Where agents come in by certificates; null for nowhere. Without a host, at all addresses. */
  readonly agentListener: { readonly host?: string; readonly port: number } | null;
  /** Life of the certificates that are issued. */
  readonly certificateMs: number;
  /** Unix socket for the agent of this machine; null without one. */
  readonly socket: string | null;
  /** Who to become before anything is opened; null to stay who it is. */
  readonly account: Account | null;
  readonly logLevel: LogLevel;
  readonly logFormat: 'text' | 'json' | null;
}

/** From the agent's process; its end is told by the channel's. */
export type ToServer = { readonly kind: 'start'; readonly config: ServerConfig } | { readonly kind: 'stop' };

/** From the server's process. */
export type FromServer =
  | { readonly kind: 'ready'; readonly url: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };
