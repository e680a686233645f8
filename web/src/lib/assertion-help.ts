import type { ProbeKind } from '../../../src/wire/probe.ts';

const all = ['RESPONSE_TIME', 'IP', 'CONNECTED'] as const;
const certificate = [
  'CERTIFICATE_EXPIRATION',
  'CERTIFICATE_NAMES',
  'CERTIFICATE_SUBJECT',
  'CERTIFICATE_ISSUER',
  'TLS_VERSION',
] as const;

/** Placeholders that may stand in an assertion, by the kind of probe that gives them. */
export const placeholdersOf: Readonly<Record<ProbeKind, readonly string[]>> = {
  http: [
    ...all,
    'STATUS',
    'HEADER',
    'BODY',
    'BODY_SIZE',
    'HTTP_VERSION',
    'REDIRECTS',
    'URL',
    'RESOLVE_TIME',
    'CONNECT_TIME',
    'TLS_TIME',
    'PROCESSING_TIME',
    'TRANSFER_TIME',
    ...certificate,
  ],
  icmp: [
    ...all,
    'LOSS',
    'RTT_MIN',
    'RTT_AVG',
    'RTT_MEDIAN',
    'RTT_P90',
    'RTT_P95',
    'RTT_P99',
    'RTT_MAX',
    'JITTER',
    'TTL',
  ],
  dns: [...all, ...certificate, 'TTL', 'RCODE', 'ANSWERS', 'FLAGS'],
  ntp: [...all, 'OFFSET', 'DELAY', 'STRATUM', 'ROOT_DELAY', 'ROOT_DISPERSION', 'LEAP'],
  tcp: [...all, ...certificate, 'BANNER', 'REPLY'],
  udp: [...all, 'REPLY'],
  traceroute: [...all, 'HOPS', 'PATH_CHANGED'],
};

/** An assertion as most would write it, to begin with. */
export const exampleOf: Readonly<Record<ProbeKind, string>> = {
  http: '[STATUS] == 200',
  icmp: '[LOSS] < 5',
  dns: '[RCODE] == NOERROR',
  ntp: '[OFFSET] < 100',
  tcp: '[RESPONSE_TIME] < 300',
  udp: '[RESPONSE_TIME] < 300',
  traceroute: '[HOPS] < 20',
};
