import type { Probe } from '../../wire/probe.ts';
import { isSecretName, maskText } from '../secrets.ts';

/**
 * What of a probe may be secret: headers, user and password of a URL, tokens in bodies and conversations. What is read
 * has `***` there.
 */
export const mask = '***';
/** Headers whose names do not say that they hold a secret. */
const secretHeaders = /auth|key|token|secret|cookie|session|signature|password/i;

/** A probe with `***` in place of what may be secret. */
export function maskProbe<P extends Probe>(probe: P): P {
  return mapTexts(probe, (text, place) => maskPlace(text, place)) as P;
}

/** A text as it is shown, by where in the probe it is. */
export function maskPlace(text: string, place: string): string {
  if (place.startsWith('headers.')) {
    const name = place.slice('headers.'.length);
    return secretHeaders.test(name) || isSecretName(name) ? mask : maskText(text);
  }
  if (place === 'url' || place === 'proxy') return maskUrl(text);
  return maskText(text).replace(/\b(PASS|AUTH(?: \w+)?|LOGIN \S+) (?!\*\*\*)[^\r\n]+/gi, `$1 ${mask}`);
}

/** What a text holds where its masked form has `***`. */
export function hiddenParts(text: string, masked: string): string[] {
  const parts: string[] = [];
  const known = masked.split(mask);
  let at = known[0].length;
  for (const next of known.slice(1)) {
    const end = next === '' ? text.length : text.indexOf(next, at + 1);
    if (end < 0) break;
    parts.push(text.slice(at, end));
    at = end + next.length;
  }
  return parts;
}

/** With a user and no password, the user is the secret (`https://token@host/`). */
function maskUrl(url: string): string {
  const [place, ...query] = url.split('?');
  const pairs = query.join('?').split('&').map(maskPair);
  const shown = maskText(place.replace(/^(https?:\/\/)[^/?#]*@/i, `$1${mask}@`));
  return query.length === 0 ? shown : `${shown}?${pairs.join('&')}`;
}

function maskPair(pair: string): string {
  const sign = pair.indexOf('=');
  return sign > 0 && isSecretName(pair.slice(0, sign)) ? `${pair.slice(0, sign)}=${mask}` : maskText(pair);
}

/** A probe whose texts that may hold secrets are what `change` makes of them; told with their places. */
export function mapTexts(probe: Probe, change: (text: string, place: string) => string): Probe {
  switch (probe.kind) {
    case 'http': {
      const headers = Object.entries(probe.headers).map(([name, value]) => [
        name,
        change(value, `headers.${name}`),
      ]);
      return {
        ...probe,
        url: change(probe.url, 'url'),
        proxy: probe.proxy === null ? null : change(probe.proxy, 'proxy'),
        headers: Object.fromEntries(headers) as Record<string, string>,
        body: probe.body === null ? null : change(probe.body, 'body'),
      };
    }
    case 'tcp': {
      const steps = probe.steps.map((step, i) =>
        'send' in step ? { ...step, send: change(step.send, `steps[${i}].send`) } : step,
      );
      return { ...probe, steps };
    }
    case 'udp':
      return { ...probe, payload: change(probe.payload, 'payload') };
    case 'icmp':
    case 'dns':
    case 'ntp':
    case 'traceroute':
      return probe;
  }
}
