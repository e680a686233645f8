/**
 * Who may come in as whom. A certificate is good while it is known here, not revoked and not past its end: one that this
 * server's database knows nothing of is refused, whoever signed it. Certificates are issued and revoked one after the
 * other, so that none is issued to a name while it is revoked.
 */
import { NetmonError } from '../../base/errors.ts';
import { parseEndpoint } from '../../base/ip.ts';
import type { Authority } from '../../platform/certificates/authority.ts';
import {
  formatToken,
  hashSecret,
  makeSecret,
  secretOf,
} from '../../platform/certificates/enrollment-token.ts';
import type { EnrolledRole, Subject } from '../../platform/certificates/identity.ts';
import { readRequest } from '../../platform/certificates/request.ts';
import type { Reporter } from '../../platform/reporter.ts';
import type { IdentityStore, StoredCertificate, StoredEnrollment } from '../../store/identities.ts';
import { maxRevokedSerials } from '../../wire/link.ts';
import type { IssuedCertificate } from '../../wire/monitor-api.ts';
import type { LinkOrigin } from '../agents/registry.ts';
import { Attempts } from './attempts.ts';
import { callerNetwork } from './caller-network.ts';

/** Certificates that are known at once, of all names. */
const maxCertificates = 200_000;
/** Those of one agent, which may have its own renewed at each link: it takes no room from others. */
const maxOfAgent = 16;
/** Most certificates that a console has while one of them is good. */
const renewalsPerLife = 10;

export interface IdentityParts {
  readonly store: IdentityStore;
  /** Null where this server has none; it then takes in no agents by certificates. */
  readonly authority: Authority | null;
  readonly reporter: Reporter;
  /** `host:port` of the listener for agents, as others reach it; empty where there is none. */
  readonly addresses: () => readonly string[];
  /** Told of each name whose certificates were revoked, so that its links end. */
  readonly onRevoked: (role: EnrolledRole, name: string, reason: string) => void;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

interface Spending {
  readonly token: string;
  readonly csr: string;
  readonly now: string;
  readonly caller: string;
}

export class Identities {
  readonly #parts: IdentityParts;
  readonly #now: () => number;
  readonly #attempts: Attempts;
  readonly #bySerial = new Map<string, StoredCertificate>();
  /** The last one of each role and name. */
  readonly #byName = new Map<string, StoredCertificate>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: IdentityParts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
    this.#attempts = new Attempts(this.#now);
  }

