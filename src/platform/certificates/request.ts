import { createPrivateKey, createPublicKey, generateKeyPairSync, type webcrypto } from 'node:crypto';
import { NetmonError } from '../../base/errors.ts';
import { loadLibrary } from './library.ts';
import { findPem } from './pem.ts';

/** The only kind of key that certificates are for. */
export const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
export const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** A new private key, PKCS #8 in PEM. */
export function makeKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
}

/** Both halves of a private key as the library takes them. */
export function importKeyPair(key: string): webcrypto.CryptoKeyPair {
  const own = createPrivateKey(key);
  return {
    privateKey: own.toCryptoKey(keyAlgorithm, false, ['sign']),
    publicKey: createPublicKey(own).toCryptoKey(keyAlgorithm, true, ['verify']),
  };
}

/** A PKCS #10 request in PEM that proves to have the key. The subject is of no consequence: the authority names it. */
export async function makeRequest(key: string): Promise<string> {
  const { Pkcs10CertificateRequestGenerator } = await loadLibrary();
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=netmon',
    keys: importKeyPair(key),
    signingAlgorithm,
  });
  return `${request.toString('pem')}\n`;
}

/**
 * The public key of a request, once it has proved to have the private one: all that is taken from it, whatever names and
 * extensions it asks for. Throws NM_VALIDATION.
 */
export async function readRequest(text: string): Promise<webcrypto.CryptoKey> {
  const { Pkcs10CertificateRequest } = await loadLibrary();
  const [pem, ...others] = findPem(text, 'CERTIFICATE REQUEST');
  if (!pem || others.length > 0) throw refusal('expected one request in PEM');
  try {
    const request = new Pkcs10CertificateRequest(pem);
    const { name, namedCurve } = request.publicKey.algorithm as Partial<typeof keyAlgorithm>;
    if (name !== keyAlgorithm.name || namedCurve !== keyAlgorithm.namedCurve) {
      throw refusal('the key must be one of the curve P-256');
    }
    if (!(await request.verify())) throw refusal('it is not signed with its own key');
    return await request.publicKey.export(keyAlgorithm, ['verify']);
  } catch (cause) {
    throw cause instanceof NetmonError ? cause : refusal('this is no request', cause);
  }
}

function refusal(message: string, cause?: unknown): NetmonError {
  return new NetmonError('NM_VALIDATION', `csr: ${message}`, {
    fields: [{ field: 'csr', message }],
    ...(cause !== undefined && { cause }),
  });
}
