import { hiddenParts, mask, maskPlace } from '../../rules/monitors/mask-probe.ts';
import { isSecretName, maskText } from '../../rules/secrets.ts';
import {
  type Detail,
  detailSchema,
  type Phases,
  type Probe,
  type ProbeResult,
  probeResultSchema,
  type Reason,
} from '../../wire/probe.ts';

/** A secret shorter than this would blot out innocent text. */
const leastSecret = 4;

/**
 * Makes what brings results of a probe into the form of their schema, whatever the probe or its target put in: texts are
 * cut, numbers that are none become null, parts of the detail that do not fit are left out, and what the probe holds as
 * a secret is shown as `***`.
 */
export function makeFitter(probe: Probe): (result: ProbeResult) => ProbeResult {
  const hide = makeHider(probe);
  return (result) => {
    const hidden: ProbeResult = {
      ...result,
      reason: result.reason && fitReason(result.reason, hide),
      detail: hideDetail(result.detail, hide),
    };
    if (probeResultSchema.safeParse(hidden).success) return hidden;
    return {
      ...hidden,
      duration_ms: fitAmount(hidden.duration_ms) ?? 0,
      address: hidden.address?.slice(0, 64) ?? null,
      phases: fitPhases(hidden.phases),
      echoes: hidden.echoes.slice(0, 100).map(fitAmount),
      detail: fitDetail(hidden.detail),
    };
  };
}

function fitReason({ code, message, phase }: Reason, hide: (text: string) => string): Reason {
  return {
    code: code.slice(0, 64) || 'UNKNOWN',
    message: hide(message).slice(0, 512).toWellFormed(),
    phase,
  };
}

/** The texts of a detail that a target, or an error, may fill with what it was sent. */
function hideDetail(detail: Detail, hide: (text: string) => string): Detail {
  const { banner, reply, redirects } = detail;
  return {
    ...detail,
    ...(banner !== undefined && { banner: hide(banner).slice(0, 512).toWellFormed() }),
    ...(reply !== undefined && { reply: hide(reply).slice(0, 512).toWellFormed() }),
    ...(redirects && { redirects: redirects.map((hop) => ({ ...hop, url: hide(hop.url) })) }),
  };
}

function fitAmount(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? Math.max(0, value) : null;
}

function fitPhases(phases: Phases): Phases {
  return {
    resolve_ms: fitAmount(phases.resolve_ms),
    connect_ms: fitAmount(phases.connect_ms),
    tls_ms: fitAmount(phases.tls_ms),
    processing_ms: fitAmount(phases.processing_ms),
    transfer_ms: fitAmount(phases.transfer_ms),
  };
}

function fitDetail(detail: Detail): Detail {
  const parsed = detailSchema.safeParse(detail);
  if (parsed.success) return detail;
  const bad = new Set(
    parsed.error.issues.flatMap(({ path, code, ...issue }) =>
      code === 'unrecognized_keys' && path.length === 0
        ? (issue as { keys: string[] }).keys
        : [String(path[0])],
    ),
  );
  const kept = Object.entries(detail).filter(([name]) => !bad.has(name));
  return Object.fromEntries(kept) as Detail;
}

function makeHider(probe: Probe): (text: string) => string {
  const secrets = findSecrets(probe)
    .filter((secret) => secret.length >= leastSecret)
    // Messages quote what they show as JSON does.
    .flatMap((secret) => [...new Set([secret, JSON.stringify(secret).slice(1, -1)])])
    .sort((a, b) => b.length - a.length);
  return (text) =>
    secrets.reduce((rest, secret) => hideCut(rest.replaceAll(secret, mask), secret), maskText(text));
}

/** Masks a secret of which only the beginning is there, since what holds it was cut: at the end, or before `"…`. */
function hideCut(text: string, secret: string): string {
  const ends = [text.indexOf('"…'), text.length].filter((end) => end >= leastSecret);
  return ends.reduceRight((rest, end) => {
    const most = Math.min(secret.length - 1, end);
    for (let length = most; length >= leastSecret; length--) {
      if (!rest.startsWith(secret.slice(0, length), end - length)) continue;
      return rest.slice(0, end - length) + mask + rest.slice(end);
    }
    return rest;
  }, text);
}

function findSecrets(probe: Probe): string[] {
  if (probe.kind === 'tcp')
    return probe.steps.flatMap((step) => ('send' in step ? sentSecrets(step.send) : []));
  if (probe.kind === 'udp') return sentSecrets(probe.payload);
  if (probe.kind !== 'http') return [];
  const values = Object.entries(probe.headers)
    .filter(([name]) => isSecretName(name) || /auth|key|token|secret|cookie|session|signature/i.test(name))
    .flatMap(([, value]) => [value, ...value.split(/\s+/).slice(1)]);
  const { url, proxy, body } = probe;
  return [...values, ...urlSecrets(url), ...urlSecrets(proxy ?? ''), ...sentSecrets(body ?? '')];
}

/** What masking takes out of what is sent. */
function sentSecrets(text: string): string[] {
  return hiddenParts(text, maskPlace(text, 'send')).map((part) => part.replace(/^["']|["']$/g, ''));
}

function urlSecrets(text: string): string[] {
  const url = URL.parse(text);
  if (!url) return [];
  const alone = url.password === '' ? url.username : url.password;
  const pairs = [...url.searchParams].filter(([name]) => isSecretName(name)).map(([, value]) => value);
  return [alone, decode(alone), ...pairs];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
