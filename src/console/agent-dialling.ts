import type { ConnectionOptions } from 'node:tls';
import { NetmonError } from '../base/errors.ts';
import { consolePath } from '../wire/orders.ts';
import type { AgentPlace } from './agent-address.ts';
import type { Dial } from './kept-socket.ts';

/** What OpenSSL says where the other end speaks no TLS. */
const plainCodes = new Set(['EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG']);
/** What it says of a certificate that is not of this console's authority. */
const foreignCodes = new Set([
  'CERT_SIGNATURE_FAILURE',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** What a console may show an agent. */
export interface AgentAccess {
  /** For an agent on this machine that takes plain connections; one behind TLS is told no token. */
  readonly headers: Readonly<Record<string, string>>;
  /** This console's certificate and trust; null where it was never enrolled. Throws NM_EXPIRED past its end. */
  readonly tls: () => ConnectionOptions | null;
}

/**
 * How an agent is dialled: by TLS with this console's certificate, and on this machine plainly where the console has none
 * or where no TLS is spoken. Once TLS has led to an agent, nothing else is tried.
 */
export class AgentDialling {
  readonly #place: AgentPlace;
  readonly #tls: () => ConnectionOptions | null;
  readonly #headers: Readonly<Record<string, string>>;
  #isPlain = false;
  #isProven = false;
  #ended: NetmonError | null = null;
  #last: 'plain' | 'tls' = 'plain';

  constructor(place: AgentPlace, { tls, headers }: AgentAccess) {
    this.#place = place;
    this.#tls = tls;
    this.#headers = headers;
  }

  /** The next attempt. Throws NM_FORBIDDEN for another machine while this console is not enrolled, NM_EXPIRED. */
  next(): Dial {
    const { address, isHere } = this.#place;
    const tls = this.#isPlain ? null : this.#identify();
    if (!tls && !isHere) {
      throw new NetmonError(
        'NM_FORBIDDEN',
        `${address} is another machine, whose agent takes orders over TLS alone: enroll this console first (netmon enroll)`,
      );
    }
    this.#last = tls ? 'tls' : 'plain';
    if (!tls) return { url: `ws://${address}${consolePath}`, headers: this.#headers };
    // The certificates say enough, and the token opens the server, of which an agent elsewhere has no use.
    return { url: `wss://${address}${consolePath}`, tls, headers: {} };
  }

  succeeded(): void {
    if (this.#last === 'tls') this.#isProven = true;
  }

  /** Why an attempt failed; null when another way is to be tried at once. */
  explain(error: Error): NetmonError | null {
    const { address, isHere } = this.#place;
    const { code = '' } = error as NodeJS.ErrnoException;
    const hungUp = code === 'ECONNRESET' || code === 'EPIPE';
    if (this.#last === 'plain') {
      this.#isPlain = false;
      if (!hungUp) return unreachable(address, error);
      if (this.#ended) return this.#ended;
      const message = `${address} hung up: an agent that is enrolled takes consoles that are enrolled with its server (netmon enroll)`;
      return new NetmonError('NM_UNAVAILABLE', message);
    }
    if (isHere && !this.#isProven && plainCodes.has(code)) {
      this.#isPlain = true;
      return null;
    }
    if (hungUp) {
      const message = `${address} hung up: it takes consoles of its own server, with a certificate that has not ended`;
      return new NetmonError('NM_UNAVAILABLE', message);
    }
    if (!foreignCodes.has(code)) return unreachable(address, error);
    return new NetmonError(
      'NM_FORBIDDEN',
      `the agent at ${address} is of another server than the one this console is enrolled with`,
    );
  }

  /** An agent on this machine may want no certificate, so that one that has ended is told of when it does. */
  #identify(): ConnectionOptions | null {
    this.#ended = null;
    try {
      return this.#tls();
    } catch (error) {
      const isEnded = error instanceof NetmonError && error.code === 'NM_EXPIRED';
      if (!isEnded || !this.#place.isHere || this.#isProven) throw error;
      this.#ended = error;
      return null;
    }
  }
}

function unreachable(address: string, cause: Error): NetmonError {
  return new NetmonError('NM_UNAVAILABLE', `unable to reach ${address}`, { cause });
}
