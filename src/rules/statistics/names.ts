import type { HttpRecord } from '../../wire/traffic.ts';

/** Longest name a row has, in UTF-16 units: a host name fits (RFC 1035 section 2.3.4), a flood of long ones does not. */
const maxName = 255;
/** Of a path's first segment. */
const maxSegment = 64;

/** A name as it is counted, cut where it is too long. */
export function shorten(name: string, most = maxName): string {
  return name.length <= most ? name : `${name.slice(0, most - 1).toWellFormed()}…`;
}

/** The site of a request: its host in small letters without the port of HTTP, else what a proxy was asked for, else the server's address. */
export function siteOf({ host, path, method, dst }: HttpRecord): string {
  const asked =
    method === 'CONNECT' ? path : /^[a-z][a-z0-9+.-]{0,15}:\/\/(?:[^/?#]*@)?([^/?#]*)/i.exec(path ?? '')?.[1];
  const name = (host || asked || '').toLowerCase();
  return name === '' ? dst : shorten(name.endsWith(':80') ? name.slice(0, -3) : name);
}

/** Host and first segment of the path: `example.org/shop`, `example.org/`. A path without any stands for the site. */
export function sectionOf(site: string, path: string | null): string {
  if (path === null) return site;
  const origin = path.startsWith('/')
    ? path
    : (/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*(\/.*)?$/is.exec(path)?.[1] ?? '');
  if (origin === '') return site;
  const [segment] = origin.slice(1, maxSegment + 2).split(/[/?#;]/, 1);
  return `${site}/${shorten(segment, maxSegment)}`;
}

/** Of the Simple Service Discovery Protocol, which has the form of HTTP. */
const discovery: ReadonlySet<string> = new Set(['M-SEARCH', 'NOTIFY']);

/** Whether a request is one of the web: those that ask all devices nearby are none. */
export const isWebRequest = ({ method, path }: HttpRecord): boolean =>
  path !== '*' || method === null || !discovery.has(method);
