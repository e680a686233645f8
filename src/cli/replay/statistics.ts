import { parseTime } from '../../base/time.ts';
import { EncryptedFlows } from '../../rules/statistics/encrypted-flows.ts';
import { isWebRequest } from '../../rules/statistics/names.ts';
import { Period } from '../../rules/statistics/period.ts';
import type {
  AlertRecord,
  FlowRecord,
  HttpRecord,
  SummaryRecord,
  TlsRecord,
  TrafficRecord,
} from '../../wire/traffic.ts';
import { Timeline } from './timeline.ts';
import { TopNames } from './top-names.ts';

/** Alerts that are shown. */
const maxAlerts = 1000;

const makeTraffic = (): { flows: number; sent: number; received: number } => ({
  flows: 0,
  sent: 0,
  received: 0,
});
const weighTraffic = ({ sent, received }: { sent: number; received: number }): number => sent + received;
const makeCount = (): { count: number } => ({ count: 0 });
const weighCount = ({ count }: { count: number }): number => count;

/** Everything that the summary and the report say of a capture, in bounded memory. */
export class ReplayStatistics {
  readonly timeline = new Timeline();
  /** The web, encrypted sites and DNS over the whole file. */
  readonly period = new Period(0);
  /** By application and what it was told by, as `http payload`; the protocol where there is none. */
  readonly applications = new TopNames(makeTraffic, weighTraffic);
  /** By address, `sent` being what came from it. */
  readonly talkers = new TopNames(makeTraffic, weighTraffic);
  /** By errno and destination, as `ECONNREFUSED 192.0.2.1:80`. */
  readonly errors = new TopNames(makeCount, weighCount);
  readonly tlsVersions = new TopNames(makeCount, weighCount);
  readonly fingerprints = new TopNames(makeCount, weighCount);
  readonly alerts: AlertRecord[] = [];
  readonly quality = { retransmissions: 0, outOfOrder: 0, missingBytes: 0, zeroWindows: 0 };
  readonly #encrypted = new EncryptedFlows((names, ...amounts) =>
    this.period.addEncrypted(names, ...amounts),
  );

  addPacket(timeMs: number, bytes: number): void {
    const slot = this.timeline.at(timeMs);
    slot.packets++;
    slot.bytes += bytes;
  }

  add(record: Exclude<TrafficRecord, SummaryRecord>): void {
    if (record.type === 'http') this.#addHttp(record);
    else if (record.type === 'dns') this.period.addDns(record, '');
    else if (record.type === 'tls') this.#addTls(record);
    else if (record.type === 'flow') this.#addFlow(record);
    else if (this.alerts.length < maxAlerts) this.alerts.push(record);
  }

  #addHttp(record: HttpRecord): void {
    if (!isWebRequest(record)) return;
    this.period.addHttp(record, '');
    const slot = this.timeline.at(parseTime(record.ts));
    const status = record.status;
    if (status === null) slot.unanswered++;
    else if (status >= 500) slot.serverErrors++;
    else if (status >= 400) slot.clientErrors++;
    else slot.hits++;
  }

  #addTls(record: TlsRecord): void {
    this.#encrypted.begin(record, '');
    this.tlsVersions.of(nameVersion(record)).count++;
    if (record.ja4 !== null) this.fingerprints.of(record.ja4).count++;
  }

  #addFlow(flow: FlowRecord): void {
    this.#encrypted.end(flow);
    const name = flow.application === null ? flow.protocol : `${flow.application} ${flow.by}`;
    addTraffic(this.applications.of(name), flow.bytes_sent, flow.bytes_received);
    addTraffic(this.talkers.of(hostOf(flow.src)), flow.bytes_sent, flow.bytes_received);
    if (flow.dst !== flow.src)
      addTraffic(this.talkers.of(hostOf(flow.dst)), flow.bytes_received, flow.bytes_sent);
    if (flow.error !== null) this.errors.of(`${flow.error} ${flow.dst}`).count++;
    if (!flow.quality) return;
    this.quality.retransmissions += flow.quality.retransmissions;
    this.quality.outOfOrder += flow.quality.out_of_order;
    this.quality.missingBytes += flow.quality.missing_bytes;
    this.quality.zeroWindows += flow.quality.zero_windows;
  }
}

function addTraffic(amounts: ReturnType<typeof makeTraffic>, sent: number, received: number): void {
  amounts.flows++;
  amounts.sent += sent;
  amounts.received += received;
}

/** A version that is no name by itself is one of TLS. */
function nameVersion({ transport, version }: TlsRecord): string {
  const name = version !== null && /^\d/.test(version) ? `TLS ${version}` : (version ?? 'unknown');
  return transport === 'quic' ? `QUIC with ${name}` : name;
}

/** The address of `ip:port` or `[ip6]:port`. */
function hostOf(endpoint: string): string {
  const host = endpoint.slice(0, endpoint.lastIndexOf(':'));
  return host.startsWith('[') ? host.slice(1, -1) : host;
}
