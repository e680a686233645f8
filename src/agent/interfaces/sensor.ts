import { isLoopback } from '../../base/ip.ts';
import type { NetlinkMessage } from '../../decode/netlink.ts';
import {
  decodeAddress,
  decodeLink,
  type LinkCounters,
  type LinkMessage,
  rtnetlinkGroups,
  rtnetlinkTypes,
  visitStats,
} from '../../decode/rtnetlink.ts';
import { readLinkSpeed } from '../../sys/link-speed.ts';
import { NetlinkSocket, netlinkFamilies } from '../../sys/netlink.ts';
import { readInode } from '../../sys/proc.ts';
import type { InterfaceRow, Losses, Sample, SensorStatus } from '../../wire/machine.ts';
import { LinkTable } from './links.ts';

/** How often counters are read while nobody watches. */
const idleMs = 1000;
/** How often rows are told of in which only counters and rates changed. */
const tellEveryMs = 500;
/** Drivers are asked for their speed again after this long; a change of the link's state asks at once. */
const speedEveryMs = 30_000;
/** Most samples of one interface kept until a frame takes them. */
const maxSamples = 100;
/** Tries at a dump during which interfaces came or went. */
const dumpTries = 4;

/** struct if_stats_msg that asks for IFLA_STATS_LINK_64 of every link. */
const statsRequest = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);

/** What a live frame says of interfaces: all rows, when any changed. */
export interface InterfaceChanges {
  readonly interfaces?: InterfaceRow[];
  readonly interface_samples: Record<string, Sample[]>;
}

/**
 * The interfaces of the network namespace in which it was started, followed by rtnetlink. Order of use: `start`; `tick`
 * every 100 ms; dispose.
 */
export class InterfaceSensor implements Disposable {
  readonly #links = new LinkTable();
  #events: NetlinkSocket | null = null;
  #requests: NetlinkSocket | null = null;
  #networkNamespace = 0;
  #hasStats = true;
  #countedMs = 0;
  #speedMs = 0;
  #toldMs = 0;
  #changed = false;
  #moved = false;
  readonly #askSpeed = new Set<number>();
  #samples = new Map<string, Sample[]>();
  readonly #quiet = new Set<number>();

  /** Finds the interfaces and begins to follow them. Throws NM_SYSTEM where the system has no rtnetlink. */
  start(nowMs = Date.now()): void {
    const { link, address4, address6 } = rtnetlinkGroups;
    this.#networkNamespace = readInode('/proc/self/ns/net') ?? 0;
    this.#events = new NetlinkSocket(netlinkFamilies.route, link | address4 | address6);
    this.#requests = new NetlinkSocket(netlinkFamilies.route);
    this.#dump(nowMs);
    this.#readSpeeds(nowMs);
  }

