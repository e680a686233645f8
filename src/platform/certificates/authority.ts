/**
 * A server's own authority. What it keeps lies in one folder, each file 0600:
 *
 * - `authority.pem`: its key and self-signed certificate, for ten years
 * - `orders.pem`: the Ed25519 key that orders are signed with
 * - `server.pem`: the server's own identity, which is renewed by itself
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  type webcrypto,
  X509Certificate,
} from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { NetmonError } from '../../base/errors.ts';

import type { IssuedCertificate } from '../../wire/monitor-api.ts';
import {
  backdatedMs,
  type CertificateRole,
  type EnrolledRole,
  fingerprint,
  formatSubject,
  type Identity,
  parseIdentity,
  readSubject,
  renewalDue,
  type Subject,
} from './identity.ts';
import { type CertificateLibrary, loadLibrary } from './library.ts';
import { findPem } from './pem.ts';
import { importKeyPair, makeKey, readRequest, signingAlgorithm } from './request.ts';
import { readSecret, writeSecret } from './secret-file.ts';

const dayMs = 86_400_000;
const authorityMs = 3652 * dayMs;
const serverMs = 90 * dayMs;
/** How long the certificate of an agent or console is good; it is renewed after two thirds of that. */
export const enrolledMs = 30 * dayMs;

export interface AuthorityOptions {
  readonly folder: string;
  /** Host names and addresses under which the server is reached. */
  readonly hosts: () => readonly string[];
  /** Life of certificates that are issued, milliseconds; 30 days by default. */
  readonly lifetimeMs?: number;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/** A certificate that was issued, and whom it names. */
export interface Issued {
  readonly subject: Subject;
  readonly answer: IssuedCertificate;
}

interface Issuer {
  readonly certificate: string;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly dn: string;
}

interface Wanted {
  readonly role: CertificateRole;
  readonly name: string;
  readonly publicKey: webcrypto.CryptoKey;
  readonly lifeMs: number;
  readonly hosts: readonly string[];
}

export class Authority {
  readonly #options: AuthorityOptions;
  readonly #library: CertificateLibrary;
  readonly #issuer: Issuer;
  readonly #orderKey: KeyObject;
  #server: Identity | null = null;

  private constructor(
    options: AuthorityOptions,
    library: CertificateLibrary,
    issuer: Issuer,
    orderKey: KeyObject,
  ) {
    this.#options = options;
    this.#library = library;
    this.#issuer = issuer;
    this.#orderKey = orderKey;
  }

  /**
   * Opens the authority in a folder, which is made where there is none, and brings the server's identity up to date.
   * Throws NM_BAD_CONFIG for files that are damaged or that others may read, NM_SYSTEM.
   */
  static async open(options: AuthorityOptions): Promise<Authority> {
    const library = await loadLibrary();
    const now = options.now ?? Date.now;
    const path = join(options.folder, 'authority.pem');
    const text = readSecret(path) ?? (await makeIssuer(library, path, now()));
    const authority = new Authority(options, library, parseIssuer(text, path), openOrderKey(options.folder));
    await authority.renewServer();
    return authority;
  }

  /** PEM. */
  get certificate(): string {
    return this.#issuer.certificate;
  }

  get fingerprint(): string {
    return fingerprint(this.certificate);
  }

  /** Signs orders. */
  get orderKey(): KeyObject {
    return this.#orderKey;
  }

  /** The server's own identity. */
  get server(): Identity {
    return this.#server!;
  }

