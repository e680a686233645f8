import type { ProbeKind } from '../../wire/probe.ts';

/** What the value of a placeholder is; `tree` is walked into by a path, whose end may be anything. */
type ValueType = 'number' | 'time' | 'text' | 'yes-no' | 'list' | 'tree';

export interface Placeholder {
  readonly name: string;
  readonly type: ValueType;
  /** What a plain number beside it means; null for what is no amount. */
  readonly unit: 'ms' | '%' | 'bytes' | null;
  readonly kinds: readonly ProbeKind[];
  readonly help: string;
}

const all: readonly ProbeKind[] = ['http', 'icmp', 'dns', 'ntp', 'tcp', 'udp', 'traceroute'];
const http: readonly ProbeKind[] = ['http'];
const tls: readonly ProbeKind[] = ['http', 'tcp', 'dns'];
const icmp: readonly ProbeKind[] = ['icmp'];
const ntp: readonly ProbeKind[] = ['ntp'];
const trace: readonly ProbeKind[] = ['traceroute'];

const time = (name: string, kinds: readonly ProbeKind[], help: string): Placeholder => ({
  name,
  type: 'time',
  unit: 'ms',
  kinds,
  help,
});
const amount = (
  name: string,
  unit: Placeholder['unit'],
  kinds: readonly ProbeKind[],
  help: string,
): Placeholder => ({ name, type: 'number', unit, kinds, help });
const other = (name: string, type: ValueType, kinds: readonly ProbeKind[], help: string): Placeholder => ({
  name,
  type,
  unit: null,
  kinds,
  help,
});

/** Every placeholder, with the kinds of probes that give it. */
export const placeholders: readonly Placeholder[] = [
  time('RESPONSE_TIME', all, 'what counts as the response time'),
  other('IP', 'text', all, 'the address that was reached'),
  other('CONNECTED', 'yes-no', all, 'whether the target could be connected to, or answered'),

  amount('STATUS', null, http, 'status of the answer, after redirects'),
  other('HEADER', 'tree', http, 'a field of the answer by its name: `[HEADER].content-type`'),
  other('BODY', 'tree', http, 'the body as text; with a path (`[BODY].items[0].name`) a part of it as JSON'),
  amount('BODY_SIZE', 'bytes', http, 'size of the body as it came, compressed or not'),
  other('HTTP_VERSION', 'text', http, '`1.0`, `1.1` or `2`'),
  amount('REDIRECTS', null, http, 'redirects that were followed'),
  other('URL', 'text', http, 'where the answer came from, after redirects, without query and credentials'),
  time('RESOLVE_TIME', http, 'until the name was resolved, all hops together'),
  time('CONNECT_TIME', http, 'until the connection stood, all hops together'),
  time('TLS_TIME', http, 'handshakes of TLS, all hops together'),
  time(
    'PROCESSING_TIME',
    http,
    'from the end of a request to the first byte of the answer, all hops together',
  ),
  time('TRANSFER_TIME', http, 'from the first byte of an answer to its last, all hops together'),

  time('CERTIFICATE_EXPIRATION', tls, 'until the certificate ends; below 0 when it has ended'),
  other('CERTIFICATE_NAMES', 'list', tls, 'names that the certificate is for'),
  other('CERTIFICATE_SUBJECT', 'text', tls, 'whose certificate it is'),
  other('CERTIFICATE_ISSUER', 'text', tls, 'who issued it'),
  other('TLS_VERSION', 'text', tls, '`TLSv1.2`, `TLSv1.3`'),

  amount('LOSS', '%', icmp, 'share of echoes that did not come back'),
  time('RTT_MIN', icmp, 'shortest round trip'),
  time('RTT_AVG', icmp, 'mean of the round trips'),
  time('RTT_MEDIAN', icmp, 'median of the round trips'),
  time('RTT_P90', icmp, '90th percentile of the round trips'),
  time('RTT_P95', icmp, '95th percentile of the round trips'),
  time('RTT_P99', icmp, '99th percentile of the round trips'),
  time('RTT_MAX', icmp, 'longest round trip'),
  time('JITTER', icmp, 'mean difference between one round trip and the next'),
  amount(
    'TTL',
    null,
    ['icmp', 'dns'],
    'hop limit of the last reply; of DNS the least time to live, in seconds',
  ),

  other('RCODE', 'text', ['dns'], 'code of the answer: `NOERROR`, `NXDOMAIN`, `SERVFAIL`'),
  other('ANSWERS', 'list', ['dns'], 'data of the records of the answer'),
  other('FLAGS', 'list', ['dns'], 'flags of the answer: `AA`, `TC`, `RD`, `RA`, `AD`, `CD`'),

  time('OFFSET', ntp, 'how far the clocks are apart, without sign'),
  time('DELAY', ntp, 'round trip to the server'),
  amount('STRATUM', null, ntp, 'steps between the server and a reference clock'),
  time('ROOT_DELAY', ntp, 'round trip from the server to the reference clock'),
  time('ROOT_DISPERSION', ntp, 'greatest error of the server against the reference clock'),
  other('LEAP', 'text', ntp, '`none`, `insert`, `delete` or `unsynchronised`'),

  other('BANNER', 'text', ['tcp'], 'what the server sent first'),
  other('REPLY', 'text', ['tcp', 'udp'], 'what came back last'),

  amount('HOPS', null, trace, 'hops to the target'),
  other('PATH_CHANGED', 'yes-no', trace, 'whether the path is another than the round before'),
];

/**
 * Names of the facts that a kind of probe gives. `BODY_JSON` is what paths of `[BODY]` are walked in; nobody writes it.
 */
export function factsOf(kind: ProbeKind): readonly string[] {
  const names = placeholders.filter(({ kinds }) => kinds.includes(kind)).map(({ name }) => name);
  return kind === 'http' ? [...names, 'BODY_JSON'] : names;
}
