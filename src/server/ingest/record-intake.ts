import { NetmonError } from '../../base/errors.ts';
import type { Reporter } from '../../platform/reporter.ts';
import type { Store, StoreRecord } from '../../store/store.ts';
import type { DurableRecord, ServerMessage } from '../../wire/link.ts';
import type { MonitorResult } from '../../wire/monitor.ts';
import type { AgentMirror } from '../live/agent-mirror.ts';
import type { Mirror, RecordIdentity } from '../live/mirror.ts';
import type { MonitorSink } from '../monitors/ports.ts';
import { checkSequence, nameRemote, type RecordsMessage } from './messages.ts';
import { changesAlerts, showAlerts } from './shown-alerts.ts';
import type { StoreGuard } from './store-guard.ts';
import { countTraffic } from './traffic-metrics.ts';

export interface IntakeParts {
  readonly store: Store;
  readonly mirror: Mirror;
  readonly reporter: Reporter;
  /** Who is told of rounds of monitors. */
  readonly monitors?: MonitorSink;
}

/** Whose records they are; `mirror` gives null once the connection has ended. */
export interface RecordSource {
  readonly agent: string;
  readonly epoch: string;
  readonly mirror: () => AgentMirror | null;
  /** The agent's clock less the server's, ms; null while that is not known. */
  readonly clockOffsetMs: () => number | null;
}

/** What a records frame holds beside the records themselves, which alone count as credit. */
const envelopeLength = 64 * 1024;

/** The durable records of one connection, from the frame to the acknowledgement, and the credit for them. */
export class RecordIntake {
  readonly #parts: IntakeParts;
  readonly #guard: StoreGuard;
  readonly #credit: () => number;
  /** The next sequence number; null before the first record of an epoch that is new to the store. */
  #expected: number | null = null;
  /** Length of the records that wait for the store, and the most that was ever allowed. */
  #pendingLength = 0;
  #granted = 0;

  /** `credit` is the length of records that may be under way, as things are now. */
  constructor(parts: IntakeParts, guard: StoreGuard, credit: () => number) {
    this.#parts = parts;
    this.#guard = guard;
    this.#credit = credit;
  }

  /** Whether credit was ever granted. */
  get isOpen(): boolean {
    return this.#granted > 0;
  }

  /** Goes on from the highest number that is committed, -1 for none. */
  begin(committed: number): void {
    this.#expected = committed < 0 ? null : committed + 1;
  }

  /** What the agent is allowed from now on. */
  grant(): number {
    const credit = this.#credit();
    this.#granted = Math.max(this.#granted, credit);
    return credit;
  }

  /** Counts a frame that has come. Throws NM_VALIDATION for another epoch, NM_RATE for more than was granted. */
  admit({ epoch }: RecordsMessage, source: Pick<RecordSource, 'epoch'>, length: number): void {
    if (epoch !== source.epoch) throw new NetmonError('NM_VALIDATION', 'epoch: not the one of hello');
    const isAlone = this.#pendingLength === 0;
    this.#pendingLength += length;
    if (isAlone || this.#pendingLength <= this.#granted + envelopeLength) return;
    throw new NetmonError('NM_RATE', 'records: more than there was credit for');
  }

  /** Stores a frame and gives the acknowledgement, which is due once this resolves. */
  async commit(
    message: RecordsMessage,
    source: RecordSource,
    length: number,
  ): Promise<Extract<ServerMessage, { kind: 'ack' }>> {
    const { epoch, first, records } = message;
    checkSequence(message, this.#expected);
    const skip = Math.max(0, (this.#expected ?? first) - first);
    if (skip < records.length) await this.#store(records.slice(skip), first + skip, source);
    this.#pendingLength -= length;
    return { kind: 'ack', epoch, seq: first + records.length - 1, credit: this.grant() };
  }

  async #store(fresh: readonly DurableRecord[], first: number, source: RecordSource): Promise<void> {
    const { store, reporter } = this.#parts;
    const identities = fresh.map((record) => this.#identify(record, source));
    const records = fresh.map((record, i): StoreRecord => {
      if (record.kind !== 'connection') return record;
      const identity = identities[i];
      return { kind: 'connection', id: identity?.id, connection: nameRemote(record.connection, identity) };
    });
    const { agent, epoch } = source;
    const { ids } = await this.#guard.insist(
      () => store.insertReported({ agent, epoch, first, records }),
      () => source.mirror() !== null,
    );
    this.#expected = first + records.length;
    this.#show(source, fresh, ids, identities);
    this.#tellRounds(source, fresh, ids);
    for (const record of fresh) countTraffic(reporter.metrics, record);
    if (fresh.some(changesAlerts)) await showAlerts(this.#parts);
  }

  #identify(record: DurableRecord, source: RecordSource): RecordIdentity | null {
    const mirror = source.mirror();
    if (record.kind !== 'connection' || !mirror) return null;
    return this.#parts.mirror.identify(mirror, record.key, record.connection);
  }

  #show(
    source: RecordSource,
    records: readonly DurableRecord[],
    ids: readonly (number | null)[],
    identities: readonly (RecordIdentity | null)[],
  ): void {
    const mirror = source.mirror();
    for (const [i, record] of records.entries()) {
      const id = ids[i];
      const identity = identities[i];
      if (record.kind === 'gap') this.#parts.mirror.countLost(record.lost);
      if (record.kind !== 'connection' || id === null || !identity || !mirror) continue;
      this.#parts.mirror.recorded(mirror, { id, key: record.key }, record.connection, identity);
    }
  }

  #tellRounds(
    source: RecordSource,
    records: readonly DurableRecord[],
    ids: readonly (number | null)[],
  ): void {
    const results: MonitorResult[] = [];
    let last = 0;
    for (const [i, record] of records.entries()) {
      const id = ids[i];
      if (record.kind !== 'probe' || id === null) continue;
      results.push(record.result);
      last = id;
    }
    if (results.length > 0)
      this.#parts.monitors?.committed(source.agent, results, last, source.clockOffsetMs() ?? 0);
  }
}
