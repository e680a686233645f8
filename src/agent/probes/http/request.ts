/** What is asked, and what is asked next when the answer is a redirect (RFC 9110 section 15.4). Pure. */
import type { ProbeOf } from '../../../wire/probe.ts';

export interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  /** By lower-case name, without those that frame the message. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
}

/** Fields that frame a message or a connection, or are a proxy's; they are not the user's to set. */
const framing: ReadonlySet<string> = new Set(
  (
    'connection content-length expect http2-settings keep-alive proxy-authorization proxy-connection te trailer ' +
    'transfer-encoding upgrade'
  ).split(' '),
);

const defaults: Readonly<Record<string, string>> = {
  'user-agent': 'netmon',
  accept: '*/*',
  'accept-encoding': 'gzip, br',
};

/** The first request of a probe. Credentials of its URL become a header. */
export function makeRequest({ url: text, method, headers, body }: ProbeOf<'http'>): HttpRequest {
  const url = new URL(text);
  const named: Record<string, string> = { ...defaults };
  const credentials = basicCredentials(url);
  if (credentials !== null) named.authorization = credentials;
  for (const [name, value] of Object.entries(headers)) {
    // Fields are bytes; the text is sent as UTF-8.
    if (!framing.has(name.toLowerCase())) named[name.toLowerCase()] = Buffer.from(value).toString('latin1');
  }
  return {
    url: withoutCredentials(url),
    method,
    headers: named,
    body: body === null ? null : Buffer.from(body),
  };
}

/** `Basic ...` for the credentials of a URL, null without. */
export function basicCredentials({ username, password }: URL): string | null {
  if (username === '' && password === '') return null;
  return `Basic ${Buffer.from(`${decode(username)}:${decode(password)}`).toString('base64')}`;
}

/** What is asked after a redirect; null for an answer that is none. `wrong` is a redirect that cannot be followed. */
export function followRedirect(
  request: HttpRequest,
  status: number,
  location: string | undefined,
): HttpRequest | { readonly wrong: string } | null {
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return null;
  const url = URL.canParse(location, request.url.href) ? new URL(location, request.url.href) : null;
  if (!url || location.length > maxUrl) return { wrong: 'redirects to what is no URL' };
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return { wrong: `redirects to ${url.protocol.slice(0, 32)}, which is not followed` };
  }
  const isSame = url.origin === request.url.origin;
  const next = { ...request, url: withoutCredentials(url) };
  const stays = isSame ? next : { ...next, headers: withoutSecrets(request.headers) };
  return changesMethod(status, request.method) ? { ...withoutBody(stays), method: 'GET' } : stays;
}

/** Longest URL that is followed. */
const maxUrl = 8192;

/** HEAD stays HEAD, and 301 and 302 change POST alone, as all clients do. */
function changesMethod(status: number, method: string): boolean {
  if (status === 303) return method !== 'HEAD' && method !== 'GET';
  return (status === 301 || status === 302) && method === 'POST';
}

function withoutBody(request: HttpRequest): HttpRequest {
  const headers = Object.entries(request.headers).filter(([name]) => !name.startsWith('content-'));
  return { ...request, headers: Object.fromEntries(headers), body: null };
}

/** For another origin: any other field may be a credential, whatever its name is, or the name of the first host. */
function withoutSecrets(headers: HttpRequest['headers']): HttpRequest['headers'] {
  const harmless =
    /^(?:accept(?:-charset|-encoding|-language)?|cache-control|content-.*|pragma|range|user-agent)$/;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => harmless.test(name)));
}

function withoutCredentials(url: URL): URL {
  const bare = new URL(url.href);
  bare.username = '';
  bare.password = '';
  bare.hash = '';
  return bare;
}

/** A URL for messages and results: without credentials, and with what it asks for as `***`. */
export function showUrl({ origin, pathname, search }: URL): string {
  return `${origin}${pathname}`.slice(0, 1024) + (search === '' ? '' : '?***');
}

/** Of a URL's host: no brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

export function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
