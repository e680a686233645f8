import type { Detail } from '../../wire/probe.ts';

type Hop = NonNullable<Detail['hops']>[number];

/**
 * Whether a path is another than before: at some hop others answered, or the target is nearer or farther. A hop where one of
 * both paths has no answer says nothing, and where paths fork one address in common is enough.
 */
export function isOtherPath(before: readonly Hop[], now: readonly Hop[], target: string): boolean {
  const known = new Map(before.map((hop) => [hop.ttl, hop.addresses]));
  const isOther = now.some(({ ttl, addresses }) => {
    const earlier = known.get(ttl) ?? [];
    return earlier.length > 0 && addresses.length > 0 && !addresses.some((ip) => earlier.includes(ip));
  });
  const [length, lengthBefore] = [lengthOf(now, target), lengthOf(before, target)];
  return isOther || (length !== null && lengthBefore !== null && length !== lengthBefore);
}

/** Hops to the target; null when it was not reached. */
function lengthOf(hops: readonly Hop[], target: string): number | null {
  return hops.find(({ addresses }) => addresses.includes(target))?.ttl ?? null;
}
