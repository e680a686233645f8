import type { Direction, LimitedBy, Protocol } from '../../wire/connection.ts';
import type { ConnectionFacts } from '../capture/facts.ts';
import type { FoldedRow } from './fold.ts';
import type { Owner } from './owner.ts';

/**
 * One connection as the agent follows it. A class with all fields set in one order, since there may be many of them;
 * the tracker alone writes.
 */
export class TrackedConnection {
  readonly key: number;
  /** Where the kernel counts it; -1 once the slot was given back. */
  slot: number;
  cookie: number;
  readonly protocol: Protocol;
  openedNs: number;
  /** Whether `openedNs` is when it was found rather than when it opened. */
  readonly found: boolean;
  /** One peer of an unconnected UDP socket. */
  readonly peer: boolean;
  identity: Owner;
  revision = -1;
  netns = 0;
  localIp = '';
  localPort = 0;
  remoteIp = '';
  remotePort = 0;
  direction: Direction = 'outbound';
  /** As in include/net/tcp_states.h. */
  state = 0;
  flags = 0;
  bytesSent = 0;
  bytesReceived = 0;
  packetsSent = 0;
  packetsReceived = 0;
  /** Payload of this tick, for the rates. */
  tickSent = 0;
  tickReceived = 0;
  uploadSpeed = 0;
  downloadSpeed = 0;
  /** Microseconds; -1 for unknown. */
  rttUs = -1;
  minRttUs = -1;
  jitterUs = -1;
  retransmits = 0;
  dataSegmentsSent = 0;
  sendQueue = -1;
  receiveQueue = -1;
  limitedBy: LimitedBy | null = null;
  synRetries = 0;
  /** How many failures of it were taken over from the slot, and the last errno. */
  errors = 0;
  errno = 0;
  errorState = 0;
  changedNs = 0;
  closedNs = 0;
  /** In the list of those with a rate above zero. */
  moving = false;
  /** What the next live frame must say of it. */
  announced = false;
  changed = false;
  revised = false;
  /** No longer on show. */
  gone = false;
  /** The row that it was folded into, as long as more may be. */
  folded: FoldedRow | null = null;
  /** What inspection has told of it. */
  facts: ConnectionFacts | null = null;

  constructor(init: {
    readonly key: number;
    readonly slot: number;
    readonly cookie: number;
    readonly protocol: Protocol;
    readonly openedNs: number;
    readonly found: boolean;
    readonly peer: boolean;
    readonly identity: Owner;
  }) {
    this.key = init.key;
    this.slot = init.slot;
    this.cookie = init.cookie;
    this.protocol = init.protocol;
    this.openedNs = init.openedNs;
    this.found = init.found;
    this.peer = init.peer;
    this.identity = init.identity;
  }

  /** Has the object of an ended connection stand for another one of the same owner, addresses and service. */
  restart(cookie: number, openedNs: number): void {
    this.cookie = cookie;
    this.openedNs = openedNs;
    this.bytesSent = 0;
    this.bytesReceived = 0;
    this.rttUs = -1;
    this.minRttUs = -1;
    this.jitterUs = -1;
    this.limitedBy = null;
    this.errors = 0;
    this.facts = null;
  }
}
