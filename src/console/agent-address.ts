import { NetmonError } from '../base/errors.ts';
import { formatEndpoint, isLoopback } from '../base/ip.ts';

/** Where `netmon agent --listen` waits unless told otherwise. */
const usualPort = 65_240;

/** Where an agent waits for consoles. */
export interface AgentPlace {
  /** `host:port`, as people write it. */
  readonly address: string;
  /** `ws:` or `wss:`, without a path. */
  readonly url: string;
  readonly secure: boolean;
}

/**
 * The place of an agent given as `host:port` or `host` alone. On this machine it is a plain connection; elsewhere it is
 * TLS, for which the console needs an identity. Throws NM_BAD_FLAG.
 */
export function parseAgentAddress(text: string, hasIdentity: boolean): AgentPlace {
  const match = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9_][\w.-]{0,252}))(?::(\d{1,5}))?$/.exec(text);
  const port = Number(match?.[3] ?? usualPort);
  if (!match || port < 1 || port > 65_535) {
    throw new NetmonError(
      'NM_BAD_FLAG',
      `${JSON.stringify(text.slice(0, 300))}: expected host:port of an agent`,
    );
  }
  const host = (match[1] ?? match[2]).toLowerCase();
  const isHere = host === 'localhost' || isLoopback(host);
  if (!isHere && !hasIdentity) {
    throw new NetmonError(
      'NM_BAD_FLAG',
      `${host} is another machine: an agent there takes orders over TLS alone, for which this console is enrolled first`,
    );
  }
  const address = formatEndpoint(host, port);
  return { address, url: `${isHere ? 'ws' : 'wss'}://${address}`, secure: !isHere };
}
