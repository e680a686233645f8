/**
 * What traffic inspection yields, one record each. Field names are the public ones of `netmon replay --json`; `ts` is
 * RFC 3339 with milliseconds, `src` and `dst` are client and server as `ip:port`, with port 0 where there are none.
 */

/** A request with its answer. `method` is null when only the answer was seen, `status` when there was none. */
export interface HttpRecord {
  readonly type: 'http';
  readonly ts: string;
  readonly src: string;
  readonly dst: string;
  readonly method: string | null;
  readonly host: string | null;
  /** The request target as sent: origin form, absolute form or authority. */
  readonly path: string | null;
  readonly status: number | null;
  /** Of the bodies, as transferred. */
  readonly request_bytes: number;
  readonly response_bytes: number;
  /** From the last byte of the request's head to the first of the answer's; null when unanswered. */
  readonly duration_ms: number | null;
  readonly version: '0.9' | '1.0' | '1.1' | '2';
  readonly user_agent: string | null;
  readonly content_type: string | null;
}

/** One question. `rcode` is null when it was not answered. */
export interface DnsRecord {
  readonly type: 'dns';
  readonly ts: string;
  readonly src: string;
  readonly dst: string;
  readonly transport: 'udp' | 'tcp' | 'mdns' | 'llmnr';
  readonly id: number;
  readonly query: string;
  /** Name of the type as in the registry of IANA (`A`, `AAAA`, `HTTPS`), `TYPE123` for one without a name. */
  readonly qtype: string;
  readonly rcode: string | null;
  readonly answers: readonly DnsAnswer[];
  /** From question to answer; null when either was not seen. */
  readonly duration_ms: number | null;
}

export interface DnsAnswer {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  /** Address, name or text, by type; hex for a type that is not known. */
  readonly data: string;
}

/** A client hello, with what the server chose when it was seen. */
export interface TlsRecord {
  readonly type: 'tls';
  readonly ts: string;
  readonly src: string;
  readonly dst: string;
  /** `udp` is DTLS. */
  readonly transport: 'tcp' | 'quic' | 'udp';
  /** `1.0` to `1.3`, `SSL 3.0` or `DTLS 1.2`: what was agreed on, or the highest that was offered. */
  readonly version: string | null;
  readonly sni: string | null;
  /** The protocol agreed on where it was seen, otherwise the first that was offered. */
  readonly alpn: string | null;
  readonly ja4: string | null;
  /** Name of the cipher suite agreed on, as in the registry of IANA (`0x1234` for one that is rare); absent before that. */
  readonly cipher?: string;
  /** Of the certificate, which only TLS up to 1.2 shows. */
  readonly certificate: CertificateSummary | null;
  /** Set where the hello has another one encrypted in it (or, in browsers, a decoy of one): `sni` may be a cover. */
  readonly ech?: true;
}

export interface CertificateSummary {
  readonly subject: string;
  readonly issuer: string;
  readonly names: readonly string[];
  readonly not_before: string;
  readonly not_after: string;
}

/** How well packets passed, from what was seen of them; null where nothing could be measured. */
export interface FlowQuality {
  /** From the client's SYN to its ACK: the client's round trip, wherever it was captured. */
  readonly handshake_ms: number | null;
  /** From the capture to the server and back (SYN to SYN-ACK), and to the client and back (SYN-ACK to ACK). */
  readonly server_rtt_ms: number | null;
  readonly client_rtt_ms: number | null;
  /** From payload to its acknowledgment, smoothed, for both ways together. */
  readonly rtt_ms: number | null;
  /** How much round trips differ from one to the next, as RFC 3550 section 6.4.1 has it. */
  readonly jitter_ms: number | null;
  /** From the client's first payload to the server's. */
  readonly first_byte_ms: number | null;
  readonly retransmissions: number;
  readonly out_of_order: number;
  readonly duplicate_acks: number;
  readonly zero_windows: number;
  /** Payload bytes that were not in the capture. */
  readonly missing_bytes: number;
  /** Share of segments that had to be sent again, 0 to 1. */
  readonly loss: number | null;
}

export interface FlowRecord {
  readonly type: 'flow';
  readonly ts: string;
  readonly src: string;
  readonly dst: string;
  /** `tcp`, `udp`, `icmp`, `icmpv6`, `arp` ..., or the number of an IP protocol. */
  readonly protocol: string;
  readonly application: string | null;
  /** What the application was told by: its payload, or the port alone. */
  readonly by: 'payload' | 'port' | null;
  readonly packets_sent: number;
  readonly packets_received: number;
  /** As on the wire from the network layer on. */
  readonly bytes_sent: number;
  readonly bytes_received: number;
  readonly duration_ms: number;
  /** TCP: `SYN_SENT`, `SYN_RECV`, `ESTABLISHED`, `FIN_WAIT1`, `CLOSED`; null without states. */
  readonly state: string | null;
  /** An errno's name: what the client's program would have been told. */
  readonly error: string | null;
  readonly quality: FlowQuality | null;
}

export interface AlertRecord {
  readonly type: 'alert';
  readonly ts: string;
  /** `hits` (HTTP requests) or `bandwidth`. */
  readonly kind: 'hits' | 'bandwidth';
  /** What it is about: `all`, `interface:NAME`, `process:NAME` or `site:NAME`. */
  readonly scope: string;
  readonly state: 'raised' | 'recovered';
  /** At that moment, and what it is held against: hits in the window, or bytes per second on average over it. */
  readonly value: number;
  readonly threshold: number;
  readonly window_ms: number;
  /** Of the alert, once recovered. */
  readonly duration_ms: number | null;
  readonly message: string;
}

export interface SummaryRecord {
  readonly type: 'summary';
  readonly packets: number;
  readonly bytes: number;
  readonly malformed: number;
  readonly flows: number;
  /** Where and how the file is damaged. */
  readonly error: string | null;
}

/** What the application decoders yield. */
export type ApplicationRecord = HttpRecord | DnsRecord | TlsRecord;
export type TrafficRecord = ApplicationRecord | FlowRecord | AlertRecord | SummaryRecord;
