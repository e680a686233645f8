import type { Connection } from '../../wire/connection.ts';
import type { AlertKey, PacketsAnswer } from '../../wire/link.ts';
import type { LiveStats } from '../../wire/live.ts';
import type {
  InterfaceRow,
  Losses,
  ProcessRow,
  Sample,
  SensorStatus,
  SystemRow,
} from '../../wire/machine.ts';
import type { AlertSettings } from '../../wire/traffic-schema.ts';

/** What the server knows of an agent; `system` is null until the first live frame. */
export interface AgentState {
  readonly agent: string;
  readonly version: string;
  readonly kernel: string;
  readonly os: string;
  readonly connected: boolean;
  /** RFC 3339 time of the newest message; null before the first. */
  readonly last_seen: string | null;
  readonly sensors: readonly SensorStatus[];
  readonly system: SystemRow | null;
}

/** A pcapng file, empty where there is a reason for none. */
export interface SavedPackets {
  readonly pcapng: Buffer;
  readonly reason: string | null;
}

/**
 * What is so right now, over all agents. Reading it costs no more than the walk; rows must not be changed and are
 * good until control goes back to the event loop. Times and addresses are in canonical text.
 */
export interface LiveState {
  /** Active connections, in no order, each with the id under which it will be stored. */
  connections(): Iterable<Connection>;
  connectionById(id: number): Connection | undefined;
  /** Of all agents, or of those named, apart by commas. */
  processes(agent?: string): Iterable<ProcessRow>;
  interfaces(agent?: string): Iterable<InterfaceRow>;
  agents(): readonly AgentState[];
  stats(): LiveStats;
  /** The newest `bandwidthPoints` samples over all agents, oldest first; fewer soon after the start. */
  samples(): readonly Sample[];
  /** Asks every connected agent for a fresh frame and waits for them, at most 250 ms. Never rejects. */
  refresh(): Promise<void>;
  /** Its agent's packets of a connection; null when the agent is not connected, or does not answer in time. */
  packets(connection: Connection): Promise<PacketsAnswer | null>;
  /** The capture file that an agent saved at an alert, or why there is none; null as above. */
  savedPackets(agent: string, alert: AlertKey): Promise<SavedPackets | null>;
  /** Tells every connected agent what alerts are held against. */
  configureAlerts(alerts: AlertSettings): void;
  /** Sockets that watch. */
  viewers(): number;
  /** Exact counts of what a full table made the server drop. */
  lost(): Losses;
}