  /** Issues a certificate for the key of a request; the name is the caller's word alone. Throws NM_VALIDATION. */
  async issue(csr: string, role: EnrolledRole, name: string): Promise<Issued> {
    const publicKey = await readRequest(csr);
    const lifeMs = this.#options.lifetimeMs ?? enrolledMs;
    const certificate = await this.#sign({ role, name, publicKey, lifeMs, hosts: [] });
    const subject = readSubject(new X509Certificate(certificate));
    if (!subject) throw new NetmonError('NM_VALIDATION', 'the name is none that a certificate can carry');
    return {
      subject,
      answer: { name, certificate, authority: this.certificate, order_key: this.#orderPublicKey },
    };
  }

  /** Issues the server's own certificate anew when it is due or names changed; whether it did. */
  async renewServer(): Promise<boolean> {
    const path = join(this.#options.folder, 'server.pem');
    const hosts = [...new Set(this.#options.hosts())].toSorted();
    this.#server ??= readServer(path, this.certificate);
    if (this.#server && this.#isCurrent(this.#server, hosts)) return false;
    const key = makeKey();
    const { publicKey } = importKeyPair(key);
    const certificate = await this.#sign({
      role: 'server',
      name: 'server',
      publicKey,
      lifeMs: serverMs,
      hosts,
    });
    const text = key + certificate + this.certificate + this.#orderPublicKey;
    writeSecret(path, text);
    this.#server = parseIdentity(text, path);
    return true;
  }

  #isCurrent(identity: Identity, hosts: readonly string[]): boolean {
    if (this.#now() >= renewalDue(identity)) return false;
    const certificate = new X509Certificate(identity.certificate);
    return hosts.every((host) => (isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host)));
  }

  get #orderPublicKey(): string {
    return String(createPublicKey(this.#orderKey).export({ type: 'spki', format: 'pem' }));
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  async #sign({ role, name, publicKey, lifeMs, hosts }: Wanted): Promise<string> {
    const { keys, dn, certificate } = this.#issuer;
    const x509 = this.#library;
    const now = this.#now();
    const end = Math.min(now + lifeMs, Date.parse(new X509Certificate(certificate).validTo));
    const signed = await x509.X509CertificateGenerator.create({
      serialNumber: makeSerial(),
      subject: [{ CN: [name] }],
      issuer: dn,
      notBefore: new Date(now - backdatedMs),
      notAfter: new Date(end),
      publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([
          x509.ExtendedKeyUsage.serverAuth,
          x509.ExtendedKeyUsage.clientAuth,
        ]),
        new x509.SubjectAlternativeNameExtension([
          { type: 'url', value: formatSubject(role, name) },
          ...hosts.map((host) => ({ type: isIP(host) ? ('ip' as const) : ('dns' as const), value: host })),
        ]),
        await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
        await x509.SubjectKeyIdentifierExtension.create(publicKey),
      ],
    });
    return `${signed.toString('pem')}\n`;
  }
}

async function makeIssuer(x509: CertificateLibrary, path: string, now: number): Promise<string> {
  const key = makeKey();
  const keys = importKeyPair(key);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: makeSerial(),
    name: `CN=netmon authority ${randomBytes(4).toString('hex')}`,
    notBefore: new Date(now - backdatedMs),
    notAfter: new Date(now + authorityMs),
    keys,
    signingAlgorithm,
    extensions: [
      // It signs no other authority.
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const text = `${key}${certificate.toString('pem')}\n`;
  writeSecret(path, text);
  return text;
}

function parseIssuer(text: string, path: string): Issuer {
  const [key] = findPem(text, 'PRIVATE KEY');
  const [certificate] = findPem(text, 'CERTIFICATE');
  try {
    const parsed = new X509Certificate(certificate);
    if (!parsed.ca || !parsed.checkPrivateKey(createPrivateKey(key)))
      throw new Error('key and certificate differ');
    const dn = parsed.subject.replaceAll('\n', ', ');
    return { certificate, keys: importKeyPair(key), dn };
  } catch (cause) {
    throw new NetmonError(
      'NM_BAD_CONFIG',
      `${path} is damaged: restore it from a backup; without it every agent has to be enrolled again`,
      { cause },
    );
  }
}

function openOrderKey(folder: string): KeyObject {
  const path = join(folder, 'orders.pem');
  const text = readSecret(path);
  try {
    if (text !== null) return createPrivateKey(text);
  } catch (cause) {
    throw new NetmonError('NM_BAD_CONFIG', `${path} is damaged: restore it from a backup`, { cause });
  }
  const { privateKey } = generateKeyPairSync('ed25519');
  writeSecret(path, String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  return privateKey;
}

/** The stored identity of the server; null for none, or one of another authority. */
function readServer(path: string, authority: string): Identity | null {
  const text = readSecret(path);
  try {
    const found = text === null ? null : parseIdentity(text, path);
    return found?.role === 'server' && fingerprint(found.authority) === fingerprint(authority) ? found : null;
  } catch {
    return null;
  }
}

/** 126 random bits, positive and of 16 bytes in DER (RFC 5280 section 4.1.2.2). */
function makeSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0] & 0x3f) | 0x40;
  return bytes.toString('hex');
}
