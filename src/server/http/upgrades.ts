import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { NetmonError } from '../../base/errors.ts';
import type { UpgradeRoute } from '../upgrade.ts';
import type { Gate } from './gate.ts';
import { endWithProblem } from './problem.ts';

/** Whether Node shall take a request as an upgrade; any other kind (`h2c` of curl) is answered as if it asked for none. */
export function isWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/** Makes the listener of a server's `upgrade` event: every upgrade passes the gate before its route sees it. */
export function makeUpgradeListener(
  routes: readonly UpgradeRoute[],
  gate: Gate,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  return (request, socket, head) => {
    const ignore = (): void => {};
    socket.on('error', ignore);
    const { url = '/', method = 'GET', headers } = request;
    const route = routes.find(({ path }) => path === url.split('?', 1)[0]);
    const refusal = gate({ method, url, headers, upgrade: true, socket }) ?? findMismatch(request, route);
    if (refusal || !route) {
      endWithProblem(
        socket,
        refusal ?? new NetmonError('NM_NOT_FOUND', 'there is no WebSocket at this address'),
      );
      return;
    }
    socket.off('error', ignore);
    route.handle(request, socket, head);
  };
}

function findMismatch(
  { method, headers }: IncomingMessage,
  route: UpgradeRoute | undefined,
): NetmonError | null {
  if (method !== 'GET') {
    return new NetmonError('NM_BAD_REQUEST', 'only a WebSocket can be opened here');
  }
  if (route?.audience === 'agent' && (headers.origin !== undefined || headers.cookie !== undefined)) {
    return new NetmonError('NM_FORBIDDEN', 'this is for agents, not for browsers');
  }
  return null;
}
