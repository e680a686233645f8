import type { TLSSocket } from 'node:tls';
import { type ListenContext, listenContext, readPeer } from '../../platform/certificates/tls.ts';
import type { IdentityKeeper } from '../identity/keeper.ts';

/** Who is at the other end of a connection to an agent that listens. */
export interface Peer {
  readonly role: 'server' | 'console' | 'local';
  /** The name in its certificate; of `local`, its address. */
  readonly name: string;
}

/** Identity of an agent that listens, and whom it lets in. */
export interface ListenTls {
  /** Its own certificate and key, and the authority that certificates of others must be of. */
  context(): ListenContext;
  /** Calls the listener when `context` gives another one. */
  onChange(listener: () => void): void;
  /** Who a verified certificate names; null for one whose holder has no business here. */
  identify(socket: TLSSocket): Peer | null;
}

/** The TLS of an enrolled agent: for its server, and for consoles of the same authority. */
export function makeListenTls(identity: IdentityKeeper): ListenTls {
  return {
    context: () => listenContext(identity.current),
    onChange: (listener) => identity.onChange(listener),
    identify: (socket) => {
      const peer = readPeer(socket);
      return peer && peer.role !== 'agent' ? { role: peer.role, name: peer.name } : null;
    },
  };
}
