import type { CertificateSummary, FlowQuality, TrafficRecord } from '../../wire/traffic.ts';
import { csvRecord } from '../csv.ts';
import type { ReplayOutput } from './output.ts';

export type RecordType = TrafficRecord['type'];

/** A cell of each record: the field of that name, or what is made of a nested one. */
type Fields = Readonly<Record<string, (record: never) => unknown>>;

const field = (name: string) => (record: Readonly<Record<string, unknown>>) => record[name];
const fields = (names: string): Fields =>
  Object.fromEntries(names.split(' ').map((name) => [name, field(name)]));
const ofCertificate =
  (name: keyof CertificateSummary) => (record: { certificate: CertificateSummary | null }) =>
    record.certificate?.[name];
const ofQuality = (name: keyof FlowQuality) => (record: { quality: FlowQuality | null }) =>
  record.quality?.[name];

/** Columns by type of record, after those that all have in common. */
const columns: Readonly<Record<RecordType, Fields>> = {
  http: fields(
    'src dst method host path status request_bytes response_bytes duration_ms version user_agent content_type',
  ),
  dns: {
    ...fields('src dst transport id query qtype rcode duration_ms'),
    answers: (record: { answers: readonly { data: string }[] }) => record.answers.map(({ data }) => data),
  },
  tls: {
    ...fields('src dst transport version sni alpn ja4'),
    certificate_subject: ofCertificate('subject'),
    certificate_issuer: ofCertificate('issuer'),
    certificate_names: ofCertificate('names'),
    certificate_not_before: ofCertificate('not_before'),
    certificate_not_after: ofCertificate('not_after'),
  },
  flow: {
    ...fields(
      'src dst protocol application by packets_sent packets_received bytes_sent bytes_received duration_ms state error',
    ),
    handshake_ms: ofQuality('handshake_ms'),
    first_byte_ms: ofQuality('first_byte_ms'),
    retransmissions: ofQuality('retransmissions'),
    out_of_order: ofQuality('out_of_order'),
    duplicate_acks: ofQuality('duplicate_acks'),
    zero_windows: ofQuality('zero_windows'),
    missing_bytes: ofQuality('missing_bytes'),
    jitter_ms: ofQuality('jitter_ms'),
  },
  alert: fields('kind scope state value threshold window_ms duration_ms message'),
  summary: fields('packets bytes malformed flows error'),
};

export const recordTypes = Object.keys(columns) as readonly RecordType[];

/**
 * One table: a record a line, with the columns of all types that are asked for, `type` and `ts` first. A column that a
 * type does not have is empty in its lines.
 */
export function makeCsvOutput(types: readonly RecordType[], write: (text: string) => void): ReplayOutput {
  const names = [...new Set(['type', 'ts', ...types.flatMap((type) => Object.keys(columns[type]))])];
  const cells = new Map(
    types.map((type) => [type, names.map((name) => columns[type][name] ?? field(name))] as const),
  );
  write(csvRecord(names));
  const line = (record: TrafficRecord): void => {
    const makers = cells.get(record.type);
    if (makers) write(csvRecord(makers.map((make) => make(record as never))));
  };
  return { record: line, finish: line };
}
