import { WebSocket } from 'ws';
import { NetmonError } from '../../base/errors.ts';
import type { Identity } from '../../platform/certificates/identity.ts';
import { dialServerTls } from '../../platform/certificates/tls.ts';
import { linkPath, linkSubprotocol } from '../../wire/link.ts';
import { maxAgentInputBytes } from '../../wire/orders.ts';

const handshakeTimeoutMs = 5_000;

/** The WebSocket address of a server given as `http://host:port`, `https://host:port` or `unix:/path`. */
export function linkUrl(server: string): string {
  if (server.startsWith('unix:')) {
    const path = server.slice('unix:'.length);
    if (!path.startsWith('/') || path.includes(':')) {
      throw new NetmonError('NM_BAD_CONFIG', `${server} is not unix: and an absolute path without a colon`);
    }
    return `ws+unix:${path}:${linkPath}`;
  }
  const url = URL.parse(server);
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new NetmonError(
      'NM_BAD_CONFIG',
      `${server} is not http://host:port, https://host:port or unix:/path`,
    );
  }
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.pathname = url.pathname.replace(/\/$/, '') + linkPath;
  return url.href;
}

/**
 * A socket that is connecting to the server's end of the link; an https server is then known by the identity's authority
 * where there is an identity. Throws NM_BAD_CONFIG for an unusable address.
 */
export function dialServer(
  server: string,
  token: string | undefined,
  identity: Identity | null = null,
): WebSocket {
  return new WebSocket(linkUrl(server), [linkSubprotocol], {
    perMessageDeflate: false,
    maxPayload: maxAgentInputBytes,
    handshakeTimeout: handshakeTimeoutMs,
    followRedirects: false,
    // Masking keeps scripts in browsers from writing what a proxy would take for HTTP; here there is neither.
    ...(server.startsWith('unix:') && { generateMask: (mask: Buffer) => void mask.fill(0) }),
    ...(isOverTls(server) && identity && dialServerTls(identity)),
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
}

export function isOverTls(server: string): boolean {
  return /^https:/i.test(server);
}
