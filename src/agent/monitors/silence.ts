import { formatIp, parseEndpoint, parseIp } from '../../base/ip.ts';
import type { Probe, ProbeResult, Reason } from '../../wire/probe.ts';

/** Codes of a failure in which nothing of the target was heard. */
const silent = new Set([
  'TIMEOUT',
  'NO_REPLY',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'EADDRNOTAVAIL',
]);
/** A resolver that says so has answered. */
const answered = new Set(['ENOTFOUND', 'NXDOMAIN', 'ENODATA', 'NODATA']);

/** Of a target that may be silent, or should be (`[CONNECTED] == false`), and is. */
export const nothingHeard: Reason = {
  code: 'EHOSTUNREACH',
  message: 'nothing was heard',
  phase: 'processing',
};

/** Whether a round heard nothing of its target; what a router says of it is nothing of itself. */
export function isSilence({ outcome, reason, echoes }: ProbeResult): boolean {
  if (outcome !== 'down') return echoes.every((echo) => echo === null);
  if (echoes.length > 0 && echoes.every((echo) => echo === null)) return true;
  if (!reason || reason.phase === 'assertion') return false;
  return reason.phase === 'resolve' ? !answered.has(reason.code) : silent.has(reason.code);
}

/** The IP address in `IP`, `IP:port` or `[IP]:port`, in canonical form without a scope; null for none. */
export function readIp(address: string | null): string | null {
  if (address === null) return null;
  const bytes = parseIp(address.replace(/%.*$/, ''));
  return bytes ? formatIp(bytes) : (parseEndpoint(address)?.ip ?? null);
}

/** What is likely to fail together: a /24, or a /48. */
export function networkOf(ip: string): string {
  return (parseIp(ip) ?? new Uint8Array(16)).subarray(0, ip.includes(':') ? 6 : 15).join('.');
}

const plainConnection: Probe & { kind: 'tcp' } = {
  kind: 'tcp',
  host: '',
  port: 0,
  tls: 'none',
  starttls: null,
  verify: false,
  banner: false,
  steps: [],
  family: null,
};

/**
 * How to ask a target again whether anything is heard of it, by the address at which it answered: a connection, an echo or
 * a question, with nothing of what the probe would send otherwise. Null for kinds that are not asked without need.
 */
export function makeQuestion(probe: Probe, ip: string, address: string | null): Probe | null {
  switch (probe.kind) {
    case 'http':
    case 'tcp': {
      const port = parseEndpoint(address ?? '')?.port ?? (probe.kind === 'tcp' ? probe.port : 0);
      if (port === 0) return null;
      return { ...plainConnection, host: ip, port };
    }
    case 'icmp':
      return { ...probe, host: ip, echoes: 2, gap_ms: 100, family: null };
    case 'dns':
      return { ...probe, server: ip };
    case 'ntp':
      return { ...probe, host: ip, samples: 1, family: null };
    case 'udp':
    case 'traceroute':
      return null;
  }
}
