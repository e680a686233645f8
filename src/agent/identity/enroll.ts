/**
 * How a machine gets its identity, from a token. For each address of the token, until one answers:
 *
 * 1. a connection that proves nothing yet brings the authority's certificate; the token's fingerprint says whether it is
 *    the right one
 * 2. over a second one, verified with that authority like every later one, go the secret and the request
 */
import { X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import { connect } from 'node:tls';
import { describeError, type ErrorCode, errorCodes, NetmonError } from '../../base/errors.ts';
import { type EnrollmentToken, parseToken } from '../../platform/certificates/enrollment-token.ts';
import { fingerprint, type Identity, parseIdentity } from '../../platform/certificates/identity.ts';
import { makeKey, makeRequest } from '../../platform/certificates/request.ts';
import { trustServer } from '../../platform/certificates/tls.ts';
import { type IssuedCertificate, issuedCertificateSchema } from '../../wire/monitor-api.ts';

const connectMs = 5_000;
const answerMs = 15_000;
const maxAnswerLength = 64 * 1024;

/**
 * The identity that the token leads to; its key is made here and goes nowhere. Throws NM_VALIDATION for what is no token,
 * NM_UNAVAILABLE when no address answers, NM_FORBIDDEN when what answers is not the server of the token, and what the
 * server refuses it for.
 */
export async function enroll(text: string): Promise<Identity> {
  const token = parseToken(text);
  const failures: string[] = [];
  for (const address of token.addresses) {
    try {
      return await enrollAt(address, token);
    } catch (thrown) {
      if (!(thrown instanceof NetmonError) || !isOfAddress(thrown.code)) throw thrown;
      failures.push(`${address}: ${describeError(thrown)}`);
    }
  }
  throw new NetmonError(
    'NM_UNAVAILABLE',
    `no address of the token leads to its server: ${failures.join('; ')}`,
  );
}

/** Whether another address may do better. */
function isOfAddress(code: ErrorCode): boolean {
  return code === 'NM_UNAVAILABLE' || code === 'NM_FORBIDDEN';
}

async function enrollAt(address: string, token: EnrollmentToken): Promise<Identity> {
  const place = splitAddress(address);
  const authority = await fetchAuthority(place, token.fingerprint);
  const key = makeKey();
  const issued = await sendRequest(place, authority, { token: token.secret, csr: await makeRequest(key) });
  const { certificate, order_key } = issued;
  if (fingerprint(issued.authority) !== token.fingerprint) {
    throw new NetmonError('NM_FORBIDDEN', 'the certificate is not of the authority in the token');
  }
  const identity = parseIdentity(key + certificate + authority + order_key, 'the answer of the server');
  return { ...identity, server: `https://${address}` };
}

interface Place {
  readonly host: string;
  readonly port: number;
}

function splitAddress(address: string): Place {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(address.slice(at + 1)) };
}

/** The authority's certificate of whoever answers, PEM, if it is the one that the token means. */
async function fetchAuthority(place: Place, wanted: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  // Nothing is told to this connection: what it shows is compared with the token's fingerprint.
  const socket = connect({ ...place, minVersion: 'TLSv1.3', rejectUnauthorized: false });
  const timer = setTimeout(() => socket.destroy(new Error('no answer in time')), connectMs);
  socket.on('error', (cause) =>
    reject(
      new NetmonError('NM_UNAVAILABLE', `unable to connect to ${place.host}, port ${place.port}`, { cause }),
    ),
  );
  socket.on('close', () => reject(new NetmonError('NM_UNAVAILABLE', 'the connection was closed')));
  socket.once('secureConnect', () => {
    const shown = socket.getPeerCertificate(true).issuerCertificate?.raw;
    const certificate = shown && new X509Certificate(shown);
    if (certificate && fingerprint(certificate) === wanted) resolve(certificate.toString());
    else reject(new NetmonError('NM_FORBIDDEN', 'what answers there is not the server of this token'));
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

async function sendRequest(place: Place, authority: string, body: object): Promise<IssuedCertificate> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const sent = request(
    {
      ...place,
      ...trustServer(authority),
      method: 'POST',
      path: '/api/enroll',
      headers: { 'content-type': 'application/json' },
      agent: false,
      signal: AbortSignal.timeout(answerMs),
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
