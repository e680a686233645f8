import { formatIp, isLoopback } from '../../base/ip.ts';
import type { Direction } from '../../wire/connection.ts';
import { Alike } from './alike.ts';
import { judgeLimit } from './describe.ts';
import { HalfOpen, newSynReceived } from './half-open.ts';
import { slotLayout as layout } from './layout.generated.ts';
import { Lingering } from './lingering.ts';
import { Listeners } from './listeners.ts';
import type { Owner, OwnerHint, Owners } from './owner.ts';
import { UdpPeers } from './peers.ts';
import { RateMeter } from './rates.ts';
import { type SlotTable, slotFlags } from './slot-table.ts';
import { TrackedConnection } from './tracked.ts';

const udp = 17;
const established = 1;
const timeWait = 6;
const closed = 7;
const listen = 10;
/** FIN_WAIT1, FIN_WAIT2, LAST_ACK, CLOSING: over but for the last exchange, for which the kernel takes a minute at most. */
const closing = new Set([4, 5, 9, 11]);
const closingNs = 65e9;
const commBytes = 16;
/** An end this recent may still get its errno or the mark of who sent the RST: it is read again at the next tick. */
const settleNs = 2e6;
/** Ticks between looks for UDP peers that fell silent. */
const expireEvery = 50;
/** Ticks for which what is known of a kind of brief connections holds. */
const alikeTicks = 10;

/** For the owner that is not known. */
const noHint: OwnerHint = { comm: '', ppid: 0, uid: 0, cgroup_id: 0 };

export interface TrackerDeps {
  readonly slots: SlotTable;
  readonly owners: Owners;
  /** Whether an address belongs to this machine. */
  readonly isLocalAddress: (ip: string) => boolean;
  /** Milliseconds of a jiffy. */
  readonly jiffyMs: number;
  readonly listener: TrackerListener;
}

/** What becomes of connections. Called within `tick`. */
export interface TrackerListener {
  onOpened(connection: TrackedConnection): void;
  /** Counters, rates, quality or state changed. */
  onChanged(connection: TrackedConnection): void;
  /** Owner or addresses changed. */
  onRevised(connection: TrackedConnection): void;
  /** `count` more failures; the connection may be open (UDP) or about to end. */
  onFailed(connection: TrackedConnection, count: number): void;
  /** It is over; with `lingers` it stays on show in TIME_WAIT. */
  onEnded(connection: TrackedConnection, lingers: boolean): void;
  /** One opened and ended since the last tick, like others before it; the object stands for the next one afterwards. */
  onPassed(connection: TrackedConnection): void;
  /** It no longer is on show. */
  onGone(connection: TrackedConnection): void;
}

/** Sums over all connections since the start: those that opened, and those that were open. */
export interface Totals {
  bytesSent: number;
  bytesReceived: number;
  connections: number;
  errors: number;
}

/**
 * Follows the kernel's slots: what opened, changed and ended since the last tick. Order within a tick:
 *
 * 1. slots whose reading was put off, then the dirty list
 * 2. rates of those that moved; UDP peers fallen silent; TIME_WAIT that is over
 * 3. slots read to the end a tick ago go back to the kernel
 */
export class Tracker {
  readonly totals: Totals = { bytesSent: 0, bytesReceived: 0, connections: 0, errors: 0 };
  /** Connections on show, without those in TIME_WAIT. */
  open = 0;
  /** Connections whose end no event told of. */
  endsNotSeen = 0;
  readonly #deps: TrackerDeps;
  readonly #slots: SlotTable;
  readonly #bySlot: (TrackedConnection | undefined)[];
  /** 1 for a slot that was read to the end and not given back yet. */
  readonly #retired: Uint8Array;
  readonly #rates = new RateMeter();
  readonly #lingering = new Lingering();
  readonly #alike: Alike;
  readonly #peers = new UdpPeers();
  readonly #halfOpen = new HalfOpen();
  /** Cookies of the UDP sockets that closed in this tick. */
  readonly #closedSockets: number[] = [];
  readonly #listeners = new Listeners();
  /** Slots done with in this tick and in the last one. */
  #done: number[] = [];
  #freeable: number[] = [];
  #unsettled: number[] = [];
  #nextKey = 1;
  #ticks = 0;
  #tickNs = 0;
  #tickMs = 0;

  constructor(deps: TrackerDeps) {
    this.#deps = deps;
    this.#slots = deps.slots;
    this.#bySlot = new Array(deps.slots.size);
    this.#retired = new Uint8Array(deps.slots.size);
    this.#alike = new Alike(deps.slots);
  }

  /** Connections that ended unseen for want of room among those in TIME_WAIT. */
  get evicted(): number {
    return this.#lingering.evicted;
  }

