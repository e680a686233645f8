import { NetmonError } from '../../base/errors.ts';
import { mapTexts, mask, maskPlace } from '../../rules/monitors/mask-probe.ts';
import type { Probe } from '../../wire/probe.ts';

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

/** Whether two probes talk to the same place, so that what one may know the other may. */
function isSamePlace(a: Probe, b: Probe): boolean {
  if (a.kind === 'http' && b.kind === 'http') return URL.parse(a.url)?.host === URL.parse(b.url)?.host;
  return a.kind === b.kind && 'host' in a && 'host' in b && a.host === b.host;
}
