import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { encodeBits, encodeDer, encodeOid, encodeTime, tags } from './der.ts';

export interface Certificate {
  /** Both in PEM, as node:tls takes them. */
  readonly cert: string;
  readonly key: string;
}

/** Context tags of TBSCertificate (RFC 5280 section 4.1): the version and the extensions. */
const versionTag = 0xa0;
const extensionsTag = 0xa3;
/** A DNS name among the alternatives of GeneralName (RFC 5280 section 4.2.1.6). */
const dnsNameTag = 0x82;
const ecdsaWithSha256 = '1.2.840.10045.4.3.2';
const oids = { commonName: '2.5.4.3', subjectAltName: '2.5.29.17', basicConstraints: '2.5.29.19' } as const;

/**
 * A certificate for these names that signs itself, with a fresh P-256 key, valid from an hour ago for a day: for servers
 * whose clients are handed it as the only authority they trust.
 */
export function makeCertificate(names: readonly string[], now: number = Date.now()): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = encodeDer(tags.sequence, encodeOid(ecdsaWithSha256));
  const issuer = encodeName(names[0]);
  const body = encodeDer(
    tags.sequence,
    encodeDer(versionTag, encodeDer(tags.integer, Buffer.from([2]))),
    encodeDer(tags.integer, makeSerial()),
    algorithm,
    issuer,
    encodeDer(tags.sequence, encodeTime(new Date(now - 3_600_000)), encodeTime(new Date(now + 86_400_000))),
    issuer,
    publicKey.export({ type: 'spki', format: 'der' }),
    encodeDer(extensionsTag, encodeDer(tags.sequence, encodeAuthority(), encodeAlternatives(names))),
  );
  const signature = sign('sha256', body, privateKey);
  const der = encodeDer(tags.sequence, body, algorithm, encodeBits(signature));
  return {
    cert: writePem('CERTIFICATE', der),
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  };
}

/** A positive number of 128 bits. */
function makeSerial(): Buffer {
  const serial = randomBytes(16);
  serial[0] = (serial[0] & 0x7f) | 0x40;
  return serial;
}

function encodeName(commonName: string): Buffer {
  const attribute = encodeDer(
    tags.sequence,
    encodeOid(oids.commonName),
    encodeDer(tags.utf8String, Buffer.from(commonName)),
  );
  return encodeDer(tags.sequence, encodeDer(tags.set, attribute));
}

function encodeAuthority(): Buffer {
  const isAuthority = encodeDer(tags.sequence, encodeDer(tags.boolean, Buffer.from([0xff])));
  return encodeExtension(oids.basicConstraints, isAuthority);
}

function encodeAlternatives(names: readonly string[]): Buffer {
  const list = names.map((name) => encodeDer(dnsNameTag, Buffer.from(name, 'latin1')));
  return encodeExtension(oids.subjectAltName, encodeDer(tags.sequence, ...list));
}

function encodeExtension(oid: string, value: Buffer): Buffer {
  return encodeDer(tags.sequence, encodeOid(oid), encodeDer(tags.octetString, value));
}

function writePem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
