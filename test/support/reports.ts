/** What the generator prints: see `test/support/generate`. Addresses are written as netmon writes them. */

/** `failure`: what the failing program itself saw. */
export interface FailureReport {
  readonly pid: number;
  readonly start: number;
  readonly peer_pid: number;
  readonly local: string;
  readonly remote: string;
  readonly error: string;
  readonly phase: 'connecting' | 'established';
  readonly sent: number;
  readonly received: number;
  /** SYNs sent again, as the kernel counted them. */
  readonly retries: number;
  readonly elapsed_ms: number;
}

/** The line of `failure --step`, after which it waits. */
export interface StepReport {
  readonly pid: number;
  readonly local: string;
  readonly remote: string;
  readonly local_port: number;
  readonly remote_port: number;
}

/** One end of `transfer`. */
export interface Account {
  readonly pid: number;
  readonly start: number;
  readonly local: string;
  readonly remote: string;
  readonly sent: number;
  readonly received: number;
}
export interface TransferReport {
  readonly client: Account;
  readonly server: Account;
}

export interface PeersReport {
  readonly pid: number;
  readonly local: string;
  readonly peers: readonly {
    readonly remote: string;
    readonly sent: number;
    readonly received: number;
    readonly datagrams: number;
  }[];
}

export interface ServeReport {
  readonly pid: number;
  readonly local: string;
  readonly port: number;
}
/** The last line of `serve`. */
export interface ServedReport {
  readonly accepted: number;
  readonly received: number;
  readonly sent: number;
}

export interface StormReport {
  readonly pid: number;
  readonly count: number;
  readonly ok: number;
  readonly refused: number;
  readonly reset: number;
  readonly other: number;
  readonly took_us: number;
  /** With `--list`: pid, local port (0 when it never had one) and errno name or `none` of each. */
  readonly connections?: readonly (readonly [number, number, string])[];
}

export interface QuietReport {
  readonly pid: number;
  readonly connections: readonly { readonly local: string; readonly remote: string }[];
}

export interface StatesReport {
  readonly pid: number;
  readonly sockets: readonly {
    readonly state: string;
    readonly protocol: string;
    readonly local: string;
    readonly remote: string | null;
  }[];
}