  /** Reads what is known; before that nobody is. */
  async start(): Promise<void> {
    for (const each of await this.#parts.store.readCertificates()) this.#keep(each);
  }

  /**
   * Whether who is linked may call itself that. Throws NM_FORBIDDEN or NM_EXPIRED. A name that has a certificate is only
   * for whoever shows it, and for those that share this machine by its socket or because this server dialled them.
   */
  admit(agent: string, { identity, dialledBy, address, tls }: LinkOrigin): void {
    if (identity) this.check({ role: 'agent', name: identity.agent, serial: identity.serial });
    else if (tls) throw new NetmonError('NM_UNAUTHORIZED', 'the agent has shown no certificate');
    else if (dialledBy === 'agent' && address !== null && this.certificate(agent)) {
      throw new NetmonError(
        'NM_FORBIDDEN',
        `${agent} is enrolled: it comes in by the port for agents, with its certificate`,
      );
    }
  }

  /** Throws NM_FORBIDDEN or NM_EXPIRED for a verified certificate that is not good any more, or not for this. */
  check(
    { role, name, serial }: Pick<Subject, 'role' | 'name' | 'serial'>,
    wanted: EnrolledRole = 'agent',
  ): void {
    const known = this.#bySerial.get(serial);
    if (role !== wanted) {
      throw new NetmonError(
        'NM_FORBIDDEN',
        `the certificate is that of a ${role}, and this is for ${wanted}s`,
      );
    }
    if (!known || known.name !== name || known.role !== role) {
      throw new NetmonError('NM_FORBIDDEN', 'this server knows nothing of the certificate: enroll again');
    }
    if (known.revokedAt !== null) {
      throw new NetmonError('NM_FORBIDDEN', `the certificate of ${name} was revoked at ${known.revokedAt}`);
    }
    if (Date.parse(known.until) <= this.#now()) {
      throw new NetmonError('NM_EXPIRED', `the certificate of ${name} ended at ${known.until}: enroll again`);
    }
  }

  /** The last certificate of an agent; null where it never had one. */
  certificate(agent: string): { readonly until: string; readonly revokedAt: string | null } | null {
    return this.#byName.get(nameKey('agent', agent)) ?? null;
  }

  /** Serial numbers of the consoles' certificates that were revoked and would be good otherwise, the newest. */
  revokedConsoles(): string[] {
    const now = this.#now();
    const revoked = [...this.#bySerial.values()].filter(
      ({ role, revokedAt, until }) => role === 'console' && revokedAt !== null && Date.parse(until) > now,
    );
    return revoked.slice(-maxRevokedSerials).map(({ serial }) => serial);
  }

  /** A new token for a name. Throws NM_NOT_SUPPORTED where agents have no listener to come to. */
  async give(
    name: string,
    role: EnrolledRole,
    lifetimeMs: number,
  ): Promise<StoredEnrollment & { readonly token: string }> {
    const { authority, store, reporter } = this.#parts;
    const addresses = this.#parts.addresses();
    if (!authority || addresses.length === 0) {
      throw new NetmonError(
        'NM_NOT_SUPPORTED',
        'this server has no listener for agents: start it with --agent-port PORT',
      );
    }
    const secret = makeSecret();
    const now = this.#now();
    const [createdAt, expiresAt] = [timestamp(now), timestamp(now + lifetimeMs)];
    const enrollment = { name, role, createdAt, expiresAt, usedAt: null };
    await store.addEnrollment(hashSecret(secret), enrollment);
    reporter.info('audit: gave out a token for enrolment', { agent: name, role, until: expiresAt });
    return { ...enrollment, token: formatToken({ addresses, fingerprint: authority.fingerprint, secret }) };
  }

  list(): Promise<readonly StoredEnrollment[]> {
    return this.#parts.store.readEnrollments();
  }

  /**
   * Takes a token and a request, and gives the certificate. Throws NM_RATE, NM_VALIDATION for the request, which leaves
   * the token as it was, NM_UNAUTHORIZED for a token that there never was, NM_REPLAYED or NM_EXPIRED.
   */
  async redeem(token: string, csr: string, from: string): Promise<IssuedCertificate> {
    try {
      return await this.#inTurn(() => this.#redeem(token, csr, from));
    } catch (error) {
      this.#parts.reporter.warn('audit: refused an enrolment', { from, error });
      this.#count('refused');
      throw error;
    }
  }

  /** A certificate for another key of the same agent. Throws NM_FORBIDDEN, NM_EXPIRED or NM_VALIDATION. */
  async renew(
    { agent, serial }: NonNullable<LinkOrigin['identity']>,
    csr: string,
  ): Promise<IssuedCertificate> {
    return this.#inTurn(async () => {
      this.check({ role: 'agent', name: agent, serial });
      const issued = await this.#issue(csr, 'agent', agent, 'renewal');
      await this.#forgetOld(agent, serial);
      return issued;
    });
  }

  /**
   * A certificate for another key of the same console, which has no link. Throws NM_FORBIDDEN, NM_EXPIRED, NM_VALIDATION,
   * or NM_RATE soon after the last one of that name.
   */
  async renewConsole(
    subject: Pick<Subject, 'role' | 'name' | 'serial'>,
    csr: string,
  ): Promise<IssuedCertificate> {
    return this.#inTurn(async () => {
      this.check(subject, 'console');
      const { issuedAt, until } = this.#byName.get(nameKey('console', subject.name))!;
      const restMs = (Date.parse(until) - Date.parse(issuedAt)) / renewalsPerLife;
      if (this.#now() < Date.parse(issuedAt) + restMs) {
        throw new NetmonError('NM_RATE', `${subject.name} was given a certificate at ${issuedAt}`);
      }
      return this.#issue(csr, 'console', subject.name, 'renewal');
    });
  }

  /** Revokes every certificate and every token of a name; when that was. Throws NM_NOT_FOUND where it has none. */
  async revoke(role: EnrolledRole, name: string): Promise<string> {
    return this.#inTurn(async () => {
      const known = this.#byName.has(nameKey(role, name));
      if (!known && !(await this.list()).some((each) => each.role === role && each.name === name)) {
        throw new NetmonError('NM_NOT_FOUND', `no ${role} named ${name} was ever enrolled, or is to be`);
      }
      const at = timestamp(this.#now());
      await this.#parts.store.revokeCertificates(role, name, at);
      for (const each of this.#bySerial.values()) {
        if (each.role === role && each.name === name && each.revokedAt === null)
          this.#keep({ ...each, revokedAt: at });
      }
      this.#parts.reporter.warn('audit: revoked the certificates of a name', { agent: name, role });
      this.#count('revoked');
      this.#parts.onRevoked(role, name, `the certificate of ${name} was revoked at ${at}`);
      return this.#byName.get(nameKey(role, name))?.revokedAt ?? at;
    });
  }

  async #redeem(token: string, csr: string, from: string): Promise<IssuedCertificate> {
    const now = timestamp(this.#now());
    const caller = callerNetwork(parseEndpoint(from)?.ip ?? from);
    this.#attempts.check(caller);
    const enrollment = await this.#spend({ token, csr, now, caller });
    const { name, role } = enrollment;
    const answer = await this.#issue(csr, role, name, 'enrolment');
    this.#parts.reporter.info('audit: enrolled', { agent: name, role, from });
    return answer;
  }

  /** A wrong request leaves the token unused; it counts as an attempt all the same. */
  async #spend({ token, csr, now, caller }: Spending): Promise<StoredEnrollment> {
    try {
      await readRequest(csr);
      const found = await this.#parts.store.takeEnrollment(hashSecret(secretOf(token)), now);
      if (!found) throw new NetmonError('NM_UNAUTHORIZED', 'this server gave out no such token');
      if (found.usedAt !== null) {
        throw new NetmonError('NM_REPLAYED', `the token was used at ${found.usedAt}; it is good once`);
      }
      if (found.expiresAt <= now) {
        throw new NetmonError('NM_EXPIRED', `the token ended at ${found.expiresAt}`);
      }
      return found;
    } catch (error) {
      this.#attempts.fail(caller);
      throw error;
    }
  }

  async #issue(csr: string, role: EnrolledRole, name: string, reason: string): Promise<IssuedCertificate> {
    const { authority, store, reporter } = this.#parts;
    if (!authority) throw new NetmonError('NM_NOT_SUPPORTED', 'this server has no authority');
    if (this.#bySerial.size >= maxCertificates) this.#forgetEnded();
    if (this.#bySerial.size >= maxCertificates) {
      throw new NetmonError('NM_RATE', `${maxCertificates} certificates are in use`);
    }
    const { subject, answer } = await authority.issue(csr, role, name);
    const { serial } = subject;
    const issuedAt = timestamp(this.#now());
    const certificate = { serial, name, role, issuedAt, until: timestamp(subject.until), revokedAt: null };
    await store.addCertificate(certificate);
    this.#keep(certificate);
    reporter.info('audit: issued a certificate', {
      agent: name,
      role,
      serial,
      until: certificate.until,
      reason,
    });
    this.#count('issued');
    return answer;
  }

  #keep(certificate: StoredCertificate): void {
    this.#bySerial.set(certificate.serial, certificate);
    const key = nameKey(certificate.role, certificate.name);
    const last = this.#byName.get(key);
    if (!last || last.serial === certificate.serial || last.issuedAt <= certificate.issuedAt) {
      this.#byName.set(key, certificate);
    }
  }

  /** Of an agent's certificates the oldest, but not the one that it shows, for which another may not have reached it. */
  async #forgetOld(agent: string, shown: string): Promise<void> {
    const all = [...this.#bySerial.values()].filter(({ role, name }) => role === 'agent' && name === agent);
    const old = all.slice(0, -maxOfAgent).map(({ serial }) => serial);
    const forgotten = old.filter((serial) => serial !== shown);
    if (forgotten.length === 0) return;
    await this.#parts.store.forgetCertificates(forgotten);
    for (const serial of forgotten) this.#bySerial.delete(serial);
  }

  #forgetEnded(): void {
    for (const [serial, { until }] of this.#bySerial) {
      if (Date.parse(until) <= this.#now()) this.#bySerial.delete(serial);
    }
  }

  #count(outcome: 'issued' | 'refused' | 'revoked'): void {
    this.#parts.reporter.metrics
      .counter('netmon_certificates_total', 'Certificates asked for or taken back, by what became of them.', [
        'outcome',
      ])
      .add(1, outcome);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

function nameKey(role: EnrolledRole, name: string): string {
  return `${role} ${name}`;
}

function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