  /** Takes over what the kernel has counted. `nowNs` is CLOCK_BOOTTIME, `elapsedMs` the time since the last tick. */
  tick(nowNs: number, elapsedMs: number): void {
    this.#tickNs = nowNs;
    this.#tickMs = nowNs / 1e6;
    const unsettled = this.#unsettled;
    this.#unsettled = [];
    for (const slot of unsettled) this.#read(slot, true);
    this.#slots.drain(this.#onDirty);
    this.#endPeersOfClosed();
    this.#rates.tick(elapsedMs, this.#onRate);
    if (++this.#ticks % expireEvery === 0) this.#peers.expire(nowNs, this.#endSilent);
    if (this.#ticks % alikeTicks === 0) this.#alike.clear();
    this.#halfOpen.expire(this.#tickMs, this.#endSilent);
    this.#lingering.expire(this.#tickMs, this.#onLingered);
    const done = this.#done;
    this.#done = [];
    for (const slot of this.#freeable) {
      if (this.#slots.free(slot)) this.#retired[slot] = 0;
      else this.#done.push(slot);
    }
    this.#freeable = done;
  }

  /** Milliseconds on the kernel's clock at the current tick. */
  get nowMs(): number {
    return this.#tickMs;
  }

  /**
   * Ends connections that were closing more than a minute ago and that the look at all sockets of that number did not
   * find: their end was not seen. To be called right after the look.
   */
  endUnfound(sweep: number): void {
    for (let slot = 0; slot < this.#bySlot.length; slot++) {
      const connection = this.#bySlot[slot];
      if (!connection || !closing.has(connection.state) || connection.protocol === 'udp') continue;
      if (this.#tickNs - connection.changedNs < closingNs || connection.sendQueue > 1) continue;
      if (this.#slots.u32(slot, layout.sweep) === sweep) continue;
      this.endsNotSeen++;
      connection.state = closed;
      connection.closedNs = connection.changedNs;
      this.#end(slot, connection);
    }
  }

  /** Visits every connection on show. */
  forEach(visit: (connection: TrackedConnection) => void): void {
    for (let slot = 0; slot < this.#bySlot.length; slot++) {
      const connection = this.#bySlot[slot];
      if (connection) visit(connection);
    }
    this.#lingering.forEach(visit);
  }

  readonly #onDirty = (slot: number): void => this.#read(slot, false);

  readonly #onRate = (connection: TrackedConnection): void => {
    this.#deps.listener.onChanged(connection);
  };

  readonly #onLingered = (connection: TrackedConnection): void => this.#deps.listener.onGone(connection);

  /** Ends what no event ends. */
  readonly #endSilent = (connection: TrackedConnection): void => {
    const { slot } = connection;
    if (this.#bySlot[slot] !== connection) return;
    this.#copyCounters(slot, connection);
    connection.closedNs = this.#tickNs;
    this.#end(slot, connection);
  };

  /** After all has been read: a socket and its peers may be listed in any order. */
  #endPeersOfClosed(): void {
    for (const cookie of this.#closedSockets) this.#peers.endSocket(cookie, this.#endSilent);
    this.#closedSockets.length = 0;
  }

  #read(slot: number, settled: boolean): void {
    const slots = this.#slots;
    // A slot that was given back, or is on its way there, and was marked once more by a late hook.
    if (slots.isFree(slot) || this.#retired[slot] === 1) return;
    const closedNs = slots.u64(slot, layout.closed_ns);
    const flags = slots.u8(slot, layout.flags);
    if (closedNs > 0 && !settled && (flags & slotFlags.awaitErrno || this.#tickNs - closedNs < settleNs)) {
      this.#unsettled.push(slot);
      return;
    }
    const known = this.#bySlot[slot];
    const brief = !known && closedNs > 0 && (flags & (slotFlags.found | slotFlags.peer)) === 0;
    if (brief && this.#passLikeAnother(slot, flags, closedNs)) return;
    const connection = known ?? this.#open(slot, flags);
    if (connection.revision !== slots.u32(slot, layout.revision)) this.#revise(slot, connection);
    connection.flags = flags;
    this.#copyCounters(slot, connection);
    if (connection.state === newSynReceived)
      this.#halfOpen.note(connection, slots.u8(slot, layout.synack_retries), this.#tickMs);
    const failures = slots.u32(slot, layout.errors) - connection.errors;
    if (failures > 0) this.#fail(slot, connection, failures);
    if (closedNs > 0) {
      connection.closedNs = closedNs;
      const lingers = this.#end(slot, connection);
      if (brief && !lingers && connection.direction !== 'listening') this.#alike.keep(slot, connection);
    } else {
      this.#deps.listener.onChanged(connection);
    }
  }

  /** Counts a connection that came and went since the last tick as another of its kind; false when there was none such. */
  #passLikeAnother(slot: number, flags: number, closedNs: number): boolean {
    const slots = this.#slots;
    const connection = this.#alike.find(slot);
    if (!connection) return false;
    const lingers = slots.u8(slot, layout.state) === timeWait;
    if (lingers && this.#lingering.hasRoom) return false;
    if (lingers) this.#lingering.evicted++;
    connection.restart(slots.u64(slot, layout.cookie), slots.u64(slot, layout.opened_ns));
    connection.localPort = slots.u16(slot, layout.local_port);
    connection.remotePort = slots.u16(slot, layout.remote_port);
    connection.flags = flags;
    this.totals.connections++;
    this.#deps.owners.opened(connection.identity);
    this.#copyCounters(slot, connection);
    const failures = slots.u32(slot, layout.errors);
    if (failures > 0) this.#fail(slot, connection, failures);
    connection.closedNs = closedNs;
    this.#retire(slot, connection);
    this.#deps.listener.onPassed(connection);
    return true;
  }

  #open(slot: number, flags: number): TrackedConnection {
    const connection = new TrackedConnection({
      key: this.#nextKey++,
      slot,
      cookie: this.#slots.u64(slot, layout.cookie),
      protocol: this.#slots.u8(slot, layout.protocol) === udp ? 'udp' : 'tcp',
      openedNs: this.#slots.u64(slot, layout.opened_ns),
      found: (flags & slotFlags.found) !== 0,
      peer: (flags & slotFlags.peer) !== 0,
      identity: this.#deps.owners.identify(0, 0, noHint),
    });
    connection.flags = flags;
    this.#bySlot[slot] = connection;
    this.#takeOver(slot, connection);
    if (connection.found) this.#skipPast(slot, connection);
    if (connection.peer) this.#peers.add(connection);
    if (connection.direction === 'listening') this.#listeners.add(connection);
    else if (!this.#wasOver(slot, connection)) this.totals.connections++;
    this.open++;
    this.#deps.owners.opened(connection.identity);
    this.#deps.listener.onOpened(connection);
    return connection;
  }

  /** Whether it was in TIME_WAIT already when it was found. */
  #wasOver(slot: number, connection: TrackedConnection): boolean {
    return connection.found && this.#slots.u64(slot, layout.closed_ns) === connection.openedNs;
  }

  /** What moved before the start is the connection's own, but no traffic of now. */
  #skipPast(slot: number, connection: TrackedConnection): void {
    connection.bytesSent = this.#slots.u64(slot, layout.bytes_sent);
    connection.bytesReceived = this.#slots.u64(slot, layout.bytes_received);
  }

  /** A socket that no process has used yet belongs to the one that listens for it. */
  #identify(slot: number, connection: TrackedConnection): Owner {
    const slots = this.#slots;
    const pid = slots.u32(slot, layout.pid);
    if (pid === 0) return this.#listeners.find(connection)?.identity ?? connection.identity;
    return this.#deps.owners.identify(pid, slots.u64(slot, layout.start_ns), {
      comm: slots.text(slot, layout.comm, commBytes),
      ppid: slots.u32(slot, layout.ppid),
      uid: slots.u32(slot, layout.uid),
      cgroup_id: slots.u64(slot, layout.cgroup_id),
    });
  }

  /** Takes over addresses and owner. */
  #takeOver(slot: number, connection: TrackedConnection): void {
    const slots = this.#slots;
    connection.revision = slots.u32(slot, layout.revision);
    connection.netns = slots.u32(slot, layout.netns);
    connection.localIp = formatIp(slots.bytes(), slots.offset(slot, layout.local_ip));
    connection.localPort = slots.u16(slot, layout.local_port);
    connection.remoteIp = formatIp(slots.bytes(), slots.offset(slot, layout.remote_ip));
    connection.remotePort = slots.u16(slot, layout.remote_port);
    connection.identity = this.#identify(slot, connection);
    connection.direction = this.#judgeDirection(slot, connection);
  }

