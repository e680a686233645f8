import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** Makes the signer of orders of a server: base64 of Ed25519 over the bytes of the body in UTF-8. */
export function makeOrderSigner(key: KeyObject): (body: string) => string {
  return (body) => sign(null, Buffer.from(body), key).toString('base64');
}

/** Makes the check of orders for the public key, PEM, of the server that an agent was enrolled with. */
export function makeOrderVerifier(pem: string): (body: string, signature: string | null) => boolean {
  const key = createPublicKey(pem);
  return (body, signature) => {
    if (signature === null) return false;
    const bytes = Buffer.from(signature, 'base64');
    return bytes.length === 64 && verify(null, Buffer.from(body), key, bytes);
  };
}
