import type { ConnectionOptions } from 'node:tls';
import { renewWhenDue } from '../agent/identity/renew-now.ts';
import { describeError, NetmonError } from '../base/errors.ts';
import { escapeText } from '../cli/escape.ts';
import { identityPath, readIdentity } from '../platform/certificates/identity.ts';
import { dialAgentTls } from '../platform/certificates/tls.ts';
import { findPaths } from '../platform/paths.ts';

/** For the server's answer: a command that has its own is not to wait for longer. */
const renewMs = 5_000;

/**
 * By what this console is known to agents, read anew each time, since it is renewed; null where it was never enrolled.
 * Throws NM_EXPIRED past its end, NM_BAD_CONFIG for a file that cannot be used.
 */
export function readConsoleTls(): ConnectionOptions | null {
  const identity = readIdentity(consolePath());
  if (!identity) return null;
  if (identity.until > Date.now()) return dialAgentTls(identity);
  throw new NetmonError(
    'NM_EXPIRED',
    `the certificate of this console ended at ${new Date(identity.until).toISOString()}: enroll it again ` +
      `("netmon enroll ${identity.name} --role console" at the server, then "netmon enroll --token TOKEN" here)`,
  );
}

/** Renews that certificate where it is due, and tells when it cannot be. */
export async function keepConsoleEnrolled(tell: (line: string) => void): Promise<void> {
  try {
    await renewWhenDue(consolePath(), AbortSignal.timeout(renewMs));
  } catch (error) {
    tell(escapeText(`unable to renew the certificate of this console: ${describeError(error)}`));
  }
}

function consolePath(): string {
  const { data } = findPaths({ data: process.env.NETMON_DATA }, process.env, process.getuid!());
  return identityPath(data, 'console');
}
