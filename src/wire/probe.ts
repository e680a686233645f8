import { z } from 'zod';

/** What may be probed and how, and what a round of a probe found. Times in milliseconds, sizes in bytes. */
const count = z.number().int().min(0);
const amount = z.number().min(0);
const text = (max: number) => z.string().max(max);
const time = z.iso.datetime();
const filled = (max: number) => z.string().min(1).max(max);

/** A name of RFC 1123 (underscores allowed, as the DNS has them), or an IP address; never an option, a URL or a path. */
export const hostSchema = z
  .string()
  .max(253)
  .regex(
    /^(?:[0-9a-f:.]*:[0-9a-f:.]*(?:%[\w.-]{1,15})?|[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*\.?)$/i,
    'expected a host name or an IP address',
  );
const portSchema = z.number().int().min(1).max(65_535);
/** 4 or 6 for that family alone, null for what the name has, IPv6 and IPv4 as RFC 8305 has it. */
const family = z.union([z.literal(4), z.literal(6)]).nullable();
/** Bytes in text: as they are (`text`, UTF-8), or in hexadecimal digits. */
const encoding = z.enum(['text', 'hex']);

/** What the prefix of a URL, a header's name, may be; values of headers hold no line break. */
const headerName = z.string().regex(/^[!#$%&'*+.^`|~\w-]{1,128}$/, 'expected a header name');
const headerValue = z
  .string()
  .max(4096)
  .regex(/^[^\r\n\0]*$/, 'expected a value without line breaks');

const urlSchema = (protocols: RegExp) =>
  z.url({ protocol: protocols, error: 'expected a URL of http or https' }).max(2048);

export const httpProbeSchema = z.strictObject({
  kind: z.literal('http'),
  url: urlSchema(/^https?$/),
  method: z
    .string()
    .regex(/^[A-Z]{1,16}$/, 'expected a method in capitals')
    .default('GET'),
  headers: z.record(headerName, headerValue).default({}),
  body: text(65_536).nullable().default(null),
  /** `auto` takes HTTP/2 where ALPN offers it, and HTTP/1.1 otherwise. */
  version: z.enum(['auto', '1.1', '2']).default('auto'),
  /** Redirects that are followed at most, each hop timed. */
  redirects: z.number().int().min(0).max(5).default(5),
  /** An HTTP proxy, `http://host:port`. */
  proxy: urlSchema(/^https?$/)
    .nullable()
    .default(null),
  /** Whether a certificate that does not verify is a failure. */
  verify: z.boolean().default(true),
  family: family.default(null),
});

export const icmpProbeSchema = z.strictObject({
  kind: z.literal('icmp'),
  host: hostSchema,
  /** Echoes a round, and the time from one to the next. */
  echoes: z.number().int().min(1).max(100).default(5),
  gap_ms: z.number().int().min(1).max(10_000).default(200),
  /** Payload of an echo. */
  size: z.number().int().min(16).max(8972).default(56),
  ttl: z.number().int().min(1).max(255).default(64),
  family: family.default(null),
});

/** Record types that can be asked for by name; any other as `TYPE65` (RFC 3597). */
const recordType = z
  .string()
  .regex(/^(?:[A-Z][A-Z0-9-]{0,15}|TYPE\d{1,5})$/, 'expected a record type such as A or TYPE65');

export const dnsProbeSchema = z.strictObject({
  kind: z.literal('dns'),
  /** The name that is asked for. */
  name: hostSchema,
  type: recordType.default('A'),
  /** Who is asked; null for the machine's own resolver (resolv.conf(5)). */
  server: hostSchema.nullable().default(null),
  port: portSchema.nullable().default(null),
  transport: z.enum(['udp', 'tcp', 'tls']).default('udp'),
  /** The name that a certificate must be for, with `tls`; null for `server`. */
  tls_name: hostSchema.nullable().default(null),
  recursion: z.boolean().default(true),
  /** Whether signatures are asked for (DO) and the answer must be authenticated (AD). */
  dnssec: z.boolean().default(false),
});

export const ntpProbeSchema = z.strictObject({
  kind: z.literal('ntp'),
  host: hostSchema,
  port: portSchema.default(123),
  /** Questions a round; the answer with the least delay counts. */
  samples: z.number().int().min(1).max(8).default(4),
  family: family.default(null),
});

/** One step of a conversation: bytes to send, or a pattern (`*` for anything) that what came must hold. */
const stepSchema = z.union([
  z.strictObject({ send: text(4096), encoding: encoding.default('text') }),
  z.strictObject({ expect: filled(1024) }),
]);

export const tcpProbeSchema = z.strictObject({
  kind: z.literal('tcp'),
  host: hostSchema,
  port: portSchema,
  tls: z.enum(['none', 'direct', 'starttls']).default('none'),
  /** The protocol whose STARTTLS it is. */
  starttls: z
    .enum(['smtp', 'imap', 'pop3', 'ftp', 'ldap', 'postgresql', 'mysql', 'xmpp'])
    .nullable()
    .default(null),
  verify: z.boolean().default(true),
  /** Whether the first bytes that the server sends by itself are waited for. */
  banner: z.boolean().default(false),
  steps: z.array(stepSchema).max(32).default([]),
  family: family.default(null),
});

export const udpProbeSchema = z.strictObject({
  kind: z.literal('udp'),
  host: hostSchema,
  port: portSchema,
  payload: text(8192),
  encoding: encoding.default('text'),
  /** A pattern that the reply must hold (`*` for anything); null for any reply, or none. */
  expect: filled(1024).nullable().default(null),
  /** Whether silence is a failure; it does not mean that the port is closed. */
  reply: z.boolean().default(true),
  family: family.default(null),
});

export const tracerouteProbeSchema = z.strictObject({
  kind: z.literal('traceroute'),
  host: hostSchema,
  method: z.enum(['icmp', 'udp', 'tcp']).default('icmp'),
  /** Of `tcp`; the first of `udp`, where 33434 is the custom. */
  port: portSchema.nullable().default(null),
  hops: z.number().int().min(1).max(64).default(30),
  /** Questions a hop. */
  queries: z.number().int().min(1).max(5).default(3),
  family: family.default(null),
});

/** Kinds of probes; `http` is HTTPS as well, by its URL. */
export const probeSchema = z.discriminatedUnion('kind', [
  httpProbeSchema,
  icmpProbeSchema,
  dnsProbeSchema,
  ntpProbeSchema,
  tcpProbeSchema,
  udpProbeSchema,
  tracerouteProbeSchema,
]);
/** With all defaults in place. */
export type Probe = z.infer<typeof probeSchema>;
export type ProbeKind = Probe['kind'];
export const probeKinds = probeSchema.options.map((option) => option.shape.kind.value);
export type ProbeOf<K extends ProbeKind> = Extract<Probe, { kind: K }>;

/**
 * What a round found. `degraded` is an assertion of that severity that did not hold; `unknown` is a round that says
 * nothing of the target: the agent has no connectivity of its own, or its policy forbids the address.
 */
export const outcomes = ['up', 'degraded', 'down', 'unknown'] as const;
export const outcomeSchema = z.enum(outcomes);
export type Outcome = z.infer<typeof outcomeSchema>;

/** Parts of a round's time, in order; null for what did not take place. */
export const phasesSchema = z.strictObject({
  resolve_ms: amount.nullable(),
  connect_ms: amount.nullable(),
  tls_ms: amount.nullable(),
  /** From the request's last byte to the answer's first. */
  processing_ms: amount.nullable(),
  transfer_ms: amount.nullable(),
});
export type Phases = z.infer<typeof phasesSchema>;

/**
 * Why a round is not `up`. `code` is an errno's name (ECONNREFUSED), a resolver's or DNS answer's code (NXDOMAIN), an
 * OpenSSL or TLS alert code (CERT_HAS_EXPIRED), or one of this program: TIMEOUT, ASSERTION, FORBIDDEN_ADDRESS,
 * NO_CONNECTIVITY, KISS_OF_DEATH, UNSYNCHRONISED, NOT_AUTHENTICATED,
 * PROTOCOL, UNEXPECTED_REPLY, NO_REPLY, TOO_MANY_REDIRECTS, TOO_LARGE.
 */
export const reasonSchema = z.strictObject({
  code: filled(64),
  /** In words, for people; without credentials. */
  message: text(512),
  phase: z.enum(['resolve', 'connect', 'tls', 'processing', 'transfer', 'assertion', 'agent']),
});
export type Reason = z.infer<typeof reasonSchema>;

/** A certificate as the server sent it, the chain's first. */
export const probedCertificateSchema = z.strictObject({
  subject: text(1024),
  issuer: text(1024),
  names: z.array(text(255)).max(100),
  not_before: time,
  not_after: time,
  /** SHA-256, in hexadecimal. */
  fingerprint: text(64),
  /** Certificates in the chain. */
  chain: count,
  /** Null when it verifies, otherwise the code. */
  problem: text(64).nullable(),
});

export const hopSchema = z.strictObject({
  ttl: z.number().int().min(1).max(255),
  /** Who answered; null for nobody. More than one where the path forks. */
  addresses: z.array(text(64)).max(5),
  name: text(253).nullable(),
  rtt_ms: z.array(amount.nullable()).max(5),
});

/** What else there is to tell, by kind; all of it is bounded, and bodies are never kept. */
export const detailSchema = z.strictObject({
  status: count.optional(),
  http_version: text(8).optional(),
  bytes: count.optional(),
  redirects: z
    .array(z.strictObject({ url: text(2048), status: count, duration_ms: amount }))
    .max(5)
    .optional(),
  certificate: probedCertificateSchema.optional(),
  tls_version: text(16).optional(),
  alpn: text(16).optional(),
  rcode: text(32).optional(),
  answers: z
    .array(z.strictObject({ name: text(255), type: text(16), ttl: count, data: text(1024) }))
    .max(64)
    .optional(),
  flags: z.array(text(8)).max(8).optional(),
  banner: text(512).optional(),
  reply: text(512).optional(),
  ntp: z
    .strictObject({
      offset_ms: z.number(),
      delay_ms: z.number(),
      stratum: count,
      root_delay_ms: z.number(),
      root_dispersion_ms: z.number(),
      leap: z.enum(['none', 'insert', 'delete', 'unsynchronised']),
      reference: text(64),
    })
    .optional(),
  ttl: count.optional(),
  hops: z.array(hopSchema).max(64).optional(),
  /** Whether the path is another than in the round before. */
  path_changed: z.boolean().optional(),
});
export type Detail = z.infer<typeof detailSchema>;

/** One round of a probe. */
export const probeResultSchema = z.strictObject({
  /** When it began. */
  at: time,
  outcome: outcomeSchema,
  duration_ms: amount,
  /** Null when it is up. */
  reason: reasonSchema.nullable(),
  /** Tries it took, the first among them. */
  attempts: z.number().int().min(1).max(10),
  /** `ip:port`, or an address alone where there are no ports; null when none was reached for. */
  address: text(64).nullable(),
  phases: phasesSchema,
  /** Round-trip times of all echoes of the round in order, null for a lost one; one time for what has no echoes. */
  echoes: z.array(amount.nullable()).max(100),
  detail: detailSchema,
});
export type ProbeResult = z.infer<typeof probeResultSchema>;
