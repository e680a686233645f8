import { describeError, NetmonError } from '../../../base/errors.ts';
import type { DiagSocket } from '../../../decode/inet-diag.ts';
import { readJiffyMs } from '../../../sys/jiffies.ts';
import { mayReadOthers, readInode } from '../../../sys/proc.ts';
import type { SensorStatus } from '../../../wire/machine.ts';
import { slotLayout as layout } from '../layout.generated.ts';
import { MemorySlots } from '../memory-slots.ts';
import type { SlotSource } from '../slot-source.ts';
import { slotFlags } from '../slot-table.ts';
import { InodeOwners } from './inode-owners.ts';
import { openDiagDump, openProcDump, type SocketDump } from './sources.ts';

/** Time between two dumps, and how many times its own duration a dump must at least be away from the next. */
const intervalMs = 1000;
const restFactor = 20;
const maxIntervalMs = 10_000;
/** Links of /proc/PID/fd read in search of owners: with a dump, and at each poll between dumps. */
const linksPerDump = 1000;
const linksPerPoll = 200;
const commBytes = 16;
const tcp = 6;
const listen = 10;
const closed = 7;
/** Clock tick of /proc/PID/stat. */
const tickNs = 1e7;

export interface DumpSourceOptions {
  /** `proc` uses no netlink, even where there is one. */
  readonly level: 'netlink' | 'proc';
  readonly maxSockets: number;
  /** Why the kernel itself does not count, for the status, and what would lift it where that is known. */
  readonly reason: string;
  readonly remedy?: string;
  /** Milliseconds by which it is measured what a dump takes; `performance.now` unless given. */
  readonly clock?: () => number;
}

/** A socket seen in a dump. */
interface Seen {
  /** -1 when there was no room. */
  readonly slot: number;
  /** 0 while no process holds it, such as one that waits to be accepted. */
  inode: number;
  /** The dump that it was last in. */
  dump: number;
  /** When a dump first did not have it; 0 while it is there, -1 once it is closed. */
  missedNs: number;
  /** Payload at the last dump and at the one before. */
  sent: number;
  received: number;
  sentBefore: number;
  receivedBefore: number;
}

/**
 * Fills slots by dumping all sockets of this network namespace once a second. Order of a poll that dumps:
 *
 * 1. what moved in the last interval is brought to its end
 * 2. each socket of the dump is written to its slot; new ones get one, with their owner if it is found at once
 * 3. a socket that was in neither of the last two dumps is closed: a dump may miss one while others come and go
 *
 * Between dumps, payload that moved is counted bit by bit, one interval late, so that rates are those of the interval.
 */
export class DumpSource implements SlotSource {
  readonly #dump: SocketDump;
  readonly #memory: MemorySlots;
  readonly #owners = new InodeOwners();
  readonly #options: DumpSourceOptions;
  readonly #clock: () => number;
  readonly #readsOthers = mayReadOthers();
  readonly #netns = readInode('/proc/self/ns/net') ?? 0;
  readonly #jiffyUs = readJiffyMs() * 1000;
  readonly #seen = new Map<number, Seen>();
  #moving: Seen[] = [];
  #ownerless: Seen[] = [];
  #listening = new Set<number>();
  #dumps = 0;
  #dumpedNs = 0;
  #intervalNs = intervalMs * 1e6;

  /** Throws NM_NOT_SUPPORTED where the system has no such dump. */
  constructor(options: DumpSourceOptions) {
    this.#options = options;
    this.#clock = options.clock ?? (() => performance.now());
    try {
      this.#dump = options.level === 'netlink' ? openDiagDump() : openProcDump();
    } catch (thrown) {
      throw new NetmonError('NM_NOT_SUPPORTED', 'the system has no sock_diag', {
        cause: describeError(thrown),
      });
    }
    this.#memory = new MemorySlots(options.maxSockets);
  }

  get unknownOwner(): string {
    return this.#readsOthers
      ? 'no process was found to hold it so far'
      : 'held by another user’s process, whose descriptors only root may read';
  }

  get slots(): MemorySlots['table'] {
    return this.#memory.table;
  }

  poll(nowNs: number): void {
    if (nowNs - this.#dumpedNs >= this.#intervalNs) {
      this.#advance(1);
      this.#moving = [];
      this.#take(nowNs);
    } else {
      this.#advance((nowNs - this.#dumpedNs) / this.#intervalNs);
      this.#owners.scan(linksPerPoll);
    }
    this.#ownerless = this.#ownerless.filter((seen) => !this.#findOwner(seen));
  }

  /** Nothing to do: each dump looks over all sockets. */
  refresh(): number {
    return 0;
  }

