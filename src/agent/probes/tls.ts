/** TLS over a connected socket, for every probe that speaks it: what the server showed, and why it is not to be trusted. */
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import {
  connect,
  createSecureContext,
  type DetailedPeerCertificate,
  getCACertificates,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import { readOcspStatus } from '../../decode/apps/tls/ocsp.ts';
import type { Detail, Reason } from '../../wire/probe.ts';
import { KnownCertificates } from './known-certificates.ts';
import type { Facts, ProbeContext } from './probe.ts';
import { makeReason, roundMs } from './run.ts';
import { describeTlsError } from './tls-errors.ts';

/** Certificates of a chain that are counted. */
const maxChain = 20;

/** Without the hybrid of X25519 with ML-KEM, whose keys are an eighth of what a probe of HTTPS costs. */
const keyExchanges = 'X25519:P-256:P-384:P-521';

/** Whom a probe believes. */
export interface Trust {
  /** Made when it is first needed (25 ms, 5 MB) and then the same. */
  context(): SecureContext;
  readonly known: KnownCertificates;
}

/** Authorities in PEM; by default those of the machine, or where it has none those that come with Node. */
export function makeTrust(authorities?: readonly string[]): Trust {
  let made: SecureContext | undefined;
  return {
    known: new KnownCertificates(),
    context() {
      made ??= createSecureContext({
        ca: [...(authorities ?? listAuthorities())],
        ecdhCurve: keyExchanges,
      });
      return made;
    },
  };
}

function listAuthorities(): readonly string[] {
  const system = getCACertificates('system');
  return [
    ...new Set([
      ...(system.length > 0 ? system : getCACertificates('bundled')),
      ...getCACertificates('extra'),
    ]),
  ];
}

export interface TlsOptions extends Pick<ProbeContext, 'signal' | 'timeoutMs'> {
  /** Whom the certificate must be for: a name, or an address. */
  readonly name: string;
  readonly alpn?: readonly string[];
  /** Whether a certificate that does not verify is a failure. */
  readonly verify: boolean;
  readonly trust: Trust;
}

export interface TlsResult {
  /** Null where the handshake failed or the certificate is not to be trusted; otherwise the caller's to destroy. */
  readonly socket: TLSSocket | null;
  readonly failure: Reason | null;
  readonly tlsMs: number;
  /** What is known of certificate, version and ALPN, of a failed one too. */
  readonly detail: Pick<Detail, 'certificate' | 'tls_version' | 'alpn'>;
  readonly facts: Facts;
}

/** A handshake. Takes the socket over, and destroys it when it fails. Never rejects. */
export async function startTls(socket: Socket, options: TlsOptions): Promise<TlsResult> {
  const secureContext = options.trust.context();
  const name = options.name.replace(/\.$/, '');
  const began = performance.now();
  const tls = connect({
    socket,
    host: name,
    servername: isIP(name) ? '' : name,
    ALPNProtocols: options.alpn ? [...options.alpn] : undefined,
    secureContext,
    rejectUnauthorized: false,
    requestOCSP: true,
    checkServerIdentity: () => undefined,
  });
  // Node makes an object of the whole chain for that check, at a quarter of what the probe costs; ours comes afterwards.
  tls.getPeerCertificate = (): DetailedPeerCertificate => ({}) as DetailedPeerCertificate;
  let stapled: Buffer | null = null;
  tls.once('OCSPResponse', (response: Buffer | null) => {
    stapled = response;
  });
  const problem = await shakeHands(tls, options);
  const tlsMs = roundMs(performance.now() - began);
  if (problem) {
    tls.destroy();
    return { socket: null, failure: problem, tlsMs, detail: {}, facts: {} };
  }
  // Node gives it out once.
  const sent = tls.getPeerX509Certificate();
  const { known } = options.trust;
  const code = readProblem(tls, sent, stapled) ?? (sent ? known.explainName(sent, name) : null);
  const { detail, facts } = readSession(tls, sent, known, code);
  if (code === null || !options.verify) return { socket: tls, failure: null, tlsMs, detail, facts };
  tls.destroy();
  const message = `${options.name}: ${describeTlsError(code, detail.certificate)}`;
  return { socket: null, failure: makeReason(code, message, 'tls'), tlsMs, detail, facts };
}

/** Null when it came to its end. */
async function shakeHands(tls: TLSSocket, { signal, timeoutMs, name }: TlsOptions): Promise<Reason | null> {
  const { promise, resolve } = Promise.withResolvers<Reason | null>();
  const giveUp = (): void =>
    resolve(makeReason('TIMEOUT', `${name}: no TLS handshake within ${timeoutMs} ms`, 'tls'));
  const fail = (error: NodeJS.ErrnoException): void => {
    const code = error.code ?? 'EPROTO';
    resolve(makeReason(code, `${name}: ${describeTlsError(code)}`, 'tls'));
  };
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  // A second error of the same socket would end the process if nobody listened.
  tls.on('error', fail);
  tls.once('secureConnect', () => resolve(null));
  tls.once('close', () => fail({ name: '', message: '', code: 'ECONNRESET' }));
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', giveUp);
    tls.removeAllListeners('close');
  }
}

/** Why the certificate is not to be trusted; Node has the code of OpenSSL, or its own, where its types say an error. */
function readProblem(
  tls: TLSSocket,
  sent: X509Certificate | undefined,
  stapled: Buffer | null,
): string | null {
  const error: unknown = tls.authorizationError;
  if (!error) {
    const status = sent && stapled && readOcspStatus(stapled, sent.serialNumber);
    return status === 'revoked' ? 'CERT_REVOKED' : null;
  }
  if (typeof error === 'string') return error;
  return (error as NodeJS.ErrnoException).code ?? 'CERT_UNTRUSTED';
}

function readSession(
  tls: TLSSocket,
  sent: X509Certificate | undefined,
  known: KnownCertificates,
  problem: string | null,
): Pick<TlsResult, 'detail' | 'facts'> {
  const version = tls.getProtocol();
  const session = {
    ...(version !== null && { tls_version: version }),
    ...(typeof tls.alpnProtocol === 'string' && { alpn: tls.alpnProtocol.slice(0, 16) }),
  };
  const facts: Facts = version === null ? {} : { TLS_VERSION: version };
  const read = sent && known.read(sent);
  if (!sent || !read) return { detail: session, facts };
  const certificate = { ...read, chain: countChain(sent), problem };
  return {
    detail: { ...session, certificate },
    facts: {
      ...facts,
      CERTIFICATE_EXPIRATION: Date.parse(certificate.not_after) - Date.now(),
      CERTIFICATE_NAMES: certificate.names,
      CERTIFICATE_SUBJECT: certificate.subject,
      CERTIFICATE_ISSUER: certificate.issuer,
    },
  };
}

/** A root is its own issuer. */
function countChain(certificate: X509Certificate): number {
  let count = 1;
  for (
    let issuer = certificate.issuerCertificate;
    issuer && count < maxChain;
    issuer = issuer.issuerCertificate
  )
    count++;
  return count;
}
