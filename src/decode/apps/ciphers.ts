/**
 * The primitives that decoding needs of a cryptographic library, handed in since this layer imports none. Inputs are not
 * kept. None of them throws: what cannot be done gives null.
 */
export interface Ciphers {
  sha256(data: Uint8Array): Uint8Array;
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array;
  /** One block of 16 bytes. */
  aes128Block(key: Uint8Array, block: Uint8Array): Uint8Array;
  /** Plaintext of AES-128-GCM with the tag in the last 16 bytes of `sealed`; null when it does not verify. */
  openAes128Gcm(
    key: Uint8Array,
    nonce: Uint8Array,
    additional: Uint8Array,
    sealed: Uint8Array,
  ): Uint8Array | null;
}
