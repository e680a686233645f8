import { createHash, randomBytes } from 'node:crypto';
import { NetmonError } from '../../base/errors.ts';

/**
 * What an operator hands to a new agent: `netmon1.ADDRESSES.FINGERPRINT.SECRET`, each part base64url. The fingerprint is
 * that of the authority, so that the agent knows the server that it has never seen; the secret is good once.
 */
export interface EnrollmentToken {
  /** `host:port` of the server's listener for agents, the likeliest first. */
  readonly addresses: readonly string[];
  /** SHA-256 of the authority's certificate. */
  readonly fingerprint: string;
  readonly secret: string;
}

const prefix = 'netmon1';
/** 192 bits. */
const secretBytes = 24;
const maxAddresses = 8;
const maxAddressLength = 261;
export const maxTokenLength = 4096;
const pattern = /^netmon1\.([A-Za-z0-9_-]{1,3000})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{32})$/;
const address = /^(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_][A-Za-z0-9._-]{0,252}):\d{1,5}$/;

export function makeSecret(): string {
  return randomBytes(secretBytes).toString('base64url');
}

/** What is kept of a secret, in hexadecimal: it cannot be got back from this. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** The token's text. Of the addresses the first eight are told. */
export function formatToken({ addresses, fingerprint, secret }: EnrollmentToken): string {
  const places = addresses.slice(0, maxAddresses).join(' ');
  return `${prefix}.${Buffer.from(places).toString('base64url')}.${fingerprint}.${secret}`;
}

/** Reads a token. Throws NM_VALIDATION. */
export function parseToken(text: string): EnrollmentToken {
  const match = text.length <= maxTokenLength ? pattern.exec(text.trim()) : null;
  const addresses = match ? Buffer.from(match[1], 'base64url').toString('latin1').split(' ') : [];
  const usable = addresses.length <= maxAddresses && addresses.every(isAddress);
  if (!match || !usable) {
    throw new NetmonError('NM_VALIDATION', 'this is no enrolment token, or only a part of one');
  }
  return { addresses, fingerprint: match[2], secret: match[3] };
}

/** The secret of a token, which may be given whole or be the secret alone. */
export function secretOf(token: string): string {
  return token.slice(token.lastIndexOf('.') + 1);
}

function isAddress(text: string): boolean {
  return text.length <= maxAddressLength && address.test(text);
}