  /** Takes over what happened; counters each time while `watched`, otherwise once a second. `nowMs` is Unix time. */
  tick(nowMs: number, watched: boolean): void {
    if (!this.#events) return;
    const whole = this.#events.drain((view, message) => this.#take(view, message, nowMs));
    if (!whole) this.#dump(nowMs);
    // A timer that fires a little early must not make it every other second.
    if (watched || nowMs - this.#countedMs >= idleMs - 20) this.#count(nowMs);
    if (this.#askSpeed.size > 0 || nowMs - this.#speedMs >= speedEveryMs) this.#readSpeeds(nowMs);
  }

  /** What changed since the last call, or all with `full`. */
  takeChanges(full: boolean, nowMs = Date.now()): InterfaceChanges {
    const interface_samples = Object.fromEntries(this.#samples);
    this.#samples = new Map();
    if (!full && !this.#changed && !(this.#moved && nowMs - this.#toldMs >= tellEveryMs)) {
      return { interface_samples };
    }
    this.#changed = false;
    this.#moved = false;
    this.#toldMs = nowMs;
    return { interfaces: this.rows(), interface_samples };
  }

  /** The links as rtnetlink describes them. */
  links(): LinkMessage[] {
    const links: LinkMessage[] = [];
    this.#links.forEach((message) => void links.push(message));
    return links;
  }

  rows(): InterfaceRow[] {
    return this.#links.rows(this.#networkNamespace);
  }

  /** Whether an address is this machine's own, as far as its own network namespace goes. */
  isLocalAddress(ip: string): boolean {
    return this.#links.hasIp(ip) || isLoopback(ip);
  }

  status(): SensorStatus {
    return {
      name: 'interfaces',
      level: this.#events ? 'full' : 'off',
      detail: `rtnetlink: ${this.#links.size} interfaces`,
      reason: this.#events ? null : 'the system has no rtnetlink',
      remedy: this.#events ? null : 'allow sockets of the family AF_NETLINK',
    };
  }

  losses(): Losses {
    return { interfaces: this.#links.left };
  }

  [Symbol.dispose](): void {
    this.#events?.[Symbol.dispose]();
    this.#requests?.[Symbol.dispose]();
    this.#events = null;
    this.#requests = null;
  }

  #take(view: DataView, { type, from, end }: NetlinkMessage, nowMs: number): void {
    if (type === rtnetlinkTypes.newLink || type === rtnetlinkTypes.delLink) {
      const link = decodeLink(view, from, end);
      if (!link) return;
      const changed =
        type === rtnetlinkTypes.newLink ? this.#links.set(link, nowMs) : this.#links.remove(link.index);
      if (!changed) return;
      this.#changed = true;
      if (type === rtnetlinkTypes.newLink) this.#askSpeed.add(link.index);
    } else if (type === rtnetlinkTypes.newAddress || type === rtnetlinkTypes.delAddress) {
      const address = decodeAddress(view, from, end);
      if (!address) return;
      const changed =
        type === rtnetlinkTypes.newAddress
          ? this.#links.addAddress(address)
          : this.#links.removeAddress(address);
      if (changed) this.#changed = true;
    }
  }

  /** Reads everything anew: at the start, and when the kernel had to drop events. */
  #dump(nowMs: number): void {
    this.#changed = true;
    for (let i = 0; i < dumpTries; i++) {
      const seen = new Set<number>();
      const links = this.#requests!.dump(rtnetlinkTypes.getLink, new Uint8Array(16), (view, message) => {
        const link = decodeLink(view, message.from, message.end);
        if (!link) return;
        seen.add(link.index);
        if (this.#links.set(link, nowMs)) this.#askSpeed.add(link.index);
      });
      this.#links.retain(seen);
      this.#links.clearAddresses();
      const addresses = this.#requests!.dump(rtnetlinkTypes.getAddress, new Uint8Array(8), (view, message) =>
        this.#take(view, message, nowMs),
      );
      if (links && addresses) return;
    }
  }

  #count(nowMs: number): void {
    this.#countedMs = nowMs;
    if (this.#hasStats) {
      try {
        this.#requests!.dump(rtnetlinkTypes.getStats, statsRequest, (view, { from, end }) =>
          visitStats(view, from, end, (index, counters) => this.#read(index, counters, nowMs)),
        );
      } catch {
        // Linux before 4.7 has no RTM_GETSTATS; links carry the same counters for three times the cost.
        this.#hasStats = false;
      }
    }
    if (!this.#hasStats) {
      this.#requests!.dump(rtnetlinkTypes.getLink, new Uint8Array(16), (view, { from, end }) => {
        const link = decodeLink(view, from, end);
        if (link?.counters) this.#read(link.index, link.counters, nowMs);
      });
    }
    this.#links.forEach(({ index, name }, meter) => {
      this.#sample(index, name, meter.latest(), nowMs);
    });
  }

  #read(index: number, counters: LinkCounters, nowMs: number): void {
    if (this.#links.count(index, counters, nowMs)) this.#moved = true;
  }

  /** Keeps a sample; of an interface that is quiet only the first, which says so. */
  #sample(index: number, name: string, [sent, received]: readonly [number, number], nowMs: number): void {
    if (sent + received > 0) this.#quiet.delete(index);
    else if (this.#quiet.has(index)) return;
    else this.#quiet.add(index);
    const samples = this.#samples.get(name) ?? [];
    if (samples.length >= maxSamples) samples.shift();
    samples.push([nowMs, sent, received]);
    this.#samples.set(name, samples);
  }

  #readSpeeds(nowMs: number): void {
    const all = nowMs - this.#speedMs >= speedEveryMs;
    if (all) this.#speedMs = nowMs;
    this.#links.forEach(({ index, name, loopback }) => {
      if (loopback || !(all || this.#askSpeed.has(index))) return;
      if (this.#links.setSpeed(index, readLinkSpeed(name))) this.#changed = true;
    });
    this.#askSpeed.clear();
  }
}
