import type { SecureContextOptions, TLSSocket } from 'node:tls';

/** Who is at the other end of a connection to an agent that listens. */
export interface Peer {
  readonly role: 'server' | 'console' | 'local';
  /** The name in its certificate; of `local`, its address. */
  readonly name: string;
}

/** Identity of an agent that listens, and whom it lets in. */
export interface ListenTls {
  /** Its own certificate and key, and the authority that certificates of others must be of. */
  secureContext(): SecureContextOptions;
  /** Who a verified certificate names; null for one whose holder has no business here. */
  identify(socket: TLSSocket): Peer | null;
}
