import type { IncomingHttpHeaders } from 'node:http';
import { NetmonError } from '../../base/errors.ts';
import { formatIp, isLoopback, parseIp } from '../../base/ip.ts';

/**
 * What is asked of every request and every upgrade before anything else looks at it, in this order:
 *
 * 1. The Host is one that this server goes by, so that a name which an attacker points at it (DNS rebinding) is none.
 * 2. An Origin, if there is one, is the server's own.
 * 3. What a browser says was started by another site changes nothing and fetches no data; links may lead here.
 */
export interface GuardOptions {
  /** Names that this server goes by, beside localhost. */
  readonly allowedHosts: readonly string[];
  /** Whether other addresses than loopback may be named: the server listens on them. */
  readonly anyAddress: boolean;
}

export interface GuardedRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly upgrade: boolean;
  /** Whether what is asked for is for everybody, pages of other sites included. */
  readonly open: boolean;
}

/** Methods that change nothing (RFC 9110 section 9.2.1). */
const safeMethods = new Set(['GET', 'HEAD']);

/** The reason to refuse a request, or null to go on. */
export function findRefusal(request: GuardedRequest, options: GuardOptions): NetmonError | null {
  const { headers } = request;
  const host = headers.host ?? '';
  if (!isAllowedHost(host, options)) {
    return new NetmonError(
      'NM_HOST',
      'this server does not go by that host name; name it in the configuration (allowed_hosts) or use localhost',
    );
  }
  if (request.open) return null;
  if (headers.origin !== undefined && !isSameOrigin(headers.origin, host)) {
    return new NetmonError('NM_FORBIDDEN', 'requests from other origins are refused');
  }
  const changes = request.upgrade || !safeMethods.has(request.method);
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    const navigates = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
    if (changes || !navigates)
      return new NetmonError('NM_FORBIDDEN', 'requests from other sites are refused');
  }
  if (changes && headers.cookie !== undefined && headers.origin === undefined && site !== 'same-origin') {
    return new NetmonError('NM_FORBIDDEN', 'a request with a cookie must state its origin');
  }
  return null;
}

function isAllowedHost(header: string, options: GuardOptions): boolean {
  const match = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9._-]{1,253}))(?::\d{1,5})?$/.exec(header);
  if (!match) return false;
  const name = (match[1] ?? match[2]).toLowerCase().replace(/\.$/, '');
  if (name === 'localhost' || options.allowedHosts.includes(name)) return true;
  const address = parseIp(name);
  if (!address || (match[1] === undefined && name.includes(':'))) return false;
  return options.anyAddress || isLoopback(formatIp(address));
}

/** Whether an Origin names the same host and port as the Host header; the scheme may be that of a proxy in front. */
function isSameOrigin(origin: string, host: string): boolean {
  if (!/^https?:\/\/[^/?#@\\]+$/.test(origin)) return false;
  return URL.parse(origin)?.host === URL.parse(`${origin.slice(0, origin.indexOf(':'))}://${host}`)?.host;
}
