import type { Ciphers } from '../ciphers.ts';
import type { LongHeader } from './packet.ts';
import type { QuicVersion } from './versions.ts';

const sampleBytes = 16;
const tagBytes = 16;

/** What protects the Initial packets of one side, RFC 9001 section 5. */
interface PacketKeys {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  /** Of the header's protection. */
  readonly hp: Uint8Array;
}

export interface InitialKeys {
  readonly client: PacketKeys;
  readonly server: PacketKeys;
}

/** The keys that follow from the connection id that the client chose for the server, RFC 9001 section 5.2. */
export function deriveInitialKeys(
  { salt, label }: QuicVersion,
  connectionId: Uint8Array,
  ciphers: Ciphers,
): InitialKeys {
  const secret = ciphers.hmacSha256(salt, connectionId);
  const side = (name: string): PacketKeys => {
    const own = expand(secret, name, 32, ciphers);
    return {
      key: expand(own, `${label} key`, 16, ciphers),
      iv: expand(own, `${label} iv`, 12, ciphers),
      hp: expand(own, `${label} hp`, 16, ciphers),
    };
  };
  return { client: side('client in'), server: side('server in') };
}

/** HKDF-Expand-Label (RFC 8446 section 7.1) with an empty context, for at most the 32 bytes of one block. */
function expand(secret: Uint8Array, label: string, length: number, ciphers: Ciphers): Uint8Array {
  const name = `tls13 ${label}`;
  const info = new Uint8Array(name.length + 5);
  info[1] = length;
  info[2] = name.length;
  for (let i = 0; i < name.length; i++) info[3 + i] = name.charCodeAt(i);
  info[info.length - 1] = 1;
  return ciphers.hmacSha256(secret, info).subarray(0, length);
}

/** The frames of an Initial packet; null when these keys do not open it. */
export function openInitial(
  bytes: Uint8Array,
  { start, numberAt, end }: LongHeader,
  { key, iv, hp }: PacketKeys,
  ciphers: Ciphers,
): Uint8Array | null {
  const sampleAt = numberAt + 4;
  if (sampleAt + sampleBytes > end) return null;
  const mask = ciphers.aes128Block(hp, bytes.subarray(sampleAt, sampleAt + sampleBytes));
  const first = bytes[start] ^ (mask[0] & 0x0f);
  const numberBytes = (first & 3) + 1;
  if (end - numberAt - numberBytes < tagBytes) return null;
  const header = new Uint8Array(bytes.subarray(start, numberAt + numberBytes));
  header[0] = first;
  const nonce = new Uint8Array(iv);
  for (let i = 0; i < numberBytes; i++) {
    const at = header.length - numberBytes + i;
    header[at] ^= mask[1 + i];
    nonce[nonce.length - numberBytes + i] ^= header[at];
  }
  return ciphers.openAes128Gcm(key, nonce, header, bytes.subarray(numberAt + numberBytes, end));
}