  drainProcessEvents(): void {
    // Nothing tells of processes here: the process table looks for itself.
  }

  status(): SensorStatus {
    const { reason, remedy } = this.#options;
    const counts = this.#dump.hasInfo ? 'no bytes of UDP' : 'no bytes, round-trip times or retransmissions';
    const others = this.#readsOthers ? '' : ', and the owners of other users’ sockets are not known';
    return {
      name: 'sockets',
      level: this.#readsOthers && this.#dump.hasInfo ? 'netlink' : 'proc',
      detail: `${this.#dump.name} every ${(this.#intervalNs / 1e9).toFixed(1)} s, ${this.#seen.size} sockets`,
      reason:
        `${reason}; connections shorter than that, errors and other network namespaces are not seen, ${counts}${others}`.slice(
          0,
          512,
        ),
      remedy:
        remedy ??
        (this.#readsOthers
          ? 'a kernel with BPF and BTF, and the capabilities CAP_BPF and CAP_PERFMON'
          : 'run netmon as root'),
    };
  }

  [Symbol.dispose](): void {
    this.#dump[Symbol.dispose]();
  }

  #take(nowNs: number): void {
    const startedMs = this.#clock();
    this.#dumps++;
    this.#listening = new Set();
    const opened: Seen[] = [];
    this.#dump.visit((protocol, socket) => {
      if (protocol === tcp && socket.state === listen) this.#listening.add(socket.localPort);
      const seen = this.#seen.get(socket.cookie);
      if (seen) this.#update(seen, protocol, socket);
      else opened.push(this.#open(protocol, socket, nowNs));
    });
    this.#owners.scan(linksPerDump);
    for (const seen of opened) {
      if (seen.slot < 0) continue;
      if (!this.#findOwner(seen)) this.#ownerless.push(seen);
      this.#memory.markDirty(seen.slot);
    }
    this.#closeMissing(nowNs);
    this.#dumpedNs = nowNs;
    const tookMs = this.#clock() - startedMs;
    this.#intervalNs = Math.min(maxIntervalMs, Math.max(intervalMs, tookMs * restFactor)) * 1e6;
  }

  #open(protocol: number, socket: DiagSocket, nowNs: number): Seen {
    const slot = this.#memory.take(socket.cookie);
    const first = this.#dumps === 1;
    const counted = protocol === tcp && this.#dump.hasInfo;
    const seen: Seen = {
      slot,
      inode: socket.inode,
      dump: this.#dumps,
      missedNs: 0,
      sent: first ? socket.bytesSent : 0,
      received: first ? socket.bytesReceived : 0,
      sentBefore: 0,
      receivedBefore: 0,
    };
    this.#seen.set(socket.cookie, seen);
    this.#owners.find(socket.inode);
    if (slot < 0) return seen;
    const memory = this.#memory;
    memory.setU64(slot, 'cookie', socket.cookie);
    memory.setU64(slot, 'opened_ns', nowNs);
    memory.setU8(slot, 'protocol', protocol);
    memory.setU32(slot, 'netns', this.#netns);
    memory.setU32(slot, 'uid', socket.uid);
    memory.setU64(slot, 'cgroup_id', socket.cgroupId);
    const passive = protocol === tcp && socket.state !== listen && this.#listening.has(socket.localPort);
    memory.setU8(
      slot,
      'flags',
      (first ? slotFlags.found : 0) | (passive ? slotFlags.passive : 0) | (counted ? 0 : slotFlags.uncounted),
    );
    memory.setU64(slot, 'bytes_sent', seen.sent);
    memory.setU64(slot, 'bytes_received', seen.received);
    this.#update(seen, protocol, socket);
    return seen;
  }

  /** Writes what the dump says of a socket, its payload only as the start of what is to be counted. */
  #update(seen: Seen, protocol: number, socket: DiagSocket): void {
    seen.dump = this.#dumps;
    seen.missedNs = 0;
    const { slot } = seen;
    if (slot < 0) return;
    if (seen.inode === 0 && socket.inode > 0) {
      seen.inode = socket.inode;
      this.#ownerless.push(seen);
    }
    const { table } = this.#memory;
    const port = table.u16(slot, layout.local_port);
    let changed = this.#write8(slot, 'state', socket.state);
    if (port !== socket.localPort || table.u16(slot, layout.remote_port) !== socket.remotePort) {
      this.#setAddresses(slot, socket);
      changed = true;
    }
    if (protocol === tcp) changed = this.#writeQuality(slot, socket) || changed;
    if (changed) this.#memory.markDirty(slot);
    const moved = socket.bytesSent - seen.sent + socket.bytesReceived - seen.received;
    if (moved <= 0) return;
    seen.sentBefore = seen.sent;
    seen.receivedBefore = seen.received;
    seen.sent = Math.max(seen.sent, socket.bytesSent);
    seen.received = Math.max(seen.received, socket.bytesReceived);
    this.#moving.push(seen);
  }

  #setAddresses(slot: number, socket: DiagSocket): void {
    const memory = this.#memory;
    memory.setBytes(slot, 'local_ip', socket.localIp);
    memory.setBytes(slot, 'remote_ip', socket.remoteIp);
    memory.setU16(slot, 'local_port', socket.localPort);
    memory.setU16(slot, 'remote_port', socket.remotePort);
    this.#revise(slot);
  }

  #writeQuality(slot: number, socket: DiagSocket): boolean {
    let changed = this.#write32(slot, 'send_queue', socket.sendQueue);
    changed = this.#write32(slot, 'receive_queue', socket.receiveQueue) || changed;
    if (!socket.hasInfo) return changed;
    const memory = this.#memory;
    const jiffies = (us: number): number => Math.round(us / this.#jiffyUs);
    changed = this.#write32(slot, 'srtt_us', socket.rttUs) || changed;
    changed = this.#write32(slot, 'retransmits', socket.retransmits) || changed;
    memory.setU32(slot, 'mdev_us', socket.rttVariationUs);
    memory.setU32(slot, 'min_rtt_us', socket.minRttUs);
    memory.setU32(slot, 'data_segments_sent', socket.dataSegmentsSent);
    memory.setU64(slot, 'packets_sent', socket.segmentsSent);
    memory.setU64(slot, 'packets_received', socket.segmentsReceived);
    memory.setU32(slot, 'busy_jiffies', jiffies(socket.busyUs));
    memory.setU32(slot, 'rwnd_limited_jiffies', jiffies(socket.receiverLimitedUs));
    memory.setU32(slot, 'sndbuf_limited_jiffies', jiffies(socket.sendBufferLimitedUs));
    return changed;
  }

  /** Counts that share of what moved between the last two dumps. */
  #advance(share: number): void {
    const memory = this.#memory;
    for (const seen of this.#moving) {
      if (seen.missedNs < 0) continue;
      const { slot, sent, received, sentBefore, receivedBefore } = seen;
      memory.setU64(slot, 'bytes_sent', sentBefore + Math.floor((sent - sentBefore) * share));
      memory.setU64(slot, 'bytes_received', receivedBefore + Math.floor((received - receivedBefore) * share));
      memory.markDirty(slot);
    }
  }

  #findOwner(seen: Seen): boolean {
    if (seen.missedNs < 0) return true;
    const owner = this.#owners.find(seen.inode);
    if (!owner) return seen.inode === 0;
    const { slot } = seen;
    const memory = this.#memory;
    const comm = new Uint8Array(commBytes);
    new TextEncoder().encodeInto(owner.comm, comm.subarray(0, commBytes - 1));
    memory.setU32(slot, 'pid', owner.pid);
    memory.setU32(slot, 'ppid', owner.ppid);
    memory.setU64(slot, 'start_ns', owner.startTicks * tickNs);
    memory.setBytes(slot, 'comm', comm);
    this.#revise(slot);
    memory.markDirty(slot);
    return true;
  }

  #closeMissing(nowNs: number): void {
    for (const [cookie, seen] of this.#seen) {
      if (seen.dump === this.#dumps) continue;
      if (seen.missedNs > 0) this.#close(cookie, seen, seen.missedNs);
      else seen.missedNs = nowNs;
    }
  }

  #close(cookie: number, seen: Seen, closedNs: number): void {
    this.#seen.delete(cookie);
    this.#owners.forget(seen.inode);
    // From here on the slot may go to another socket.
    seen.missedNs = -1;
    if (seen.slot < 0) return;
    this.#memory.setU8(seen.slot, 'state', closed);
    this.#memory.setU64(seen.slot, 'closed_ns', closedNs);
    this.#memory.markDirty(seen.slot);
  }

  #revise(slot: number): void {
    this.#memory.setU32(slot, 'revision', this.#memory.table.u32(slot, layout.revision) + 1);
  }

  #write8(slot: number, field: 'state', value: number): boolean {
    if (this.#memory.table.u8(slot, layout[field]) === value) return false;
    this.#memory.setU8(slot, field, value);
    return true;
  }

  #write32(
    slot: number,
    field: 'send_queue' | 'receive_queue' | 'srtt_us' | 'retransmits',
    value: number,
  ): boolean {
    if (this.#memory.table.u32(slot, layout[field]) === value) return false;
    this.#memory.setU32(slot, field, value);
    return true;
  }
}
