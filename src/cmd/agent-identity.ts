import { hostname } from 'node:os';
import { IdentityKeeper } from '../agent/identity/keeper.ts';
import { NetmonError } from '../base/errors.ts';
import { identityPath, readIdentity } from '../platform/certificates/identity.ts';
import type { Reporter } from '../platform/reporter.ts';

/** The identity in an agent's data folder; null where it is not enrolled. Throws NM_BAD_CONFIG for one that is unusable. */
export function openIdentity(data: string, reporter: Reporter): IdentityKeeper | null {
  const path = identityPath(data, 'agent');
  const identity = readIdentity(path);
  if (!identity) return null;
  const until = new Date(identity.until).toISOString();
  if (identity.until <= Date.now()) {
    reporter.error('the certificate of this agent is past its end: enroll again (netmon enroll)', { until });
  }
  reporter.info('this agent is enrolled', { agent: identity.name, serial: identity.serial, until });
  return new IdentityKeeper(path, identity);
}

/** The agent's name: that of its certificate where it has one. Throws NM_BAD_CONFIG when it is to have another. */
export function chooseName(given: string | undefined, identity: IdentityKeeper | null): string {
  const enrolled = identity?.current.name;
  if (enrolled !== undefined && given !== undefined && given !== enrolled) {
    throw new NetmonError(
      'NM_BAD_CONFIG',
      `agent-name = ${given}: this agent is enrolled as ${enrolled}; enroll it again under the other name, or leave the name out`,
    );
  }
  return enrolled ?? given ?? hostname();
}
