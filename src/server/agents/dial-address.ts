import { NetmonError } from '../../base/errors.ts';
import { formatEndpoint } from '../../base/ip.ts';
import { isLoopbackHost } from '../config.ts';

/**
 * The URL of an agent given as `host:port`, `http://host:port` or `https://host:port`. Without a scheme it is TLS where
 * the server has an identity and the agent is elsewhere. Throws NM_VALIDATION, also where what is
 * measured would cross a network in the clear.
 */
export function parseDialAddress(text: string, hasIdentity: boolean): string {
  const match =
    /^(?:(https?):\/\/)?(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9_][\w.-]{0,252})):(\d{1,5})\/?$/.exec(text);
  const port = Number(match?.[4]);
  if (!match || port < 1 || port > 65_535) {
    throw new NetmonError('NM_VALIDATION', `${text.slice(0, 300)}: expected host:port`);
  }
  const host = (match[2] ?? match[3]).toLowerCase();
  const isHere = isLoopbackHost(host);
  const scheme = match[1] ?? (hasIdentity && !isHere ? 'https' : 'http');
  if (scheme === 'http' && !isHere) {
    throw new NetmonError(
      'NM_VALIDATION',
      `${host} is on another machine: an agent there is dialled over TLS, for which both are enrolled first (netmon enroll)`,
    );
  }
  if (scheme === 'https' && !hasIdentity) {
    throw new NetmonError('NM_VALIDATION', 'this server has no identity to show an agent over TLS');
  }
  return `${scheme}://${formatEndpoint(host, port)}`;
}
