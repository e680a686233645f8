import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { hostname } from 'node:os';
import type { Duplex } from 'node:stream';
import { errorCodes, NetmonError } from '../../base/errors.ts';
import { parseIp } from '../../base/ip.ts';
import { makeWaitingToken } from '../../platform/waiting-token.ts';

/**
 * Why an upgrade is refused before anything else looks at it; null to go on. No browser has business here, whatever page
 * it shows. Without TLS a name that somebody points at this machine (DNS rebinding) is none of its own, and whoever comes
 * shows the token where there is one; with TLS (`isTls`) certificates have said who it is, by whatever name it came.
 */
export function findRefusal(
  { method, headers }: Pick<IncomingMessage, 'method' | 'headers'>,
  { token, isTls }: { readonly token: string | undefined; readonly isTls: boolean },
): NetmonError | null {
  if (method !== 'GET') return new NetmonError('NM_BAD_REQUEST', 'only a WebSocket can be opened here');
  if (!isTls && !isOwnName(headers.host ?? '')) {
    return new NetmonError('NM_HOST', 'this agent does not go by that host name; use an address of it');
  }
  const { origin, cookie } = headers;
  if (origin !== undefined || cookie !== undefined || headers['sec-fetch-site'] !== undefined) {
    return new NetmonError('NM_FORBIDDEN', 'this is for servers and consoles, not for browsers');
  }
  if (!isTls && token !== undefined && !showsToken(headers.authorization ?? '', token)) {
    return new NetmonError(
      'NM_UNAUTHORIZED',
      'this agent asks for its token: send it as Authorization: Bearer',
    );
  }
  return null;
}

/** The token itself is taken from programs of users; netmon's own send what is made of it. */
function showsToken(given: string, token: string): boolean {
  return isEqual(given, `Bearer ${makeWaitingToken(token)}`) || isEqual(given, `Bearer ${token}`);
}

/** The subprotocol is offered; without it the other end means some other protocol, or another version. */
export function offers({ headers }: IncomingMessage, subprotocol: string): boolean {
  return String(headers['sec-websocket-protocol'] ?? '')
    .split(/\s*,\s*/)
    .includes(subprotocol);
}

/** Answers with a problem document (RFC 9457) on a bare socket, and ends it. */
export function endWithProblem(socket: Duplex, { code, status, message }: NetmonError): void {
  const { title } = errorCodes[code];
  const body = JSON.stringify({ type: 'about:blank', title, status, detail: message, code });
  socket.on('error', () => {});
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

/** An address, localhost, or the name of this machine. */
function isOwnName(header: string): boolean {
  const match = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9._-]{1,253}))(?::\d{1,5})?$/.exec(header);
  if (!match) return false;
  const name = (match[1] ?? match[2]).toLowerCase();
  return name === 'localhost' || name === hostname().toLowerCase() || parseIp(name) !== null;
}

function isEqual(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
