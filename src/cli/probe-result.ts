import type { Detail, Phases, ProbeResult } from '../wire/probe.ts';
import { escapeText } from './escape.ts';

const phaseNames: Readonly<Record<keyof Phases, string>> = {
  resolve_ms: 'resolve',
  connect_ms: 'connect',
  tls_ms: 'tls',
  processing_ms: 'processing',
  transfer_ms: 'transfer',
};
/** Name of a line, and what it says. */
type Line = readonly [string, string];

/** All of a round for a terminal: what it found and why, its phases, echoes and what else there is to tell. */
export function describeResult(target: string, result: ProbeResult): string[] {
  const { outcome, reason, address, attempts, duration_ms } = result;
  const where = address === null ? '' : ` at ${address}`;
  const tries = attempts === 1 ? '' : `, ${attempts} tries`;
  const lines: Line[] = [
    ...(reason ? [['reason', `${reason.code} (${reason.phase}): ${reason.message}`] as const] : []),
    ...Object.entries(phaseNames).flatMap(([key, name]): Line[] => {
      const ms = result.phases[key as keyof Phases];
      return ms === null ? [] : [[name, formatMs(ms)]];
    }),
    ...describeEchoes(result.echoes),
    ...describeDetail(result.detail, Date.parse(result.at)),
  ];
  const width = Math.max(0, ...lines.map(([name]) => name.length));
  return [
    `${target} is ${outcome}${where}, ${formatMs(duration_ms)} in all${tries}`,
    ...lines.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`),
  ].map(escapeText);
}

/** One is a response time; of several there is a spread. */
function describeEchoes(echoes: ProbeResult['echoes']): Line[] {
  if (echoes.length === 0) return [];
  const times = echoes.filter((echo) => echo !== null).sort((a, b) => a - b);
  if (echoes.length === 1) return [['response', times.length === 1 ? formatMs(times[0]) : 'none']];
  const lost = echoes.length - times.length;
  const each = echoes.map((echo) => (echo === null ? 'lost' : formatTime(echo))).join(' ');
  const loss = `${lost} of ${echoes.length} lost (${Number(((lost / echoes.length) * 100).toFixed(1))} %)`;
  if (times.length === 0) return [['echoes', loss]];
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  const median = (times[(times.length - 1) >> 1] + times[times.length >> 1]) / 2;
  const spread = [times[0], mean, median, times.at(-1)!].map(formatTime).join('/');
  return [
    ['echoes', `${each} ms`],
    ['loss', loss],
    ['min/avg/median/max', `${spread} ms`],
  ];
}

function describeDetail(detail: Detail, atMs: number): Line[] {
  const { redirects = [], answers = [], hops = [], certificate, ntp, flags } = detail;
  return [
    ...redirects.map(
      ({ url, status, duration_ms }): Line => ['redirect', `${status} from ${url}, ${formatMs(duration_ms)}`],
    ),
    ...one('status', detail.status, (status) => {
      const version = detail.http_version === undefined ? '' : ` (HTTP/${detail.http_version})`;
      return `${status}${version}`;
    }),
    ...one('bytes', detail.bytes),
    ...one('tls version', detail.tls_version, (version) =>
      detail.alpn === undefined ? version : `${version}, ${detail.alpn}`,
    ),
    ...one('certificate', certificate, ({ subject, issuer, not_after, problem }) => {
      const days = Math.floor((Date.parse(not_after) - atMs) / 86_400_000);
      const validity = problem ?? (days < 0 ? `ended ${-days} days ago` : `${days} days left`);
      return `${subject}, ${validity}, issued by ${issuer}`;
    }),
    ...one('rcode', detail.rcode, (rcode) => [rcode, ...(flags ?? [])].join(' ')),
    ...answers.map(({ name, type, ttl, data }): Line => ['answer', `${name} ${ttl} ${type} ${data}`]),
    ...one('banner', detail.banner),
    ...one('reply', detail.reply),
    ...one(
      'clock',
      ntp,
      ({ offset_ms, delay_ms, stratum, leap, reference, root_dispersion_ms }) =>
        `offset ${formatTime(offset_ms)} ms, delay ${formatTime(delay_ms)} ms, stratum ${stratum} of ${reference}, ` +
        `root dispersion ${formatTime(root_dispersion_ms)} ms, leap second: ${leap}`,
    ),
    ...one('ttl', detail.ttl),
    ...hops.map(({ ttl, addresses, name, rtt_ms }): Line => {
      const who = addresses.length === 0 ? '*' : `${name === null ? '' : `${name} `}${addresses.join(', ')}`;
      const times = rtt_ms.map((rtt) => (rtt === null ? '*' : formatTime(rtt))).join(' ');
      return [`hop ${ttl}`, addresses.length === 0 ? who : `${who}  ${times} ms`];
    }),
  ];
}

function one<T>(name: string, value: T | undefined, format: (value: T) => string = String): Line[] {
  return value === undefined ? [] : [[name, format(value)]];
}

function formatTime(ms: number): string {
  return ms.toFixed(Math.abs(ms) < 100 ? 3 : 1);
}

function formatMs(ms: number): string {
  return `${formatTime(ms)} ms`;
}
