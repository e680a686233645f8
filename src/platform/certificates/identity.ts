/**
 * Who a machine is: a private key, a certificate for it of a server's authority, and that authority. It is one file, so
 * that it is replaced whole:
 *
 * 0. a line `server: URL`, where the machine was enrolled
 * 1. PRIVATE KEY, PKCS #8
 * 2. CERTIFICATE of that key; its only URI among the alternative names says who this is
 * 3. CERTIFICATE of the authority
 * 4. PUBLIC KEY, Ed25519, that orders are signed with
 */
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { NetmonError } from '../../base/errors.ts';
import { findPem } from './pem.ts';
import { readSecret, writeSecret } from './secret-file.ts';

export const certificateRoles = ['agent', 'console', 'server'] as const;
export type CertificateRole = (typeof certificateRoles)[number];
/** Roles that somebody else than the server itself may have. */
export type EnrolledRole = Exclude<CertificateRole, 'server'>;

/** Whom a certificate names. */
export interface Subject {
  readonly role: CertificateRole;
  /** Of an agent or console; `server` for the server. */
  readonly name: string;
  /** Hexadecimal, lower case, without leading zeros. */
  readonly serial: string;
  /** Unix milliseconds. */
  readonly from: number;
  readonly until: number;
}

export interface Identity extends Subject {
  /** PEM. */
  readonly key: string;
  readonly certificate: string;
  readonly authority: string;
  readonly orderKey: string;
  /** Where the machine was enrolled, `https://host:port`; null where that is not known. */
  readonly server: string | null;
}

/** Certificates begin this long before they are issued, for clocks that are late. */
export const backdatedMs = 3_600_000;
/** Names are those of `agentNameSchema`, so that nothing in one is special in a URI or a list of names. */
const uri = /^URI:netmon:(?:(server)|(agent|console):([A-Za-z0-9](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?))$/;

/** The URI by which a certificate names its holder. */
export function formatSubject(role: CertificateRole, name: string): string {
  return role === 'server' ? 'netmon:server' : `netmon:${role}:${name}`;
}

/** Whom a certificate names; null for one that is no identity of netmon. It says nothing of who issued it. */
export function readSubject(certificate: X509Certificate): Subject | null {
  const uris = (certificate.subjectAltName ?? '').split(', ').filter((name) => name.startsWith('URI:'));
  const match = uri.exec(uris[0] ?? '');
  if (!match || uris.length > 1) return null;
  return {
    role: (match[1] ?? match[2]) as CertificateRole,
    name: match[1] ?? match[3],
    serial: certificate.serialNumber.toLowerCase().replace(/^0+/, ''),
    from: Date.parse(certificate.validFrom),
    until: Date.parse(certificate.validTo),
  };
}

/** When a certificate is to be renewed: with a third of its life left. Unix milliseconds. */
export function renewalDue({ from, until }: Pick<Subject, 'from' | 'until'>): number {
  return until - (until - from - backdatedMs) / 3;
}

/** Where the identity of a role lies, in a data folder. */
export function identityPath(data: string, role: EnrolledRole): string {
  return join(data, 'identity', `${role}.pem`);
}

/** The identity in a file; null where there is none. Throws NM_BAD_CONFIG for one that is damaged or that others may read. */
export function readIdentity(path: string): Identity | null {
  const text = readSecret(path);
  return text === null ? null : parseIdentity(text, path);
}

export function writeIdentity(path: string, identity: Identity): void {
  const { key, certificate, authority, orderKey, server } = identity;
  const head = server === null ? '' : `server: ${server}\n`;
  writeSecret(path, head + key + certificate + authority + orderKey);
}

/**
 * Puts an identity together, and checks that its parts belong to each other. `source` is named in errors. Throws
 * NM_BAD_CONFIG.
 */
export function parseIdentity(text: string, source: string): Identity {
  const [key] = findPem(text, 'PRIVATE KEY');
  const [certificate, authority] = findPem(text, 'CERTIFICATE');
  const [orderKey] = findPem(text, 'PUBLIC KEY');
  const damaged = (reason: string, cause?: unknown): NetmonError =>
    new NetmonError('NM_BAD_CONFIG', `${source}: ${reason}; enroll again (netmon enroll)`, { cause });
  if (!key || !certificate || !authority || !orderKey) throw damaged('this is not a whole identity');
  try {
    const own = new X509Certificate(certificate);
    const issuer = new X509Certificate(authority);
    const subject = readSubject(own);
    if (!subject) throw damaged('its certificate names nobody of netmon');
    if (!own.checkPrivateKey(createPrivateKey(key))) throw damaged('its key is not that of its certificate');
    if (!issuer.ca || !own.verify(issuer.publicKey)) throw damaged('its certificate is not of its authority');
    if (createPublicKey(orderKey).asymmetricKeyType !== 'ed25519')
      throw damaged('its order key is not Ed25519');
    const server = /^server: (https:\/\/[^\s/]{3,261})$/m.exec(text)?.[1] ?? null;
    return { ...subject, key, certificate, authority, orderKey, server };
  } catch (thrown) {
    throw thrown instanceof NetmonError ? thrown : damaged('it cannot be read', thrown);
  }
}

/** SHA-256 of an authority's certificate, in base64url: what a token pins it by. */
export function fingerprint(certificate: string | X509Certificate): string {
  const parsed = typeof certificate === 'string' ? new X509Certificate(certificate) : certificate;
  return Buffer.from(parsed.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
}
