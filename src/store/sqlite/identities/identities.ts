import {
  certificateMemoryMs,
  maxEnrollments,
  type StoredCertificate,
  type StoredEnrollment,
  type StoredRole,
} from '../../identities.ts';
import type { Session } from '../session.ts';

/** See `IdentityStore.addEnrollment`. */
export function addEnrollment(session: Session, hash: string, enrollment: StoredEnrollment): void {
  const { name, role, createdAt, expiresAt, usedAt } = enrollment;
  session.transaction(() => {
    session.run(
      'INSERT INTO enrollments (hash, name, role, created_at, expires_at, used_at) VALUES (?, ?, ?, ?, ?, ?)',
      hash,
      name,
      role,
      createdAt,
      expiresAt,
      usedAt,
    );
    session.run(
      'DELETE FROM enrollments WHERE id <= (SELECT id FROM enrollments ORDER BY id DESC LIMIT 1 OFFSET ?)',
      maxEnrollments,
    );
  });
}

/** See `IdentityStore.readEnrollments`. */
export function readEnrollments(session: Session): StoredEnrollment[] {
  return session.all(`SELECT ${enrollmentColumns} FROM enrollments ORDER BY id DESC`).map(toEnrollment);
}

/** See `IdentityStore.takeEnrollment`. */
export function takeEnrollment(session: Session, hash: string, at: string): StoredEnrollment | null {
  return session.transaction(() => {
    const row = session.get(`SELECT ${enrollmentColumns} FROM enrollments WHERE hash = ?`, hash);
    session.run(
      'UPDATE enrollments SET used_at = ? WHERE hash = ? AND used_at IS NULL AND expires_at > ?',
      at,
      hash,
      at,
    );
    return row === undefined ? null : toEnrollment(row);
  });
}

/** See `IdentityStore.addCertificate`. */
export function addCertificate(session: Session, certificate: StoredCertificate): void {
  const { serial, name, role, issuedAt, until, revokedAt } = certificate;
  session.transaction(() => {
    session.run(
      'INSERT INTO certificates (serial, name, role, issued_at, until, revoked_at) VALUES (?, ?, ?, ?, ?, ?)',
      serial,
      name,
      role,
      issuedAt,
      until,
      revokedAt,
    );
    session.run(
      'DELETE FROM certificates WHERE until < ?',
      new Date(Date.parse(issuedAt) - certificateMemoryMs).toISOString(),
    );
  });
}

/** See `IdentityStore.readCertificates`. */
export function readCertificates(session: Session): StoredCertificate[] {
  const rows = session.all(
    'SELECT serial, name, role, issued_at, until, revoked_at FROM certificates ORDER BY id',
  );
  return rows.map(([serial, name, role, issuedAt, until, revokedAt]) => ({
    serial: String(serial),
    name: String(name),
    role: toRole(role),
    issuedAt: String(issuedAt),
    until: String(until),
    revokedAt: revokedAt === null ? null : String(revokedAt),
  }));
}

/** See `IdentityStore.forgetCertificates`. */
export function forgetCertificates(session: Session, serials: readonly string[]): void {
  session.transaction(() => {
    for (const serial of serials) session.run('DELETE FROM certificates WHERE serial = ?', serial);
  });
}

/** See `IdentityStore.revokeCertificates`. */
export function revokeCertificates(session: Session, role: StoredRole, name: string, at: string): void {
  session.transaction(() => {
    session.run(
      'UPDATE certificates SET revoked_at = ? WHERE role = ? AND name = ? AND revoked_at IS NULL',
      at,
      role,
      name,
    );
    session.run(
      'UPDATE enrollments SET expires_at = ? WHERE role = ? AND name = ? AND used_at IS NULL AND expires_at > ?',
      at,
      role,
      name,
      at,
    );
  });
}

const enrollmentColumns = 'name, role, created_at, expires_at, used_at';

function toEnrollment([name, role, createdAt, expiresAt, usedAt]: unknown[]): StoredEnrollment {
  return {
    name: String(name),
    role: toRole(role),
    createdAt: String(createdAt),
    expiresAt: String(expiresAt),
    usedAt: usedAt === null ? null : String(usedAt),
  };
}

function toRole(value: unknown): StoredRole {
  return value === 'console' ? 'console' : 'agent';
}
