/** What a certificate may be for. */
export type StoredRole = 'agent' | 'console';

/** A token that was given out; of the token itself a hash is kept. */
export interface StoredEnrollment {
  readonly name: string;
  readonly role: StoredRole;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly usedAt: string | null;
}

/** A certificate that was issued. */
export interface StoredCertificate {
  /** Hexadecimal, lower case. */
  readonly serial: string;
  readonly name: string;
  readonly role: StoredRole;
  /** RFC 3339. */
  readonly issuedAt: string;
  readonly until: string;
  readonly revokedAt: string | null;
}

/** Tokens that are remembered at most, used and expired ones among them; the oldest go. */
export const maxEnrollments = 10_000;
/** A certificate is remembered this long after its end. */
export const certificateMemoryMs = 90 * 86_400_000;

/** The part of a store that knows who was let in. Every method rejects with NM_STORE when it cannot be used. */
export interface IdentityStore {
  /** Saves a token under the hash of its secret, hexadecimal. */
  addEnrollment(hash: string, enrollment: StoredEnrollment): Promise<void>;
  /** Newest first. */
  readEnrollments(): Promise<readonly StoredEnrollment[]>;
  /**
   * Notes the use of a token at a time, unless it was used or expired before; that and a token's not being there is told
   * by what was there before. Of two uses at once one alone finds it unused.
   */
  takeEnrollment(hash: string, at: string): Promise<StoredEnrollment | null>;
  /** Saves a certificate; those whose end is long past are forgotten. */
  addCertificate(certificate: StoredCertificate): Promise<void>;
  /** In the order in which they were issued. */
  readCertificates(): Promise<readonly StoredCertificate[]>;
  /** Forgets certificates by their serial numbers. */
  forgetCertificates(serials: readonly string[]): Promise<void>;
  /** Revokes all certificates of a name that are not yet, and ends its tokens that are not used. */
  revokeCertificates(role: StoredRole, name: string, at: string): Promise<void>;
}
