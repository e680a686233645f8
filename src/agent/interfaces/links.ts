import type { AddressMessage, LinkCounters, LinkMessage } from '../../decode/rtnetlink.ts';
import type { InterfaceRow } from '../../wire/machine.ts';
import { LinkMeter } from './counters.ts';

/** Most interfaces followed; a machine with more shows the first ones, and how many are left out. */
const maxLinks = 4096;
/** Most addresses of one interface shown. */
const maxAddresses = 256;

interface Link {
  message: LinkMessage;
  meter: LinkMeter;
  speed: number | null;
  readonly addresses: Map<string, string>;
}

const zero: LinkCounters = {
  packetsReceived: 0,
  packetsSent: 0,
  bytesReceived: 0,
  bytesSent: 0,
  errorsReceived: 0,
  errorsSent: 0,
  dropsReceived: 0,
  dropsSent: 0,
};

/** The interfaces of one network namespace as told by messages of rtnetlink, by index. Pure: it reads nothing. */
export class LinkTable {
  /** How many interfaces found no room. */
  left = 0;
  readonly #links = new Map<number, Link>();
  readonly #ips = new Map<string, number>();

  /** A new link, or a change of one. The answer says whether anything but its counters changed. */
  set(message: LinkMessage, atMs: number): boolean {
    const known = this.#links.get(message.index);
    if (!known) {
      if (this.#links.size >= maxLinks) {
        this.left++;
        return false;
      }
      const meter = new LinkMeter(message.counters ?? zero, atMs);
      this.#links.set(message.index, { message, meter, speed: null, addresses: new Map() });
      return true;
    }
    const before = known.message;
    known.message = message;
    return (
      before.name !== message.name ||
      before.up !== message.up ||
      before.carrier !== message.carrier ||
      before.mtu !== message.mtu ||
      before.mac !== message.mac ||
      before.kind !== message.kind
    );
  }

  remove(index: number): boolean {
    const link = this.#links.get(index);
    if (!link) return false;
    for (const ip of link.addresses.keys()) this.#forgetIp(ip);
    return this.#links.delete(index);
  }

  /** Removes the links whose index is not among these: what a dump no longer has. */
  retain(indices: ReadonlySet<number>): boolean {
    const gone = [...this.#links.keys()].filter((index) => !indices.has(index));
    for (const index of gone) this.remove(index);
    return gone.length > 0;
  }

  addAddress({ index, ip, prefix }: AddressMessage): boolean {
    const link = this.#links.get(index);
    if (!link || link.addresses.has(ip) || link.addresses.size >= maxAddresses) return false;
    link.addresses.set(ip, `${ip}/${prefix}`);
    this.#ips.set(ip, (this.#ips.get(ip) ?? 0) + 1);
    return true;
  }

  removeAddress({ index, ip }: AddressMessage): boolean {
    if (!this.#links.get(index)?.addresses.delete(ip)) return false;
    this.#forgetIp(ip);
    return true;
  }

  /** Forgets all addresses, before they are dumped anew. */
  clearAddresses(): void {
    for (const link of this.#links.values()) link.addresses.clear();
    this.#ips.clear();
  }

  /** Whether an interface has this address. */
  hasIp(ip: string): boolean {
    return this.#ips.has(ip);
  }

  /** Takes counters over; the answer says whether they, or rates, changed. */
  count(index: number, counters: LinkCounters, atMs: number): boolean {
    return this.#links.get(index)?.meter.read(counters, atMs) ?? false;
  }

  setSpeed(index: number, speed: number | null): boolean {
    const link = this.#links.get(index);
    if (!link || link.speed === speed) return false;
    link.speed = speed;
    return true;
  }

  /** Visits the links in the order in which they appeared. */
  forEach(visit: (message: LinkMessage, meter: LinkMeter) => void): void {
    for (const { message, meter } of this.#links.values()) visit(message, meter);
  }

  get size(): number {
    return this.#links.size;
  }

  rows(networkNamespace: number): InterfaceRow[] {
    return [...this.#links.values()].map((link) => describe(link, networkNamespace));
  }

  #forgetIp(ip: string): void {
    const count = (this.#ips.get(ip) ?? 0) - 1;
    if (count > 0) this.#ips.set(ip, count);
    else this.#ips.delete(ip);
  }
}

function describe({ message, meter, speed, addresses }: Link, networkNamespace: number): InterfaceRow {
  const { totals, rates } = meter;
  const busiest = Math.max(rates.upload, rates.download) * 8;
  return {
    name: message.name,
    index: message.index,
    network_namespace: networkNamespace,
    up: message.up,
    carrier: message.carrier,
    kind: message.kind,
    mac: message.mac,
    mtu: message.mtu,
    speed_mbps: speed,
    addresses: [...addresses.values()],
    bytes_sent: totals.bytesSent,
    bytes_received: totals.bytesReceived,
    packets_sent: totals.packetsSent,
    packets_received: totals.packetsReceived,
    errors_sent: totals.errorsSent,
    errors_received: totals.errorsReceived,
    drops_sent: totals.dropsSent,
    drops_received: totals.dropsReceived,
    upload_speed: Math.round(rates.upload),
    download_speed: Math.round(rates.download),
    packets_sent_per_s: Math.round(rates.packetsSent),
    packets_received_per_s: Math.round(rates.packetsReceived),
    utilization_percent: speed === null ? null : round(Math.min(100, busiest / (speed * 10_000))),
  };
}

function round(percent: number): number {
  return Math.round(percent * 100) / 100;
}
