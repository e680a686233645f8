import { NetmonError } from '../../base/errors.ts';
import { readIdentity, renewalDue } from '../../platform/certificates/identity.ts';
import { dialServerTls } from '../../platform/certificates/tls.ts';
import { renewalPath } from '../../wire/monitor-api.ts';
import { askForCertificate, splitAddress } from './certificate-call.ts';
import { IdentityKeeper } from './keeper.ts';

/**
 * Has the identity in a file renewed by the server that it is of, where that is due and it has not ended; whether there is
 * a new one. For a console, which has no link to be renewed over. Throws NM_UNAVAILABLE, and what the server refuses it for.
 */
export async function renewWhenDue(path: string, signal: AbortSignal, nowMs = Date.now()): Promise<boolean> {
  const identity = readIdentity(path);
  if (!identity?.server || nowMs < renewalDue(identity) || nowMs >= identity.until) return false;
  const keeper = new IdentityKeeper(path, identity);
  const place = splitAddress(identity.server.slice('https://'.length));
  const body = { csr: await keeper.request() };
  try {
    keeper.accept(await askForCertificate(place, renewalPath, dialServerTls(identity), body, signal));
    return true;
  } catch (error) {
    // Another process of this user has just done so.
    if (error instanceof NetmonError && error.code === 'NM_RATE') return false;
    throw error;
  }
}
