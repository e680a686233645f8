import { createCipheriv } from 'node:crypto';
import { nodeCiphers } from '../../../platform/ciphers.ts';
import { join } from '../../packet/build.fixture.ts';
import { deriveInitialKeys } from './keys.ts';
import { findVersion } from './versions.ts';

const be32 = (value: number): Uint8Array => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
/** An integer of variable length in two bytes. */
const varint = (value: number): Uint8Array => Uint8Array.of(0x40 | (value >> 8), value);

/** A CRYPTO frame. */
export const cryptoFrame = (offset: number, content: Uint8Array): Uint8Array =>
  join(Uint8Array.of(6), varint(offset), varint(content.length), content);

export interface InitialParts {
  readonly version?: number;
  readonly from?: 'client' | 'server';
  /** The id that keys follow from; in a client's first packet that of the destination. */
  readonly keyId: Uint8Array;
  readonly destination?: Uint8Array;
  readonly source?: Uint8Array;
  readonly token?: Uint8Array;
  readonly number?: number;
  readonly frames: Uint8Array;
  /** Whether the bit that is otherwise set is not, RFC 9287. */
  readonly greased?: boolean;
}

/** Seals an Initial packet, RFC 9001 section 5. */
export function buildInitial({
  version = 1,
  from = 'client',
  keyId,
  destination = keyId,
  source = new Uint8Array(0),
  token = new Uint8Array(0),
  number = 0,
  frames,
  greased = false,
}: InitialParts): Uint8Array {
  const known = findVersion(version)!;
  const { key, iv, hp } = deriveInitialKeys(known, keyId, nodeCiphers)[from];
  const content = frames.length < 4 ? join(frames, new Uint8Array(4)) : frames;
  const header = join(
    Uint8Array.of((greased ? 0x80 : 0xc0) | (known.initialType << 4) | 1),
    be32(version),
    Uint8Array.of(destination.length),
    destination,
    Uint8Array.of(source.length),
    source,
    ...(from === 'client' || token.length > 0 ? [varint(token.length), token] : [Uint8Array.of(0)]),
    varint(2 + content.length + 16),
    Uint8Array.of(number >> 8, number),
  );
  const nonce = new Uint8Array(iv);
  nonce[10] ^= number >> 8;
  nonce[11] ^= number & 0xff;
  const cipher = createCipheriv('aes-128-gcm', key, nonce).setAAD(header);
  const sealed = join(cipher.update(content), cipher.final(), cipher.getAuthTag());
  const mask = nodeCiphers.aes128Block(hp, sealed.subarray(2, 18));
  header[0] ^= mask[0] & 0x0f;
  header[header.length - 2] ^= mask[1];
  header[header.length - 1] ^= mask[2];
  return join(header, sealed);
}
