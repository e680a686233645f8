import { NetmonError } from '../../base/errors.ts';
import { mapTexts, mask, maskPlace } from '../../rules/monitors/mask-probe.ts';
import type { Probe, ProbeOf } from '../../wire/probe.ts';

/**
 * A probe in which what was read as `***` is what it was in `before`, while it is for the same host. Throws
 * NM_VALIDATION where a mask stands for nothing that was there before.
 */
export function unmaskProbe<P extends Probe>(probe: P, before: Probe | null): P {
  const kept = new Map<string, string>();
  if (before && isSamePlace(probe, before)) {
    mapTexts(before, (text, place) => {
      kept.set(place, text);
      return text;
    });
  }
  return mapTexts(probe, (text, place) => {
    if (!text.includes(mask)) return text;
    const known = kept.get(place);
    if (known !== undefined && (text === known || text === maskPlace(known, place))) return known;
    const message =
      'expected the value itself: *** stands for a secret only where it was read, for the same host';
    const field = `probe.${place}`;
    throw new NetmonError('NM_VALIDATION', `${field}: ${message}`, { fields: [{ field, message }] });
  }) as P;
}

/** Whether a probe talks to the same place as one before, no less protected, so that it may know what that one knew. */
function isSamePlace(probe: Probe, before: Probe): boolean {
  if (probe.kind === 'http' && before.kind === 'http') return isSameSite(probe, before);
  if (probe.kind === 'tcp' && before.kind === 'tcp' && probe.tls === 'none' && before.tls !== 'none')
    return false;
  return probe.kind === before.kind && 'port' in probe && isSameHost(probe, before as typeof probe);
}

function isSameHost(a: { readonly host?: string; readonly port: number | null }, b: typeof a): boolean {
  return a.host === b.host && a.port === b.port;
}

/** Not from HTTPS to HTTP, and by no proxy that was not there before. */
function isSameSite(probe: ProbeOf<'http'>, before: ProbeOf<'http'>): boolean {
  const [to, from] = [URL.parse(probe.url), URL.parse(before.url)];
  if (to?.host !== from?.host || (from?.protocol === 'https:' && to?.protocol !== 'https:')) return false;
  return probe.proxy === null || URL.parse(probe.proxy)?.host === URL.parse(before.proxy ?? '')?.host;
}
