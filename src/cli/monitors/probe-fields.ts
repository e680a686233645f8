import { formatEndpoint } from '../../base/ip.ts';
import type { Probe } from '../../wire/probe.ts';
import {
  type Coding,
  choiceCoding,
  durationCoding,
  escapedCoding,
  familyCoding,
  membersCoding,
  numberCoding,
  orNone,
  pairsCoding,
  readEscapes,
  switchCoding,
  textCoding,
  writeEscapes,
} from './codings.ts';
import type { Field } from './fields.ts';

/** What a probe is for, in one word: a URL, a host, a host with a port, a name. */
export interface Target {
  readonly placeholder: string;
  /** What people are asked. */
  readonly question: string;
  /** An example of one. */
  readonly example: string;
  /** Its part of a probe's fields; null for what is no target. */
  readonly read: (text: string) => Readonly<Record<string, unknown>> | null;
}

/** A kind of monitor as people name it; HTTP and HTTPS are one kind of probe. */
export interface KindForms {
  readonly title: string;
  readonly kind: Probe['kind'];
  readonly target: Target;
  /** An assertion that many of this kind have. */
  readonly assertion: string;
  readonly fields: readonly Field[];
}

const field = (name: string, key: string, coding: Coding, help: string): Field => ({
  name,
  path: ['probe', key],
  coding,
  help,
});
const family = field('family', 'family', familyCoding, 'only this family of addresses (default: any)');
const verify = field('verify', 'verify', switchCoding, 'whether the certificate must verify (default: yes)');

const urlTarget = (scheme: 'http' | 'https'): Target => ({
  placeholder: 'URL',
  question: 'URL',
  example: `${scheme}://example.org/`,
  read: (text) => ({ url: /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `${scheme}://${text}` }),
});
const hostTarget: Target = {
  placeholder: 'HOST',
  question: 'Host or address',
  example: 'example.org',
  read: (text) => ({ host: text.replace(/^\[(.*)\]$/, '$1') }),
};
const portTarget = (example: string): Target => ({
  placeholder: 'HOST:PORT',
  question: 'Host and port',
  example,
  read: splitEndpoint,
});
/** RFC 5905, section 7.2. */
const ntpPort = 123;

/** A host, and a port where another than the usual one is meant. */
const ntpTarget: Target = {
  placeholder: 'HOST[:PORT]',
  question: 'Time server',
  example: 'pool.ntp.org',
  read: (text) => splitEndpoint(text) ?? { ...hostTarget.read(text), port: ntpPort },
};

function splitEndpoint(text: string): { host: string; port: number } | null {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  return match ? { host: match[1] ?? match[2], port: Number(match[3]) } : null;
}

const httpFields: readonly Field[] = [
  field(
    'method',
    'method',
    textCoding('METHOD', 'a method such as GET'),
    'method of the request (default: GET)',
  ),
  field('header', 'headers', pairsCoding('NAME: VALUE', ':'), 'a field of the request; may be repeated'),
  field('body', 'body', orNone(escapedCoding('TEXT')), 'body of the request'),
  field('http-version', 'version', choiceCoding('auto', '1.1', '2'), 'version of HTTP (default: auto)'),
  field('redirects', 'redirects', numberCoding(), 'redirects that are followed at most (default: 5)'),
  field('proxy', 'proxy', orNone(textCoding('URL', 'a URL such as http://proxy:3128')), 'HTTP proxy'),
  verify,
  family,
];

/** `send EHLO me\r\n`, `send-hex 00ff`, `expect 220*`. */
const step = {
  read: (text: string): unknown => {
    const match = /^(send|send-hex|expect)\s(.*)$/s.exec(text.trimStart());
    if (!match) return undefined;
    if (match[1] === 'expect') return { expect: readEscapes(match[2]) };
    if (match[1] === 'send-hex') return { send: match[2].trim(), encoding: 'hex' };
    return { send: readEscapes(match[2]), encoding: 'text' };
  },
  write: (value: unknown): string => {
    const { send, encoding, expect } = value as Readonly<Record<string, string>>;
    if (expect !== undefined) return `expect ${writeEscapes(expect)}`;
    return encoding === 'hex' ? `send-hex ${send}` : `send ${writeEscapes(send)}`;
  },
};

