/**
 * TLS between machines of one authority, for each end of each connection. All of it is TLS 1.3, with certificates on both
 * sides and without resumption: each connection shows its certificate anew.
 *
 * | who | dials or waits | knows the other by |
 * |---|---|---|
 * | agent | dials its server | role `server`, and the host name that was dialled |
 * | server, console | dial an agent that waits | role `agent`, and its name where that is known |
 * | agent | waits | role `server` or `console` |
 */
import { constants, X509Certificate } from 'node:crypto';
import {
  type ConnectionOptions,
  checkServerIdentity,
  type PeerCertificate,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls';
import { type Identity, readSubject, type Subject } from './identity.ts';

/** What a listener needs, for `tls.createServer` and `setSecureContext`. */
export interface ListenContext extends SecureContextOptions {
  readonly minVersion: 'TLSv1.3';
}

/** Certificate, key and trust of an end that waits for connections. It gives out no tickets. */
export function listenContext({ key, certificate, authority }: Identity): ListenContext {
  return {
    key,
    // With the authority, so that who enrolls sees it.
    cert: certificate + authority,
    ca: authority,
    minVersion: 'TLSv1.3',
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

/** Options of a connection that an agent makes to its server. */
export function dialServerTls(identity: Identity): ConnectionOptions {
  return { key: identity.key, cert: identity.certificate, ...trust(identity.authority, refuseOthers) };
}

/** Options of a connection to the server of an authority, PEM, by a machine that has no identity yet. */
export function trustServer(authority: string): ConnectionOptions {
  return trust(authority, refuseOthers);
}

/** Options of a connection that a server or a console makes to an agent that waits; `name` is that of the agent. */
export function dialAgentTls(identity: Identity, name?: string): ConnectionOptions {
  const { key, certificate, authority } = identity;
  const check: PeerCheck = (_host, _peer, subject) => {
    if (subject.role !== 'agent') return new Error(`${describe(subject)} is no agent`);
    if (name === undefined || subject.name === name) return undefined;
    return new Error(`the agent there is ${subject.name}, not ${name}`);
  };
  return { key, cert: certificate, ...trust(authority, check) };
}

/** Whom the other end's certificate names, at a connection on which it was verified; null without one. */
export function readPeer(socket: TLSSocket): Subject | null {
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
  return certificate ? readSubject(certificate) : null;
}

type PeerCheck = (host: string, peer: PeerCertificate, subject: Subject) => Error | undefined;

const refuseOthers: PeerCheck = (host, peer, subject) =>
  subject.role === 'server'
    ? checkServerIdentity(host, peer)
    : new Error(`${describe(subject)} is no server`);

function trust(authority: string, check: PeerCheck): ConnectionOptions {
  return {
    ca: authority,
    minVersion: 'TLSv1.3',
    rejectUnauthorized: true,
    checkServerIdentity: (host, peer) => {
      const subject = readSubject(new X509Certificate(peer.raw));
      return subject ? check(host, peer, subject) : new Error('the certificate there is none of netmon');
    },
  };
}

function describe({ role, name }: Subject): string {
  return role === 'server' ? 'the server' : `${role} ${name}`;
}
