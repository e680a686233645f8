import type { Packet } from '../packet/packet.ts';
import { Flow } from './flow.ts';

/** Looks at this many of the oldest flows for one that is idle. */
const lookedAt = 16;
const syn = 2;
const ack = 16;

export interface FlowTableOptions {
  /** Flows kept at once; past it the longest idle among the oldest is ended and counted. */
  readonly maxFlows: number;
  /** Milliseconds of silence after which a flow is over. */
  readonly tcpIdleMs: number;
  readonly otherIdleMs: number;
}

export const defaultFlowTableOptions: FlowTableOptions = {
  maxFlows: 100_000,
  tcpIdleMs: 15 * 60_000,
  otherIdleMs: 120_000,
};

/** The flows under way, found by the addresses, ports and protocol of a packet in either direction. */
export class FlowTable {
  readonly #options: FlowTableOptions;
  readonly #onEnd: (flow: Flow) => void;
  readonly #byHash = new Map<number, Flow>();
  readonly #isServerPort: (port: number, transport: 'tcp' | 'udp') => boolean;
  size = 0;
  /** Flows ended for want of room. */
  evicted = 0;

  constructor(
    options: FlowTableOptions,
    isServerPort: (port: number, transport: 'tcp' | 'udp') => boolean,
    onEnd: (flow: Flow) => void,
  ) {
    this.#options = options;
    this.#isServerPort = isServerPort;
    this.#onEnd = onEnd;
  }

  /** The flow of a packet, made when there is none; `fromClient` of `direction` says which way it goes. */
  find(packet: Packet, direction: { fromClient: boolean }): Flow {
    const known = this.lookup(packet, direction);
    if (known) return known;
    const hash = hashOf(packet);
    const flow = this.#make(packet, direction);
    flow.next = this.#byHash.get(hash) ?? null;
    this.#byHash.set(hash, flow);
    this.size++;
    if (this.size > this.#options.maxFlows) this.#evict(packet.timeMs);
    return flow;
  }

  /** The flow of a packet; null when there is none. */
  lookup(packet: Packet, direction: { fromClient: boolean }): Flow | null {
    const hash = hashOf(packet);
    for (let flow = this.#byHash.get(hash) ?? null; flow; flow = flow.next) {
      if (matches(flow.key, packet, 0, 4, packet.sourcePort, packet.destinationPort)) {
        direction.fromClient = true;
        return flow;
      }
      if (matches(flow.key, packet, 4, 0, packet.destinationPort, packet.sourcePort)) {
        direction.fromClient = false;
        return flow;
      }
    }
    return null;
  }

  /** Takes a flow out without ending it. */
  remove(flow: Flow): void {
    const hash = hashOfKey(flow.key);
    let previous: Flow | null = null;
    for (let one = this.#byHash.get(hash) ?? null; one; previous = one, one = one.next) {
      if (one !== flow) continue;
      if (previous) previous.next = one.next;
      else if (one.next) this.#byHash.set(hash, one.next);
      else this.#byHash.delete(hash);
      one.next = null;
      this.size--;
      return;
    }
  }

  /** Ends flows that were silent for too long. */
  expire(nowMs: number): void {
    const { tcpIdleMs, otherIdleMs } = this.#options;
    for (const first of this.#byHash.values())
      for (let flow: Flow | null = first; flow; ) {
        const next: Flow | null = flow.next;
        if (nowMs - flow.lastMs > (flow.transport === 'tcp' ? tcpIdleMs : otherIdleMs)) this.#end(flow);
        flow = next;
      }
  }

  /** Ends all of them. */
  clear(): void {
    for (const first of this.#byHash.values())
      for (let flow: Flow | null = first; flow; ) {
        const next: Flow | null = flow.next;
        this.#end(flow);
        flow = next;
      }
  }

  #end(flow: Flow): void {
    this.remove(flow);
    this.#onEnd(flow);
  }

  #evict(nowMs: number): void {
    let idlest: Flow | null = null;
    let left = lookedAt;
    for (const flow of this.#byHash.values()) {
      if (!idlest || flow.lastMs < idlest.lastMs) idlest = flow;
      if (--left === 0) break;
    }
    if (!idlest || idlest.lastMs > nowMs) return;
    this.evicted++;
    this.#end(idlest);
  }

  #make(packet: Packet, direction: { fromClient: boolean }): Flow {
    const fromClient = this.#isFromClient(packet);
    direction.fromClient = fromClient;
    const key = new Uint32Array(10);
    const from = fromClient ? 0 : 4;
    for (let i = 0; i < 4; i++) {
      key[i] = packet.addresses[from + i];
      key[4 + i] = packet.addresses[4 - from + i];
    }
    const { sourcePort, destinationPort } = packet;
    key[8] = fromClient ? (sourcePort << 16) | destinationPort : (destinationPort << 16) | sourcePort;
    key[9] = packet.protocol;
    return new Flow(key, packet.timeMs);
  }

  /** Who opened it: by the SYN, else by the port that servers are on, else whoever was heard first. */
  #isFromClient({ protocol, flags, sourcePort, destinationPort }: Packet): boolean {
    if (protocol === 6 && flags & syn) return (flags & ack) === 0;
    if (protocol !== 6 && protocol !== 17) return true;
    const transport = protocol === 6 ? 'tcp' : 'udp';
    const toServer = this.#isServerPort(destinationPort, transport);
    const fromServer = this.#isServerPort(sourcePort, transport);
    if (toServer !== fromServer) return toServer;
    if (protocol === 17) return true;
    return destinationPort <= sourcePort;
  }
}

function matches(
  key: Uint32Array,
  { addresses, protocol }: Packet,
  from: number,
  to: number,
  clientPort: number,
  serverPort: number,
): boolean {
  if (key[8] !== ((clientPort << 16) | serverPort) >>> 0 || key[9] !== protocol) return false;
  for (let i = 0; i < 4; i++)
    if (key[i] !== addresses[from + i] || key[4 + i] !== addresses[to + i]) return false;
  return true;
}

/** The same for both directions. */
function hashOf({ addresses, sourcePort, destinationPort, protocol }: Packet): number {
  return (
    (mix(addresses, 0, sourcePort) + mix(addresses, 4, destinationPort) + Math.imul(protocol, 0x85ebca6b)) | 0
  );
}

function hashOfKey(key: Uint32Array): number {
  return (mix(key, 0, key[8] >>> 16) + mix(key, 4, key[8] & 0xffff) + Math.imul(key[9], 0x85ebca6b)) | 0;
}

function mix(words: Uint32Array, at: number, port: number): number {
  let hash = port + 1;
  for (let i = 0; i < 4; i++) {
    hash = Math.imul(hash ^ words[at + i], 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}
