import type { ProcessRow, Sample } from '../../wire/machine.ts';
import type { ProcessFacts, ProcessIdentity } from './identity.ts';

/** Ticks over which a rate is taken, at most. */
export const windowTicks = 5;

/** A process in the table: its identity with its totals. Only the table and the totals write. */
export class ProcessEntry implements ProcessIdentity {
  readonly key: string;
  readonly process_id: number | null;
  readonly startTicks: number;
  readonly started_at: string | null;
  exited_at: string | null = null;
  process_name: string | null = null;
  process_path: string | null = null;
  path_deleted = false;
  command_line: string | null = null;
  user: string | null = null;
  user_id: number | null = null;
  parents: readonly string[] = [];
  container: string | null = null;
  unit: string | null = null;
  unknown_reason: string | null = null;
  /** The kernel's own name, to notice a change by. */
  comm = '';
  readAtMs = 0;

  connections = 0;
  connectionsTotal = 0;
  errors = 0;
  bytesSent = 0;
  bytesReceived = 0;
  uploadSpeed = 0;
  downloadSpeed = 0;
  /** Of the tick in progress. */
  tickSent = 0;
  tickReceived = 0;
  /** Bytes of the last ticks: sent in the first half, received in the second. Made when first needed. */
  window: Float64Array | null = null;
  /** In the list of those whose rates are above zero. */
  moving = false;
  /** In the list of those that the next frame tells of; `urgent` when more than rates and bytes changed. */
  changed = false;
  urgent = false;
  /** When a frame last told of it; 0 for never. */
  toldAtMs = 0;
  samples: Sample[] = [];

  constructor(key: string, pid: number | null, startTicks: number, startedAt: string | null) {
    this.key = key;
    this.process_id = pid;
    this.startTicks = startTicks;
    this.started_at = startedAt;
  }

  setFacts(facts: ProcessFacts): void {
    this.process_name = facts.process_name;
    this.process_path = facts.process_path;
    this.path_deleted = facts.path_deleted;
    this.command_line = facts.command_line;
    this.user = facts.user;
    this.user_id = facts.user_id;
    this.parents = facts.parents;
    this.container = facts.container;
    this.unit = facts.unit;
    this.unknown_reason = facts.unknown_reason;
  }

  toRow(): ProcessRow {
    return {
      key: this.key,
      process_id: this.process_id ?? 0,
      process_name: this.process_name ?? '',
      process_path: this.process_path,
      command_line: this.command_line,
      user: this.user,
      user_id: this.user_id,
      parents: [...this.parents],
      container: this.container,
      unit: this.unit,
      started_at: this.started_at,
      exited_at: this.exited_at,
      connections: this.connections,
      connections_total: this.connectionsTotal,
      errors: this.errors,
      bytes_sent: this.bytesSent,
      bytes_received: this.bytesReceived,
      upload_speed: Math.round(this.uploadSpeed),
      download_speed: Math.round(this.downloadSpeed),
    };
  }
}
