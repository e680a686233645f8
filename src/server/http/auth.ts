import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { NetmonError } from '../../base/errors.ts';

/** Shortest token that is worth its name: 16 characters of a random text. */
const minTokenLength = 16;
const sessionMs = 12 * 3_600_000;
const maxSessions = 1000;
/** Wrong tokens that the login takes in `loginWindowMs`, over all clients: a token cannot be guessed at that pace. */
const maxFailures = 20;
const loginWindowMs = 60_000;
const cookieName = 'netmon_session';

/** Who may come in. Without a token everybody may: the server is then on loopback only. */
export interface Auth {
  readonly required: boolean;
  /** Whether the headers carry the token (`Authorization: Bearer`) or the cookie of a session. */
  isAllowed(headers: IncomingHttpHeaders): boolean;
  /** The cookie of a new session for the token; null when it is wrong. Throws NM_RATE after too many wrong ones. */
  login(token: string): string | null;
  /** Ends the session of the cookie, and gives the cookie that removes it. */
  logout(headers: IncomingHttpHeaders): string;
}

/** The token in a file, of which only its owner and group may know. Throws NM_BAD_CONFIG. */
export function readTokenFile(path: string): string {
  try {
    if ((statSync(path).mode & 0o007) !== 0) {
      throw new NetmonError(
        'NM_BAD_CONFIG',
        `${path}: every user can use the token in it: run chmod 600 on it`,
      );
    }
    const token = readFileSync(path, 'utf8').trim();
    if (token.length >= minTokenLength && /^[\x21-\x7e]+$/.test(token)) return token;
  } catch (thrown) {
    if (thrown instanceof NetmonError) throw thrown;
    throw new NetmonError('NM_BAD_CONFIG', `${path}: unable to read the token file`, { cause: thrown });
  }
  throw new NetmonError(
    'NM_BAD_CONFIG',
    `${path}: expected a token of at least ${minTokenLength} printable characters on one line, ` +
      'such as openssl rand -hex 32 writes',
  );
}

/** Makes the check for a token, or for none. */
export function makeAuth(token: string | null, now: () => number): Auth {
  const wanted = token === null ? null : digest(token);
  const sessions = new Map<string, number>();
  let failures = { since: 0, count: 0 };

  const isToken = (candidate: string): boolean =>
    wanted !== null && timingSafeEqual(digest(candidate), wanted);
  const isSession = (id: string): boolean => {
    const until = sessions.get(digest(id).toString('base64url'));
    return until !== undefined && until > now();
  };
  return {
    required: wanted !== null,
    isAllowed(headers) {
      if (wanted === null) return true;
      const bearer = /^Bearer ([\x21-\x7e]{1,4096})$/i.exec(headers.authorization ?? '');
      if (bearer) return isToken(bearer[1]);
      const id = readCookie(headers);
      return id !== null && isSession(id);
    },
    login(candidate) {
      if (Math.abs(now() - failures.since) > loginWindowMs) failures = { since: now(), count: 0 };
      if (failures.count >= maxFailures) {
        throw new NetmonError('NM_RATE', 'too many wrong tokens; wait a minute');
      }
      if (!isToken(candidate)) {
        failures.count++;
        return null;
      }
      for (const [key, until] of sessions) if (until <= now()) sessions.delete(key);
      const oldest = sessions.keys().next();
      if (sessions.size >= maxSessions && !oldest.done) sessions.delete(oldest.value);
      const id = randomBytes(32).toString('base64url');
      sessions.set(digest(id).toString('base64url'), now() + sessionMs);
      return writeCookie(id, sessionMs / 1000);
    },
    logout(headers) {
      const id = readCookie(headers);
      if (id !== null) sessions.delete(digest(id).toString('base64url'));
      return writeCookie('', 0);
    },
  };
}

/** Equal lengths for the comparison, and no secret kept as it is. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function readCookie(headers: IncomingHttpHeaders): string | null {
  return new RegExp(`(?:^|;\\s*)${cookieName}=([\\w-]{1,64})(?:;|$)`).exec(headers.cookie ?? '')?.[1] ?? null;
}

function writeCookie(id: string, maxAgeS: number): string {
  return `${cookieName}=${id}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Strict`;
}
