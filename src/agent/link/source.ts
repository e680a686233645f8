import type {
  AlertKey,
  DurableRecord,
  LiveFrame,
  PacketsAnswer,
  PacketsQuestion,
  SavedPiece,
} from '../../wire/link.ts';
import type { SensorStatus } from '../../wire/machine.ts';
import type { AlertSettings } from '../../wire/traffic-schema.ts';

/** A live frame without what the link itself adds. */
export type SourceFrame = Omit<LiveFrame, 'kind' | 'sync'>;

/** What the link asks of the sensors. Both are called on the event loop and must answer from memory at once. */
export interface LiveSource {
  /**
   * What changed since the last call, or with `full` everything that is. The link calls it each time a frame is due
   * (10 times a second while somebody looks, once a second otherwise) and not at all without a server, so what has
   * not been taken must be merged and bounded, never queued. The frame belongs to the link afterwards.
   */
  takeFrame(full: boolean): SourceFrame;

  /**
   * Whether the last frame could not hold all that there is to tell. The link then takes the next ones as soon as the
   * network has taken this one. A source without it always tells all.
   */
  hasMore?(): boolean;

  /** What each sensor can do here and why not more; sent in `hello`. */
  sensors(): readonly SensorStatus[];

  /** What alerts are to be held against from now on, told after each welcome. A source without it raises none. */
  configure?(alerts: AlertSettings): void;

  /** The packets of a connection, or why there are none. A source without it keeps none. */
  packets?(question: PacketsQuestion): Promise<PacketsAnswer>;

  /** A piece of the packets saved at an alert, from that offset on. A source without it saves none. */
  savedPackets?(alert: AlertKey, offset: number): Promise<SavedPiece>;

  /**
   * Has `listener` called after each reading of the kernel (every 100 ms), so that a frame leaves with what was just
   * read instead of waiting for another timer. A source without it is asked by the link's own timer, and then a take
   * should read the kernel first.
   */
  onReading?(listener: () => void): void;
}

/** Where the sensors put what must not be lost. */
export interface RecordSink {
  /**
   * Keeps a record until a server has committed it. Never throws and never blocks: beyond the spool's cap the oldest
   * records are lost, counted, and a `gap` record says how many.
   */
  record(record: DurableRecord): void;
}