/** What can be monitored, in the order in which it is offered. */
export const kindForms = {
  http: {
    title: 'HTTP',
    kind: 'http',
    target: urlTarget('http'),
    assertion: '[STATUS] == 200',
    fields: httpFields,
  },
  https: {
    title: 'HTTPS',
    kind: 'http',
    target: urlTarget('https'),
    assertion: '[CERTIFICATE_EXPIRATION] > 7d',
    fields: httpFields,
  },
  icmp: {
    title: 'ICMP',
    kind: 'icmp',
    target: hostTarget,
    assertion: '[LOSS] < 5',
    fields: [
      field('echoes', 'echoes', numberCoding(), 'echoes a round (default: 5)'),
      field('gap', 'gap_ms', durationCoding, 'from one echo to the next (default: 200ms)'),
      field('size', 'size', numberCoding('BYTES'), 'payload of an echo (default: 56)'),
      field('ttl', 'ttl', numberCoding(), 'time to live (default: 64)'),
      family,
    ],
  },
  dns: {
    title: 'DNS',
    kind: 'dns',
    target: {
      placeholder: 'NAME',
      question: 'Name that is asked for',
      example: 'example.org',
      read: (text) => ({ name: text }),
    },
    assertion: '[RCODE] == NOERROR',
    fields: [
      field('type', 'type', textCoding('TYPE', 'a record type such as A or MX'), 'record type (default: A)'),
      field(
        'resolver',
        'server',
        orNone(textCoding('HOST', 'a host or an address')),
        "who is asked (default: the machine's own)",
      ),
      field(
        'port',
        'port',
        orNone(numberCoding('PORT')),
        'port of the resolver (default: 53, or 853 with TLS)',
      ),
      field('transport', 'transport', choiceCoding('udp', 'tcp', 'tls'), 'how it is asked (default: udp)'),
      field(
        'tls-name',
        'tls_name',
        orNone(textCoding('NAME', 'a host name')),
        'name that the certificate is for',
      ),
      field('recursion', 'recursion', switchCoding, 'whether recursion is asked for (default: yes)'),
      field('dnssec', 'dnssec', switchCoding, 'whether the answer must be authenticated (default: no)'),
    ],
  },
  ntp: {
    title: 'NTP',
    kind: 'ntp',
    target: ntpTarget,
    assertion: '[OFFSET] < 100',
    fields: [
      field(
        'samples',
        'samples',
        numberCoding(),
        'questions a round, of which the quickest counts (default: 4)',
      ),
      family,
    ],
  },
  tcp: {
    title: 'TCP',
    kind: 'tcp',
    target: portTarget('mail.example.org:25'),
    assertion: '[RESPONSE_TIME] < 300',
    fields: [
      field('tls', 'tls', choiceCoding('none', 'direct', 'starttls'), 'when TLS begins (default: none)'),
      field(
        'starttls',
        'starttls',
        orNone(choiceCoding('smtp', 'imap', 'pop3', 'ftp', 'ldap', 'postgresql', 'mysql', 'xmpp')),
        'protocol of STARTTLS',
      ),
      verify,
      field('banner', 'banner', switchCoding, 'whether the server speaks first (default: no)'),
      field(
        'step',
        'steps',
        membersCoding('STEP', '"send TEXT", "send-hex DIGITS" or "expect PATTERN"', step),
        '"send EHLO me\\r\\n", "send-hex 00ff" or "expect 250*"; repeated, in order',
      ),
      family,
    ],
  },
  udp: {
    title: 'UDP',
    kind: 'udp',
    target: portTarget('example.org:5060'),
    assertion: '[RESPONSE_TIME] < 300',
    fields: [
      field('payload', 'payload', escapedCoding('TEXT'), 'what is sent'),
      field(
        'encoding',
        'encoding',
        choiceCoding('text', 'hex'),
        'whether the payload is text or digits (default: text)',
      ),
      field('expect', 'expect', orNone(escapedCoding('PATTERN')), 'what the reply must hold, * for anything'),
      field('reply', 'reply', switchCoding, 'whether silence is a failure (default: yes)'),
      family,
    ],
  },
  traceroute: {
    title: 'Traceroute',
    kind: 'traceroute',
    target: hostTarget,
    assertion: '[RESPONSE_TIME] < 300',
    fields: [
      field('method', 'method', choiceCoding('icmp', 'udp', 'tcp'), 'what is sent (default: icmp)'),
      field('port', 'port', orNone(numberCoding('PORT')), 'port of udp and tcp'),
      field('hops', 'hops', numberCoding(), 'hops at most (default: 30)'),
      field('queries', 'queries', numberCoding(), 'questions a hop (default: 3)'),
      family,
    ],
  },
} as const satisfies Readonly<Record<string, KindForms>>;
export type KindName = keyof typeof kindForms;
export const kindNames = Object.keys(kindForms) as KindName[];

/** How people name the kind of a probe. */
export function nameKind(probe: Probe): KindName {
  return probe.kind === 'http' && probe.url.startsWith('https:') ? 'https' : probe.kind;
}

/** What a probe is for, as `Target.read` takes it. */
export function writeTarget(probe: Probe): string {
  switch (probe.kind) {
    case 'http':
      return probe.url;
    case 'dns':
      return probe.name;
    case 'tcp':
    case 'udp':
      return formatEndpoint(probe.host, probe.port);
    case 'ntp':
      return probe.port === ntpPort ? probe.host : formatEndpoint(probe.host, probe.port);
    case 'icmp':
    case 'traceroute':
      return probe.host;
  }
}
