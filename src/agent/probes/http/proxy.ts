import { request as requestHttp, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Reason } from '../../../wire/probe.ts';
import type { ProbeContext } from '../probe.ts';
import { describeErrno, makeReason } from '../run.ts';
import { maxHead } from './answer.ts';
import { basicCredentials, hostOf, portOf } from './request.ts';

/**
 * Has a proxy connect a socket through to where a URL is (CONNECT, RFC 9110 section 9.3.6). Null when the socket leads
 * there; otherwise it is destroyed. Never rejects.
 */
export async function openTunnel(
  socket: Socket,
  proxy: URL,
  url: URL,
  { signal, timeoutMs }: Pick<ProbeContext, 'signal' | 'timeoutMs'>,
): Promise<Reason | null> {
  const { promise, resolve } = Promise.withResolvers<Reason | null>();
  const fail = (code: string, words: string): void => {
    resolve(makeReason(code, `the proxy ${hostOf(proxy)} ${words}`, 'connect'));
  };
  const giveUp = (): void => fail('TIMEOUT', `did not answer within ${timeoutMs} ms`);
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  const asked = requestHttp({
    method: 'CONNECT',
    path: `${url.hostname}:${portOf(url)}`,
    headers: { host: `${url.hostname}:${portOf(url)}`, ...proxyHeaders(proxy) },
    setHost: false,
    maxHeaderSize: maxHead,
    createConnection: () => socket,
  });
  asked.on('error', (error: NodeJS.ErrnoException) => {
    const code = error.code ?? 'PROTOCOL';
    if (code.startsWith('HPE_')) fail('PROTOCOL', `does not answer in HTTP (${code})`);
    else fail(code, code === 'ECONNRESET' ? 'closed the connection' : describeErrno(code));
  });
  asked.once('connect', ({ statusCode = 0 }, _socket, head) => {
    if (statusCode < 200 || statusCode > 299) {
      fail('UNEXPECTED_REPLY', `answered ${statusCode} ${STATUS_CODES[statusCode] ?? ''}`.trim());
    } else if (head.length > 0) fail('PROTOCOL', 'sent more than its answer');
    else resolve(null);
  });
  asked.end();
  try {
    const failure = await promise;
    if (failure) socket.destroy();
    return failure;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** The credentials of a proxy's URL; they go to the proxy alone. */
export function proxyHeaders(proxy: URL): Readonly<Record<string, string>> {
  const credentials = basicCredentials(proxy);
  return credentials === null ? {} : { 'proxy-authorization': credentials };
}
