import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto';

const tagBytes = 16;

/** The primitives of `decode/apps/ciphers.ts` from Node's own library. */
export const nodeCiphers = {
  sha256: (data: Uint8Array): Uint8Array => createHash('sha256').update(data).digest(),
  hmacSha256: (key: Uint8Array, data: Uint8Array): Uint8Array =>
    createHmac('sha256', key).update(data).digest(),
  aes128Block(key: Uint8Array, block: Uint8Array): Uint8Array {
    return createCipheriv('aes-128-ecb', key, null).setAutoPadding(false).update(block);
  },
  openAes128Gcm(
    key: Uint8Array,
    nonce: Uint8Array,
    additional: Uint8Array,
    sealed: Uint8Array,
  ): Uint8Array | null {
    if (sealed.length < tagBytes) return null;
    const split = sealed.length - tagBytes;
    const cipher = createDecipheriv('aes-128-gcm', key, nonce, { authTagLength: tagBytes });
    cipher.setAAD(additional);
    cipher.setAuthTag(sealed.subarray(split));
    const plain = cipher.update(sealed.subarray(0, split));
    try {
      cipher.final();
      return plain;
    } catch {
      return null;
    }
  },
};
