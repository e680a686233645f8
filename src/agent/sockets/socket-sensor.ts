import { describeError } from '../../base/errors.ts';
import type { Reporter } from '../../platform/reporter.ts';
import { readJiffyMs } from '../../sys/jiffies.ts';
import type { ReportedConnection } from '../../wire/connection.ts';
import type { Losses, SensorStatus } from '../../wire/machine.ts';
import type { Clock } from './describe.ts';
import { defaultFoldOptions } from './fold.ts';
import { type ConnectionChanges, LiveChanges } from './live-changes.ts';
import type { Owners } from './owner.ts';
import type { ExecEvent, ExitEvent } from './process-events.ts';
import { Recorder } from './recorder.ts';
import type { SlotSource } from './slot-source.ts';
import type { TrackedConnection } from './tracked.ts';
import { type Totals, Tracker, type TrackerListener } from './tracker.ts';

/** How often all sockets are looked over for what no event tells: payload spliced out of a socket. */
const refreshMs = 30_000;

/** Who follows connections beside their listeners: each that opened, and each that ended, once. */
export interface ConnectionWatcher {
  opened(connection: TrackedConnection): void;
  /** With `lingers` it stays on show in TIME_WAIT. */
  ended(connection: TrackedConnection, lingers: boolean): void;
}

export interface SocketSensorDeps {
  readonly owners: Owners;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly isLocalAddress: (ip: string) => boolean;
  /** Told of connections for what inspection finds in them. */
  readonly watcher?: ConnectionWatcher;
  readonly onProcessEvent: (event: ExecEvent | ExitEvent) => void;
  /** Keeps a row for good; `key` names the live connection that it stands for, if one was shown. */
  readonly record: (row: ReportedConnection, key: number | null) => void;
}

/** The sensor of connections: from the kernel's counters to live changes and rows to keep. */
export class SocketSensor implements Disposable {
  readonly #source: SlotSource;
  readonly #tracker: Tracker;
  readonly #live: LiveChanges;
  readonly #recorder: Recorder;
  readonly #deps: SocketSensorDeps;
  #refreshedMs = 0;

  /** Takes the source over, and disposes of it in the end. */
  constructor(source: SlotSource, deps: SocketSensorDeps) {
    this.#deps = deps;
    this.#live = new LiveChanges(deps.clock);
    this.#recorder = new Recorder(deps.clock, defaultFoldOptions, deps.record);
    this.#source = source;
    this.#tracker = new Tracker({
      slots: source.slots,
      owners: deps.owners,
      isLocalAddress: deps.isLocalAddress,
      jiffyMs: readJiffyMs(),
      listener: this.#makeListener(),
    });
  }

  get totals(): Readonly<Totals> {
    return this.#tracker.totals;
  }

  /** One reading. `nowNs` is CLOCK_BOOTTIME; the time since the last reading is `elapsedMs`. */
  tick(nowNs: number, elapsedMs: number): void {
    const nowMs = nowNs / 1e6;
    if (nowMs - this.#refreshedMs >= refreshMs) this.#refresh(nowMs);
    this.#source.poll(nowNs);
    this.#source.drainProcessEvents(this.#deps.onProcessEvent);
    this.#tracker.tick(nowNs, elapsedMs);
    this.#recorder.tick(nowMs);
  }

  /** Has what is said of an open connection told anew. */
  revise(connection: TrackedConnection): void {
    this.#live.revised(connection);
  }

  /** Whether the next changes hold all, asked for or not. */
  get overflowed(): boolean {
    return this.#live.overflowed;
  }

  /** Whether more is to be taken soon, since changes are of bounded size. */
  get hasMore(): boolean {
    return this.#live.hasMore;
  }

  /** What changed since the last call, or with `full` all, of which the first part. */
  takeChanges(full: boolean, nowMs: number): ConnectionChanges {
    return this.#live.take(full, (visit) => this.#tracker.forEach(visit), nowMs);
  }

  /** What the sensor can do here, with a reason once a socket found no room. */
  status(): SensorStatus {
    const status = this.#source.status();
    if (this.#source.slots.counter('lost_slots') === 0) return status;
    const { size } = this.#source.slots;
    const reasons = [status.reason, `sockets found none of the ${size} slots free, and are not shown`];
    const remedies = [status.remedy, 'a higher --max-sockets'];
    return { ...status, reason: joinTexts(reasons), remedy: joinTexts(remedies) };
  }

  /** Exact counts of what found no room. */
  losses(): Losses {
    const { slots } = this.#source;
    return {
      sockets_without_slot: slots.counter('lost_slots'),
      datagrams_without_slot: slots.counter('lost_datagrams'),
      datagrams_of_too_many_peers: slots.counter('lost_peers'),
      half_open_connections: slots.counter('lost_half_open'),
      process_events: slots.counter('lost_process_events'),
      calls_not_followed: slots.counter('lost_calls'),
      time_wait_not_shown: this.#tracker.evicted + slots.counter('lost_time_wait'),
      ends_not_seen: this.#tracker.endsNotSeen,
    };
  }

  /** Takes the sensor out of the kernel, after a last reading. */
  [Symbol.dispose](): void {
    this.#recorder.finish(this.#tracker.nowMs);
    this.#source[Symbol.dispose]();
  }

  #refresh(nowMs: number): void {
    this.#refreshedMs = nowMs;
    try {
      const sweep = this.#source.refresh();
      if (sweep > 0) this.#tracker.endUnfound(sweep);
    } catch (thrown) {
      this.#deps.reporter.error('unable to look over the open sockets', { error: describeError(thrown) });
    }
  }

  #makeListener(): TrackerListener {
    const live = this.#live;
    const recorder = this.#recorder;
    const { watcher } = this.#deps;
    const nowMs = (): number => this.#tracker.nowMs;
    return {
      onOpened: (connection) => {
        watcher?.opened(connection);
        live.opened(connection);
      },
      onChanged: (connection) => live.changed(connection),
      onRevised: (connection) => live.revised(connection),
      onFailed: (connection, count) => recorder.failed(connection, count, nowMs()),
      onEnded: (connection, lingers) => {
        watcher?.ended(connection, lingers);
        recorder.ended(connection, lingers, nowMs());
        if (lingers) live.changed(connection);
      },
      onPassed: (connection) => {
        watcher?.ended(connection, false);
        recorder.ended(connection, false, nowMs());
      },
      onGone: (connection) => live.gone(connection),
    };
  }
}

const joinTexts = (texts: readonly (string | null)[]): string =>
  texts
    .filter((text) => text !== null)
    .join('; ')
    .slice(0, 512);
