import { NetmonError } from '../../base/errors.ts';
import {
  fingerprint,
  type Identity,
  parseIdentity,
  renewalDue,
  writeIdentity,
} from '../../platform/certificates/identity.ts';
import { makeKey, makeRequest } from '../../platform/certificates/request.ts';
import { readSecret, writeSecret } from '../../platform/certificates/secret-file.ts';
import type { IssuedCertificate } from '../../wire/monitor-api.ts';

/** 10,000 serial numbers, a line each. */
const maxRevokedLength = 512 * 1024;

/** The identity of this agent as it is now, and the change to the next one. */
export class IdentityKeeper {
  readonly #path: string;
  readonly #listeners = new Set<() => void>();
  readonly #shutOut: Set<string>;
  #current: Identity;
  /** Of the request that is under way; it becomes the agent's when the certificate for it has come. */
  #nextKey: string | null = null;

  /** `path` is the file that `identity` was read from. */
  constructor(path: string, identity: Identity) {
    this.#path = path;
    this.#current = identity;
    this.#shutOut = new Set(readSerials(revokedPath(path)));
  }

  get current(): Identity {
    return this.#current;
  }

  /** When the certificate is to be renewed, Unix milliseconds. */
  get dueAt(): number {
    return renewalDue(this.#current);
  }

  /** Whether the server has revoked the certificate of that serial number, as far as this agent was told. */
  isShutOut(serial: string): boolean {
    return this.#shutOut.has(serial);
  }

  /** Takes the serial numbers that are refused from now on, over a restart as well. Throws NM_SYSTEM. */
  shutOut(serials: readonly string[]): void {
    if (serials.length === this.#shutOut.size && serials.every((each) => this.#shutOut.has(each))) return;
    this.#shutOut.clear();
    for (const each of serials) this.#shutOut.add(each);
    for (const listener of this.#listeners) listener();
    writeSecret(revokedPath(this.#path), `${serials.join('\n')}\n`);
  }

  /** Calls the listener after each change. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** A request for a certificate of a new key, PEM. */
  async request(): Promise<string> {
    this.#nextKey ??= makeKey();
    return makeRequest(this.#nextKey);
  }

  /**
   * Takes the certificate that was asked for: it is on disk when this returns. Throws NM_VALIDATION for one of another
   * key, name or authority, NM_SYSTEM; the identity stays what it was.
   */
  accept(issued: IssuedCertificate): void {
    const { role, name, authority, server } = this.#current;
    const key = this.#nextKey;
    if (key === null) throw new NetmonError('NM_VALIDATION', 'certificate: none was asked for');
    const next = { ...read(key, issued), server };
    if (next.role !== role || next.name !== name || fingerprint(next.authority) !== fingerprint(authority)) {
      throw new NetmonError('NM_VALIDATION', 'certificate: of another name or authority');
    }
    writeIdentity(this.#path, next);
    this.#current = next;
    this.#nextKey = null;
    for (const listener of this.#listeners) listener();
  }
}

function revokedPath(path: string): string {
  return `${path}.revoked`;
}

function readSerials(path: string): string[] {
  return readSecret(path, maxRevokedLength)?.split('\n').filter(Boolean) ?? [];
}

function read(key: string, { certificate, authority, order_key }: IssuedCertificate): Identity {
  try {
    return parseIdentity(key + certificate + authority + order_key, 'certificate');
  } catch (cause) {
    throw new NetmonError('NM_VALIDATION', 'certificate: not for the key of this agent', { cause });
  }
}