  #revise(slot: number, connection: TrackedConnection): void {
    const { identity, direction, localIp, localPort, remoteIp, remotePort } = connection;
    if (connection.direction === 'listening') this.#listeners.remove(connection);
    this.#takeOver(slot, connection);
    if (connection.direction === 'listening') this.#listeners.add(connection);
    if (identity !== connection.identity) {
      this.#deps.owners.closed(identity);
      this.#deps.owners.opened(connection.identity);
    }
    // An accepted socket that is used at last mostly has the owner that was taken for it, its listener's.
    const same =
      identity === connection.identity &&
      direction === connection.direction &&
      localIp === connection.localIp &&
      localPort === connection.localPort &&
      remoteIp === connection.remoteIp &&
      remotePort === connection.remotePort;
    if (!same) this.#deps.listener.onRevised(connection);
  }

  #judgeDirection(slot: number, connection: TrackedConnection): Direction {
    const state = this.#slots.u8(slot, layout.state);
    if (state === listen || connection.remotePort === 0) return 'listening';
    const { remoteIp, localIp } = connection;
    if (isLoopback(remoteIp) || remoteIp === localIp || this.#deps.isLocalAddress(remoteIp)) return 'local';
    return this.#isPassive(slot, connection) ? 'inbound' : 'outbound';
  }

  /** Whether the other end opened it: accepted, on a port that is listened on, or first heard of by receiving. */
  #isPassive(slot: number, connection: TrackedConnection): boolean {
    if (connection.flags & slotFlags.passive) return true;
    if (connection.peer) return this.#slots.u64(slot, layout.packets_sent) === 0;
    return connection.protocol === 'tcp' && this.#listeners.find(connection) !== undefined;
  }

  #copyCounters(slot: number, connection: TrackedConnection): void {
    const slots = this.#slots;
    const sent = slots.u64(slot, layout.bytes_sent) - connection.bytesSent;
    const received = slots.u64(slot, layout.bytes_received) - connection.bytesReceived;
    if (sent + received > 0) {
      connection.bytesSent += sent;
      connection.bytesReceived += received;
      this.totals.bytesSent += sent;
      this.totals.bytesReceived += received;
      this.#deps.owners.account(connection.identity, sent, received);
      this.#rates.add(connection, sent, received);
    }
    connection.packetsSent = slots.u64(slot, layout.packets_sent);
    connection.packetsReceived = slots.u64(slot, layout.packets_received);
    connection.changedNs = this.#tickNs;
    connection.state = slots.u8(slot, layout.state);
    if (connection.protocol === 'tcp') this.#copyQuality(slot, connection);
  }

  #copyQuality(slot: number, connection: TrackedConnection): void {
    const slots = this.#slots;
    const rtt = slots.u32(slot, layout.srtt_us);
    connection.retransmits = slots.u32(slot, layout.retransmits);
    connection.dataSegmentsSent = slots.u32(slot, layout.data_segments_sent);
    connection.sendQueue = slots.u32(slot, layout.send_queue);
    connection.receiveQueue = slots.u32(slot, layout.receive_queue);
    connection.synRetries = slots.u8(slot, layout.syn_retries);
    if (rtt === 0) return;
    connection.rttUs = rtt;
    connection.jitterUs = slots.u32(slot, layout.mdev_us);
    const lowest = slots.u32(slot, layout.min_rtt_us);
    // The kernel starts its minimum at all ones.
    connection.minRttUs = lowest === 0xffffffff ? -1 : lowest;
    if (connection.bytesSent === 0 || connection.state !== established) return;
    connection.limitedBy = judgeLimit({
      busyMs: slots.u32(slot, layout.busy_jiffies) * this.#deps.jiffyMs,
      receiverMs: slots.u32(slot, layout.rwnd_limited_jiffies) * this.#deps.jiffyMs,
      sendBufferMs: slots.u32(slot, layout.sndbuf_limited_jiffies) * this.#deps.jiffyMs,
      elapsedMs: (connection.changedNs - connection.openedNs) / 1e6,
    });
  }

  #fail(slot: number, connection: TrackedConnection, count: number): void {
    connection.errors += count;
    connection.errno = this.#slots.u32(slot, layout.error);
    connection.errorState = this.#slots.u8(slot, layout.error_state);
    this.totals.errors += count;
    this.#deps.owners.failed(connection.identity, count);
    this.#deps.listener.onFailed(connection, count);
  }

  /** Whether it stays on show in TIME_WAIT. */
  #end(slot: number, connection: TrackedConnection): boolean {
    this.#bySlot[slot] = undefined;
    connection.slot = -1;
    connection.uploadSpeed = 0;
    connection.downloadSpeed = 0;
    this.open--;
    if (connection.direction === 'listening') this.#listeners.remove(connection);
    this.#retire(slot, connection);
    const lingers = connection.state === timeWait && this.#lingering.add(connection, this.#tickMs);
    this.#deps.listener.onEnded(connection, lingers);
    if (!lingers) this.#deps.listener.onGone(connection);
    return lingers;
  }

  /** The slot is done with. */
  #retire(slot: number, connection: TrackedConnection): void {
    this.#retired[slot] = 1;
    this.#done.push(slot);
    this.#deps.owners.closed(connection.identity);
    if (connection.protocol === 'tcp') return;
    connection.state = closed;
    if (!connection.peer) this.#closedSockets.push(connection.cookie);
  }
}
