import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { formatIp, parseIp } from '../../base/ip.ts';
import type { Reason } from '../../wire/probe.ts';
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
 * Where a target is: by the machine's own resolver, once, so that what the policy was asked of is what is connected to.
 * `family` is 4 or 6 for that alone. Never rejects.
 */
export async function resolveTarget(
  host: string,
  family: 4 | 6 | null,
  { policy, signal, timeoutMs }: Pick<ProbeContext, 'policy' | 'signal' | 'timeoutMs'>,
): Promise<Resolved> {
  const literal = canonicalIp(host);
  if (literal !== null) return allow([literal], family, policy, null, host);
  const began = performance.now();
  try {
    const found = await abortable(findAddresses(host, family), signal);
    const resolveMs = roundMs(performance.now() - began);
    if (found === null) {
      const message = `${host} was not resolved within ${timeoutMs} ms`;
      return { failure: makeReason('TIMEOUT', message, 'resolve'), resolveMs };
    }
    const addresses = found.flatMap(({ address }) => canonicalIp(address) ?? []);
    return allow(addresses, family, policy, resolveMs, host);
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code ?? 'EAI_FAIL';
    const failure = makeReason(code, `${host}: ${describeResolver(code)}`, 'resolve');
    return { failure, resolveMs: roundMs(performance.now() - began) };
  }
}

/**
 * Lookups under way. A lookup cannot be called off and occupies one of few threads, so while the resolver is silent the
 * rounds that come meanwhile wait for the same one, instead of each leaving another behind.
 */
const underWay = new Map<string, Promise<readonly LookupAddress[]>>();

function findAddresses(host: string, family: 4 | 6 | null): Promise<readonly LookupAddress[]> {
  const key = `${family} ${host}`;
  const known = underWay.get(key);
  if (known) return known;
  const found = lookUp(host, family).finally(() => underWay.delete(key));
  underWay.set(key, found);
  return found;
}

async function lookUp(host: string, family: 4 | 6 | null): Promise<readonly LookupAddress[]> {
  return await lookup(host, { all: true, family: family ?? 0, order: 'verbatim' });
}

/** 4 or 6. */
export function familyOf(ip: string): 4 | 6 {
  return ip.includes(':') ? 6 : 4;
}

/** The canonical text of an address, its zone kept; null when it is none. */
function canonicalIp(text: string): string | null {
  const [address, zone] = text.split('%');
  const bytes = parseIp(address);
  if (!bytes) return null;
  const ip = formatIp(bytes);
  return zone !== undefined && ip.includes(':') ? `${ip}%${zone}` : ip;
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

function describeResolver(code: string): string {
  if (code === 'ENOTFOUND') return 'there is no such name, or it has no address';
  if (code === 'EAI_AGAIN') return 'the resolver does not answer';
  return 'the resolver failed';
}

/** Null when the signal came first. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T | null> {
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
