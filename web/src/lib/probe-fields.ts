import type { ProbeKind } from '../../../src/wire/probe.ts';

/** How a field of a probe is typed in, and what stands for it while nothing is. */
export interface ProbeField {
  /** As the wire calls it. */
  readonly name: string;
  readonly label: string;
  readonly type: 'text' | 'number' | 'choice' | 'check' | 'area' | 'headers' | 'steps';
  readonly help?: string;
  readonly placeholder?: string;
  readonly initial: string | boolean;
  /** Of a choice; the first text is the value. */
  readonly options?: readonly (readonly [value: string, label: string])[];
  /** Nothing typed in is null rather than left out. */
  readonly nullable?: boolean;
  /** Stands among what is seldom changed. */
  readonly rare?: boolean;
}

const same = (values: readonly string[]): (readonly [string, string])[] =>
  values.map((value) => [value, value]);
const host = (placeholder: string): ProbeField => ({
  name: 'host',
  label: 'Host',
  type: 'text',
  placeholder,
  initial: '',
});
const number = (
  name: string,
  label: string,
  initial: string,
  more: Partial<ProbeField> = {},
): ProbeField => ({
  name,
  label,
  type: 'number',
  initial,
  ...more,
});
const check = (
  name: string,
  label: string,
  initial: boolean,
  more: Partial<ProbeField> = {},
): ProbeField => ({
  name,
  label,
  type: 'check',
  initial,
  ...more,
});
const family: ProbeField = {
  name: 'family',
  label: 'Addresses',
  type: 'choice',
  options: [
    ['', 'IPv6 and IPv4'],
    ['4', 'IPv4 alone'],
    ['6', 'IPv6 alone'],
  ],
  initial: '',
  nullable: true,
  rare: true,
};

/** What can be said of each kind of probe, in the order of the form. */
export const probeFields: Readonly<Record<ProbeKind, readonly ProbeField[]>> = {
  http: [
    { name: 'url', label: 'URL', type: 'text', placeholder: 'https://shop.example/', initial: '' },
    {
      name: 'method',
      label: 'Method',
      type: 'choice',
      options: same(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']),
      initial: 'GET',
    },
    {
      name: 'headers',
      label: 'Headers',
      type: 'headers',
      placeholder: 'Accept: application/json',
      help: 'One a line, as Name: value.',
      initial: '',
      rare: true,
    },
    { name: 'body', label: 'Body', type: 'area', initial: '', nullable: true, rare: true },
    {
      name: 'version',
      label: 'HTTP version',
      type: 'choice',
      options: [
        ['auto', 'HTTP/2 where offered'],
        ['1.1', 'HTTP/1.1'],
        ['2', 'HTTP/2'],
      ],
      initial: 'auto',
      rare: true,
    },
    number('redirects', 'Redirects followed', '5', { rare: true }),
    {
      name: 'proxy',
      label: 'Proxy',
      type: 'text',
      placeholder: 'http://proxy.example:3128',
      initial: '',
      nullable: true,
      rare: true,
    },
    check('verify', 'The certificate must verify', true, { rare: true }),
    family,
  ],
  icmp: [
    host('router.example or 192.0.2.1'),
    number('echoes', 'Echoes a round', '5'),
    number('gap_ms', 'Time between echoes, ms', '200', { rare: true }),
    number('size', 'Payload, bytes', '56', { rare: true }),
    number('ttl', 'TTL', '64', { rare: true }),
    family,
  ],
  dns: [
    { name: 'name', label: 'Name asked for', type: 'text', placeholder: 'shop.example', initial: '' },
    { name: 'type', label: 'Record type', type: 'text', placeholder: 'A', initial: 'A' },
    {
      name: 'server',
      label: 'Server',
      type: 'text',
      placeholder: "the machine's own resolver",
      initial: '',
      nullable: true,
    },
    {
      name: 'transport',
      label: 'Over',
      type: 'choice',
      options: [
        ['udp', 'UDP'],
        ['tcp', 'TCP'],
        ['tls', 'TLS'],
      ],
      initial: 'udp',
    },
    number('port', 'Port', '', { nullable: true, placeholder: '53, or 853 with TLS', rare: true }),
    {
      name: 'tls_name',
      label: 'Name in the certificate',
      type: 'text',
      placeholder: "the server's",
      initial: '',
      nullable: true,
      rare: true,
    },
    check('recursion', 'Ask for recursion', true, { rare: true }),
    check('dnssec', 'The answer must be authenticated (DNSSEC)', false, { rare: true }),
  ],
  ntp: [
    host('pool.ntp.example'),
    number('port', 'Port', '123', { rare: true }),
    number('samples', 'Questions a round', '4', { rare: true }),
    family,
  ],
  tcp: [
    host('mail.example'),
    number('port', 'Port', '', { placeholder: '25' }),
    {
      name: 'tls',
      label: 'TLS',
      type: 'choice',
      options: [
        ['none', 'none'],
        ['direct', 'from the first byte'],
        ['starttls', 'by STARTTLS'],
      ],
      initial: 'none',
    },
    {
      name: 'starttls',
      label: 'STARTTLS of',
      type: 'choice',
      options: [['', '–'], ...same(['smtp', 'imap', 'pop3', 'ftp', 'ldap', 'postgresql', 'mysql', 'xmpp'])],
      initial: '',
      nullable: true,
    },
    check('banner', 'Wait for a banner', false),
    {
      name: 'steps',
      label: 'Conversation',
      type: 'steps',
      placeholder: 'send: EHLO probe\\r\\n\nexpect: 250*',
      help: 'A step a line: send: text (with \\r\\n), sendhex: 0d0a, or expect: pattern (* for anything).',
      initial: '',
      rare: true,
    },
    check('verify', 'The certificate must verify', true, { rare: true }),
    family,
  ],
  udp: [
    host('game.example'),
    number('port', 'Port', '', { placeholder: '3478' }),
    { name: 'payload', label: 'Payload', type: 'area', initial: '' },
    {
      name: 'encoding',
      label: 'Payload is',
      type: 'choice',
      options: [
        ['text', 'text'],
        ['hex', 'hexadecimal'],
      ],
      initial: 'text',
    },
    {
      name: 'expect',
      label: 'Expected reply',
      type: 'text',
      placeholder: 'any, or a pattern with *',
      initial: '',
      nullable: true,
    },
    check('reply', 'Silence is a failure', true),
    family,
  ],
  traceroute: [
    host('shop.example'),
    {
      name: 'method',
      label: 'By',
      type: 'choice',
      options: [
        ['icmp', 'ICMP'],
        ['udp', 'UDP'],
        ['tcp', 'TCP'],
      ],
      initial: 'icmp',
    },
    number('port', 'Port', '', { nullable: true, placeholder: 'of TCP; the first of UDP', rare: true }),
    number('hops', 'Hops at most', '30', { rare: true }),
    number('queries', 'Questions a hop', '3', { rare: true }),
    family,
  ],
};
