import { formatEndpoint, formatIp } from '../../base/ip.ts';
import type { Packet } from '../../decode/packet/packet.ts';
import { makeReporter } from '../../platform/reporter.ts';
import { readBootEpochMs, readBootNs } from '../../sys/clock.ts';
import { InterfaceSensor } from '../interfaces/sensor.ts';
import { makeProcessTable } from '../processes/table.ts';
import { openSlotSource, type SlotSourceOptions } from '../sockets/open-source.ts';
import type { Owner } from '../sockets/owner.ts';
import { SocketSensor } from '../sockets/socket-sensor.ts';
import type { TrackedConnection } from '../sockets/tracked.ts';

/** Connections that ended are known for this long, for their last packets. */
const keptMs = 5_000;
/** Pairs of ends remembered at most; past it all are looked up anew. */
const maxPairs = 50_000;
/** An end whose owner was not found is looked up again after this long. */
const againMs = 100;
/** While a conversation is this young its other end may be about to appear: it is looked up again after each reading. */
const youngMs = 1000;
/** Least time between two readings, whatever packets come. */
const readMs = 1;

/** Who sends a packet and who receives it, as far as they are processes of this machine. */
export interface PacketEnds {
  source: Owner | null;
  destination: Owner | null;
}

interface Pair extends PacketEnds {
  sinceMs: number;
  lookedMs: number;
}

/** The processes at the ends of packets, by the sensor of sockets. Order of use: `start`, then `tick` and `find`. */
export class PacketOwners implements Disposable {
  readonly #processes = makeProcessTable();
  readonly #interfaces = new InterfaceSensor();
  readonly #open = new Map<string, TrackedConnection>();
  readonly #ended: { readonly key: string; readonly connection: TrackedConnection; readonly atMs: number }[] =
    [];
  readonly #pairs = new Map<number, Pair>();
  readonly #scratch = new Uint8Array(16);
  #sockets: SocketSensor | null = null;
  #tickNs = 0;
  #nowMs = 0;
  /** The same moment on the clock of packets. */
  #readAtMs = 0;

  /** Opens the sensor. Throws NM_NOT_SUPPORTED where none works. */
  start(options: SlotSourceOptions): void {
    this.#interfaces.start();
    const epochMs = readBootEpochMs();
    this.#sockets = new SocketSensor(openSlotSource(options), {
      owners: this.#processes,
      clock: { toUnixMs: (bootNs) => bootNs / 1e6 + epochMs },
      reporter: makeReporter({ level: 'error', write: () => {} }),
      isLocalAddress: (ip) => this.#interfaces.isLocalAddress(ip),
      watcher: {
        opened: (connection) => this.#open.set(nameConnection(connection), connection),
        ended: (connection) => {
          this.#ended.push({ key: nameConnection(connection), connection, atMs: this.#nowMs });
        },
      },
      onProcessEvent: (event) => {
        if (event.kind === 'exec') this.#processes.exec(event);
        else this.#processes.exited(event.pid, event.start_ns);
      },
      record: () => {},
    });
    this.#tickNs = readBootNs();
    this.tick();
  }

  /** Takes over what opened and ended since. */
  tick(): void {
    const nowNs = readBootNs();
    this.#readAtMs = Date.now();
    this.#nowMs = nowNs / 1e6;
    this.#sockets?.tick(nowNs, Math.max(1, (nowNs - this.#tickNs) / 1e6));
    this.#tickNs = nowNs;
    while (this.#ended.length > 0 && this.#nowMs - this.#ended[0].atMs > keptMs) {
      const { key, connection } = this.#ended.shift()!;
      if (this.#open.get(key) === connection) this.#open.delete(key);
    }
  }

  /** The owners of a packet's ends, after what happened up to it was taken over; valid until the next call. */
  find(packet: Packet): PacketEnds {
    if (packet.timeMs > this.#readAtMs && Date.now() - this.#readAtMs > readMs) this.tick();
    const key = hashEnds(packet);
    let pair = this.#pairs.get(key);
    const isNew = pair === undefined;
    if (!pair) {
      if (this.#pairs.size >= maxPairs) this.#pairs.clear();
      pair = { source: null, destination: null, sinceMs: this.#nowMs, lookedMs: 0 };
      this.#pairs.set(key, pair);
    }
    const opens = packet.protocol === 6 && (packet.flags & 2) !== 0;
    if (opens) pair.sinceMs = this.#nowMs;
    if (isNew || opens || this.#mayFindMore(pair)) this.#look(packet, pair);
    return pair;
  }

  [Symbol.dispose](): void {
    this.#sockets?.[Symbol.dispose]();
    this.#interfaces[Symbol.dispose]();
    this.#sockets = null;
  }

  #mayFindMore({ source, destination, sinceMs, lookedMs }: Pair): boolean {
    if (source !== null && destination !== null) return false;
    if (this.#nowMs - sinceMs < youngMs) return this.#nowMs !== lookedMs;
    return source === null && destination === null && this.#nowMs - lookedMs > againMs;
  }

  #look(packet: Packet, pair: Pair): void {
    const protocol = packet.protocol === 6 ? 'tcp' : 'udp';
    const source = formatEndpoint(this.#format(packet.addresses, 0), packet.sourcePort);
    const destination = formatEndpoint(this.#format(packet.addresses, 4), packet.destinationPort);
    pair.lookedMs = this.#nowMs;
    pair.source = this.#ownerAt(`${protocol} ${source} ${destination}`);
    pair.destination = this.#ownerAt(`${protocol} ${destination} ${source}`);
  }

  #ownerAt(key: string): Owner | null {
    const identity = this.#open.get(key)?.identity;
    return identity && identity.process_id !== null ? identity : null;
  }

  #format(words: Uint32Array, at: number): string {
    const view = new DataView(this.#scratch.buffer);
    for (let i = 0; i < 4; i++) view.setUint32(i * 4, words[at + i]);
    return formatIp(this.#scratch);
  }
}

function nameConnection({ protocol, localIp, localPort, remoteIp, remotePort }: TrackedConnection): string {
  return `${protocol} ${formatEndpoint(localIp, localPort)} ${formatEndpoint(remoteIp, remotePort)}`;
}

/** 53 bits of both ends and the protocol: two pairs of one key are not to be expected. */
function hashEnds({ addresses, sourcePort, destinationPort, protocol }: Packet): number {
  let high = (sourcePort << 16) | destinationPort;
  let low = high ^ protocol;
  for (const word of addresses) {
    high = Math.imul(high ^ word, 0x9e3779b1);
    high ^= high >>> 15;
    low = Math.imul(low ^ word, 0x85ebca6b);
    low ^= low >>> 13;
  }
  return (high >>> 11) * 0x1_0000_0000 + (low >>> 0);
}
