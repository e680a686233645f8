import { createHmac } from 'node:crypto';

/**
 * What shows an agent that waits on this machine that a server or console has its token: made of the token, so that
 * whoever has taken the agent's port learns nothing that opens a server.
 */
export function makeWaitingToken(token: string): string {
  return createHmac('sha256', token).update('netmon: for an agent that waits').digest('base64url');
}
