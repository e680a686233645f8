/**
 * How a machine gets its identity, from a token. For each address of the token, until one answers:
 *
 * 1. a connection that proves nothing yet brings the authority's certificate; the token's fingerprint says whether it is
 *    the right one
 * 2. over a second one, verified with that authority like every later one, go the secret and the request
 */
import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { describeError, type ErrorCode, NetmonError } from '../../base/errors.ts';
import { type EnrollmentToken, parseToken } from '../../platform/certificates/enrollment-token.ts';
import { fingerprint, type Identity, parseIdentity } from '../../platform/certificates/identity.ts';
import { makeKey, makeRequest } from '../../platform/certificates/request.ts';
import { trustServer } from '../../platform/certificates/tls.ts';
import { askForCertificate, type Place, splitAddress } from './certificate-call.ts';

const connectMs = 5_000;

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
  const body = { token: token.secret, csr: await makeRequest(key) };
  const issued = await askForCertificate(place, '/api/enroll', trustServer(authority), body);
  const { certificate, order_key } = issued;
  if (fingerprint(issued.authority) !== token.fingerprint) {
    throw new NetmonError('NM_FORBIDDEN', 'the certificate is not of the authority in the token');
  }
  const identity = parseIdentity(key + certificate + authority + order_key, 'the answer of the server');
  return { ...identity, server: `https://${address}` };
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
