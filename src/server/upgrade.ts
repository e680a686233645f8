import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * A path on which the server takes WebSocket upgrades. Host, Origin and authentication have been checked when `handle`
 * is called, which completes the upgrade (a `WebSocketServer` of ws with `noServer`, its own limits and subprotocols)
 * and owns the socket from then on.
 */
export interface UpgradeRoute {
  readonly path: string;
  /** What comes from a browser may be a viewer only; an agent's request carries no Origin and no cookie. */
  readonly audience: 'viewer' | 'agent';
  readonly handle: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}
