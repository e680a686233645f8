import { request } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { type ErrorCode, errorCodes, NetmonError } from '../../base/errors.ts';
import { type IssuedCertificate, issuedCertificateSchema } from '../../wire/monitor-api.ts';

const answerMs = 15_000;
const maxAnswerLength = 64 * 1024;

/** Where a server listens for agents. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/** The place that `host:port` means. */
export function splitAddress(address: string): Place {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(address.slice(at + 1)) };
}

/**
 * What a server's port for agents answers to a request for a certificate. Throws NM_UNAVAILABLE when it cannot be reached or
 * `signal` ends the wait, and what the server refuses it for.
 */
export async function askForCertificate(
  place: Place,
  path: string,
  tls: ConnectionOptions,
  body: object,
  signal: AbortSignal = AbortSignal.timeout(answerMs),
): Promise<IssuedCertificate> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const sent = request(
    {
      ...place,
      ...tls,
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json' },
      agent: false,
      signal,
    },
    (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
        if (text.length > maxAnswerLength) response.destroy(new Error('the answer is too long'));
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    },
  );
  sent.on('error', reject);
  sent.end(JSON.stringify(body));
  let answer: { status: number; text: string };
  try {
    answer = await promise;
  } catch (cause) {
    throw new NetmonError('NM_UNAVAILABLE', 'unable to ask for a certificate', { cause });
  }
  return readAnswer(answer);
}

function readAnswer({ status, text }: { status: number; text: string }): IssuedCertificate {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new NetmonError('NM_UNAVAILABLE', `the server answered with status ${status}, and no JSON`, {
      cause,
    });
  }
  const issued = issuedCertificateSchema.safeParse(json);
  if (status === 200 && issued.success) return issued.data;
  const { code, detail } = (json ?? {}) as { code?: unknown; detail?: unknown };
  const known =
    typeof code === 'string' && Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : 'NM_BAD_REQUEST';
  const reason = typeof detail === 'string' ? detail.slice(0, 512) : `status ${status}`;
  throw new NetmonError(known, `the server refused: ${reason}`);
}
