import { NetmonError } from '../base/errors.ts';
import { formatEndpoint, isLoopback } from '../base/ip.ts';

/** Where `netmon agent --listen` waits unless told otherwise. */
const usualPort = 65_240;

/** Where an agent waits for consoles. */
export interface AgentPlace {
  /** `host:port`, as people write it. */
  readonly address: string;
  /** On this machine, where an agent that is not enrolled takes plain connections. */
  readonly isHere: boolean;
}

/** The place of an agent given as `host:port` or `host` alone. Throws NM_BAD_FLAG. */
export function parseAgentAddress(text: string): AgentPlace {
  const match = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9_][\w.-]{0,252}))(?::(\d{1,5}))?$/.exec(text);
  const port = Number(match?.[3] ?? usualPort);
  if (!match || port < 1 || port > 65_535) {
    throw new NetmonError(
      'NM_BAD_FLAG',
      `${JSON.stringify(text.slice(0, 300))}: expected host:port of an agent`,
    );
  }
  const host = (match[1] ?? match[2]).toLowerCase();
  return { address: formatEndpoint(host, port), isHere: host === 'localhost' || isLoopback(host) };
}
