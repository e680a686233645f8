/** Who owns a socket, as far as it could be told. One object a process, shared by all its connections. */
export interface Owner {
  /** `pid-starttime`, unique while the machine runs. */
  readonly key: string;
  readonly process_id: number | null;
  readonly process_name: string | null;
  readonly process_path: string | null;
  /** With secrets masked. */
  readonly command_line: string | null;
  readonly user: string | null;
  readonly user_id: number | null;
  readonly parents: readonly string[];
  readonly container: string | null;
  readonly unit: string | null;
  /** RFC 3339. */
  readonly started_at: string | null;
  /** Why the fields above are null; null when they are known. */
  readonly unknown_reason: string | null;
}

/** What the kernel says of a process, for when it can no longer be asked. */
export interface OwnerHint {
  readonly comm: string;
  readonly ppid: number;
  readonly uid: number;
  readonly cgroup_id: number;
}

/** What the tracker asks of the process sensor. */
export interface Owners<T extends Owner = Owner> {
  /** The process of that pid which started then (CLOCK_BOOTTIME nanoseconds). */
  identify(pid: number, startNs: number, hint: OwnerHint): T;
  /** Payload moved by a process since the last call for it; called for each changed connection of a tick. */
  account(owner: T, sent: number, received: number): void;
  /** Connections of a process opened (+1) and closed (-1), and failures met. */
  opened(owner: T): void;
  closed(owner: T): void;
  failed(owner: T, count: number): void;
}
