import type { X509Certificate } from 'node:crypto';
import { checkServerIdentity } from 'node:tls';
import { AgingMap } from '../../base/aging-map.ts';
import { decodeCertificate } from '../../decode/apps/tls/certificate.ts';
import type { Detail } from '../../wire/probe.ts';

/** Certificates, and names that one was held against, that are remembered. */
const most = 512;

/** What of a certificate stays the same, whoever sends it. */
export type KnownCertificate = Omit<NonNullable<Detail['certificate']>, 'chain' | 'problem'>;

/**
 * What was read of certificates, by their fingerprints: most probes see the one of the round before, and to read it and hold it
 * against the name again would be a third of what a probe of HTTPS costs.
 */
export class KnownCertificates {
  readonly #certificates = new AgingMap<string, KnownCertificate | null>();
  readonly #verdicts = new AgingMap<string, string | null>();

  /** Null for one that cannot be read. Not to be changed by who gets it. */
  read(sent: X509Certificate): KnownCertificate | null {
    const fingerprint = sent.fingerprint256;
    const known = this.#certificates.get(fingerprint);
    if (known !== undefined) return known;
    return remember(this.#certificates, fingerprint, readCertificate(sent, fingerprint));
  }

  /** Why a certificate is not for that name or address, as a code; null when it is. */
  explainName(sent: X509Certificate, name: string): string | null {
    const key = `${sent.fingerprint256} ${name}`;
    const known = this.#verdicts.get(key);
    if (known !== undefined) return known;
    const error: NodeJS.ErrnoException | undefined = checkServerIdentity(name, sent.toLegacyObject());
    return remember(this.#verdicts, key, error ? (error.code ?? 'HOSTNAME_MISMATCH') : null);
  }
}

function remember<T>(all: AgingMap<string, T>, key: string, value: T): T {
  all.set(key, value);
  if (all.size > most) all.removeOldest();
  return value;
}

function readCertificate(sent: X509Certificate, fingerprint: string): KnownCertificate | null {
  const summary = decodeCertificate(sent.raw, 0, sent.raw.length);
  return (
    summary && {
      ...summary,
      subject: summary.subject.slice(0, 1024),
      issuer: summary.issuer.slice(0, 1024),
      names: [...summary.names],
      fingerprint: fingerprint.replaceAll(':', '').toLowerCase(),
    }
  );
}
