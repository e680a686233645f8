import type { TLSSocket } from 'node:tls';
import { type ListenContext, listenContext, readPeer } from '../../platform/certificates/tls.ts';
import type { IdentityKeeper } from '../identity/keeper.ts';

/** Who is at the other end of a connection to an agent that listens. */
export interface Peer {
  readonly role: 'server' | 'console' | 'local';
  /** The name in its certificate; of `local`, its address. */
  readonly name: string;
  /** Of its certificate. */
  readonly serial?: string;
  /** When its certificate ends, Unix milliseconds. */
  readonly until?: number;
}

/** Identity of an agent that listens, and whom it lets in. */
export interface ListenTls {
  /** Its own certificate and key, and the authority that certificates of others must be of. */
  context(): ListenContext;
  /** Calls the listener when `context` or `isShutOut` may give other answers. */
  onChange(listener: () => void): void;
  /** Whether the certificate of that number was revoked. */
  isShutOut(serial: string): boolean;
  /** Who a verified certificate names; null for one whose holder has no business here. */
  identify(socket: TLSSocket): Peer | null;
}

/** The TLS of an enrolled agent: for its server, and for consoles of the same authority. */
export function makeListenTls(identity: IdentityKeeper): ListenTls {
  return {
    context: () => listenContext(identity.current),
    onChange: (listener) => identity.onChange(listener),
    isShutOut: (serial) => identity.isShutOut(serial),
    identify: (socket) => {
      const peer = readPeer(socket);
      if (!peer || peer.role === 'agent' || identity.isShutOut(peer.serial)) return null;
      return { role: peer.role, name: peer.name, serial: peer.serial, until: peer.until };
    },
  };
}
