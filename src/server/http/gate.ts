import type { IncomingHttpHeaders } from 'node:http';
import { NetmonError } from '../../base/errors.ts';
import type { Auth } from './auth.ts';
import { findRefusal, type GuardOptions } from './guard.ts';

export interface Arrival {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly upgrade: boolean;
  readonly socket: object;
}

/** Decides on every request and upgrade alike: the reason to refuse it, or null. */
export type Gate = (arrival: Arrival) => NetmonError | null;

/** Paths that lead to a login and need none. */
const openPaths = new Set(['/login']);

/**
 * Makes the gate. `trusted` holds the sockets of a Unix socket, whose directory says who may use it; `isOpen` tells what
 * everybody may read.
 */
export function makeGate(
  options: GuardOptions,
  auth: Auth,
  trusted: WeakSet<object>,
  isOpen: (method: string, url: string) => boolean,
): Gate {
  return (arrival) => {
    const open = !arrival.upgrade && isOpen(arrival.method, arrival.url);
    const refusal = findRefusal({ ...arrival, open }, options);
    if (refusal || open) return refusal;
    if (!auth.required || trusted.has(arrival.socket) || auth.isAllowed(arrival.headers)) return null;
    if (!arrival.upgrade && openPaths.has(arrival.url.split('?', 1)[0])) return null;
    return new NetmonError(
      'NM_UNAUTHORIZED',
      'this server asks for its token: send it as Authorization: Bearer, or sign in at /login',
    );
  };
}
