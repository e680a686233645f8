import { AgingMap } from '../../base/aging-map.ts';
import type { FlowRecord, TlsRecord } from '../../wire/traffic.ts';
import { shorten } from './names.ts';
import type { EncryptedNames } from './period.ts';

/** Connections remembered between their hello and their end; the oldest is forgotten, its further bytes are not told. */
const maxFlows = 20_000;

/** What a record's transport is called here. */
const transportNames: Readonly<Record<string, string>> = { tcp: 'tls', udp: 'dtls' };

interface Remembered {
  readonly names: EncryptedNames;
  sent: number;
  received: number;
}

type Report = (names: EncryptedNames, connections: number, sent: number, received: number) => void;

/** Remembers to which site an encrypted connection goes, so that the bytes that are told of later count for it. */
export class EncryptedFlows {
  readonly #report: Report;
  readonly #byEnds = new AgingMap<string, Remembered>();

  constructor(report: Report) {
    this.#report = report;
  }

  /** A client hello. A second one of the same connection (a retry) counts no second connection. */
  begin({ src, dst, transport, sni }: TlsRecord, process: string): void {
    const ends = `${transport === 'tcp' ? 'tcp' : 'udp'} ${src} ${dst}`;
    if (this.#byEnds.has(ends)) return;
    if (this.#byEnds.size >= maxFlows) this.#byEnds.removeOldest();
    const site = sni === null || sni === '' ? dst : shorten(sni.toLowerCase());
    const names = { site, transport: transportNames[transport] ?? transport, process };
    this.#byEnds.set(ends, { names, sent: 0, received: 0 });
    this.#report(names, 1, 0, 0);
  }

  /** Totals of a connection so far. */
  progress(flow: Pick<FlowRecord, 'src' | 'dst' | 'protocol'>, sent: number, received: number): void {
    if (this.#byEnds.size === 0) return;
    const known = this.#byEnds.get(`${flow.protocol} ${flow.src} ${flow.dst}`);
    if (!known) return;
    const [moreSent, moreReceived] = [Math.max(0, sent - known.sent), Math.max(0, received - known.received)];
    known.sent += moreSent;
    known.received += moreReceived;
    if (moreSent + moreReceived > 0) this.#report(known.names, 0, moreSent, moreReceived);
  }

  end(flow: FlowRecord): void {
    if (this.#byEnds.size === 0) return;
    this.progress(flow, flow.bytes_sent, flow.bytes_received);
    this.#byEnds.delete(`${flow.protocol} ${flow.src} ${flow.dst}`);
  }
}
