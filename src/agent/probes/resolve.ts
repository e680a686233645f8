import type { Reason } from '../../wire/probe.ts';
import { allowAll } from './address-policy.ts';
import { canonicalIp } from './names/hosts-file.ts';
import type { Names } from './names/names.ts';
import type { ProbeContext } from './probe.ts';
import { makeReason, roundMs } from './run.ts';

/** Addresses that are tried of a name. */
const maxAddresses = 8;

export type Resolved =
  | {
      readonly failure: null;
      /** At least one, in canonical text, in the order in which to try them; the policy allows each. */
      readonly addresses: readonly string[];
      /** Null for an address, which needs no resolving. */
      readonly resolveMs: number | null;
    }
  | { readonly failure: Reason; readonly resolveMs: number | null };

/**
 * Where a target is: looked up once, so that what the policy was asked of is what is connected to.
 * `family` is 4 or 6 for that alone. Never rejects.
 */
export async function resolveTarget(
  names: Names,
  host: string,
  family: 4 | 6 | null,
  { policy, signal, timeoutMs }: Pick<ProbeContext, 'policy' | 'signal' | 'timeoutMs'>,
): Promise<Resolved> {
  const literal = canonicalIp(host);
  if (literal !== null) return allow([literal], family, policy, null, host);
  const began = performance.now();
  try {
    const found = await abortable(names.find(host, family), signal);
    const resolveMs = roundMs(performance.now() - began);
    if (found === null) {
      const message = `${host} was not resolved within ${timeoutMs} ms`;
      return { failure: makeReason('TIMEOUT', message, 'resolve'), resolveMs };
    }
    return allow(found, family, policy, resolveMs, host);
  } catch (thrown) {
    const failure = explain(host, (thrown as NodeJS.ErrnoException).code ?? 'EAI_FAIL');
    return { failure, resolveMs: roundMs(performance.now() - began) };
  }
}

/** How long the check of a name may hold up what goes through a proxy, which may well know names that nobody here does. */
const checkMs = 1000;

/**
 * Why a host may not be reached through a proxy, which looks names up by itself: an address that the policy forbids, or a name
 * that has one here. Null also for a name that is not known here. Never rejects.
 */
export async function refuseProxied(
  names: Names,
  host: string,
  { policy, signal }: Pick<ProbeContext, 'policy' | 'signal'>,
): Promise<Reason | null> {
  if (policy === allowAll) return null;
  const literal = canonicalIp(host);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(checkMs)]);
  const found =
    literal === null ? await abortable(names.find(host, null), limit).catch(() => null) : [literal];
  const forbidden = found?.find((ip) => refuse(policy, ip) !== null);
  if (forbidden === undefined) return null;
  const message = `${forbidden}: ${refuse(policy, forbidden)}`;
  return makeReason('FORBIDDEN_ADDRESS', message, 'agent');
}

/** 4 or 6. */
export function familyOf(ip: string): 4 | 6 {
  return ip.includes(':') ? 6 : 4;
}

function allow(
  found: readonly string[],
  family: 4 | 6 | null,
  policy: ProbeContext['policy'],
  resolveMs: number | null,
  host: string,
): Resolved {
  const fitting = found.filter((ip) => family === null || familyOf(ip) === family);
  if (fitting.length === 0) {
    const message = `${host} has no address${family === null ? '' : ` of IPv${family}`}`;
    return { failure: makeReason('ENOTFOUND', message, 'resolve'), resolveMs };
  }
  const allowed = [...new Set(fitting)].filter((ip) => refuse(policy, ip) === null).slice(0, maxAddresses);
  if (allowed.length > 0) return { failure: null, addresses: allowed, resolveMs };
  const message = `${fitting[0]}: ${refuse(policy, fitting[0])}`;
  return { failure: makeReason('FORBIDDEN_ADDRESS', message, 'agent'), resolveMs };
}

/** A policy knows no zones. */
function refuse(policy: ProbeContext['policy'], ip: string): string | null {
  return policy.refuse(ip.split('%')[0]);
}

function explain(host: string, code: string): Reason {
  const [known, words] = failures[code] ?? ['EAI_FAIL', `the resolver failed (${code})`];
  return makeReason(known, `${host}: ${words}`, 'resolve');
}

/** What a resolver's code becomes: the C library's where it has one, otherwise the answer's of the DNS. */
const failures: Readonly<Record<string, readonly [code: string, words: string]>> = {
  ENOTFOUND: ['ENOTFOUND', 'there is no such name'],
  ENODATA: ['ENOTFOUND', 'the name has no address'],
  EBADNAME: ['ENOTFOUND', 'it is no name of the DNS'],
  ESERVFAIL: ['SERVFAIL', 'the resolver could not find out (SERVFAIL)'],
  EREFUSED: ['REFUSED', 'the resolver refuses to answer (REFUSED)'],
  ECONNREFUSED: ['EAI_AGAIN', 'there is no resolver where one should be'],
  ETIMEOUT: ['EAI_AGAIN', 'the resolver does not answer'],
  EAI_AGAIN: ['EAI_AGAIN', 'the resolver does not answer'],
};

/** Null when the signal came first. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T | null> {
  if (signal.aborted) return null;
  const { promise, resolve } = Promise.withResolvers<null>();
  const stop = (): void => resolve(null);
  signal.addEventListener('abort', stop, { once: true });
  // What fails after the signal is nobody's business any more.
  work.catch(() => {});
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
