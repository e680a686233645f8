import { NetmonError } from '../../base/errors.ts';
import {
  fingerprint,
  type Identity,
  parseIdentity,
  renewalDue,
  writeIdentity,
} from '../../platform/certificates/identity.ts';
import { makeKey, makeRequest } from '../../platform/certificates/request.ts';
import type { IssuedCertificate } from '../../wire/monitor-api.ts';

/** The identity of this agent as it is now, and the change to the next one. */
export class IdentityKeeper {
  readonly #path: string;
  readonly #listeners = new Set<() => void>();
  #current: Identity;
  /** Of the request that is under way; it becomes the agent's when the certificate for it has come. */
  #nextKey: string | null = null;

  /** `path` is the file that `identity` was read from. */
  constructor(path: string, identity: Identity) {
    this.#path = path;
    this.#current = identity;
  }

  get current(): Identity {
    return this.#current;
  }

  /** When the certificate is to be renewed, Unix milliseconds. */
  get dueAt(): number {
    return renewalDue(this.#current);
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

function read(key: string, { certificate, authority, order_key }: IssuedCertificate): Identity {
  try {
    return parseIdentity(key + certificate + authority + order_key, 'certificate');
  } catch (cause) {
    throw new NetmonError('NM_VALIDATION', 'certificate: not for the key of this agent', { cause });
  }
}
