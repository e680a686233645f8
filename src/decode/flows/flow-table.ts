import { ipProtocols, type Packet, tcpFlags } from '../packet/packet.ts';
import { Flow } from './flow.ts';
import { FlowHash } from './flow-hash.ts';
import { FlowList } from './flow-list.ts';

/** A flow moves to the young end of its list when it was put there this long ago. */
const listedAnewMs = 1_000;
const firstBuckets = 1_024;
/** Ended flows kept for use: many short connections end flows as fast as they begin others, all of which would be old garbage. */
const maxUnused = 1_024;

/** Which list a flow waits in, in the order in which they are emptied when there is no room. */
export const lists = {
  /** TCP connections that are over, kept for their last packets. */
  closed: 0,
  /** Nothing came back yet: scans and floods are here. */
  unanswered: 1,
  answered: 2,
  /** TCP with packets of both sides. */
  connected: 3,
} as const;
export type ListName = (typeof lists)[keyof typeof lists];

export interface FlowTableOptions {
  /**
   * Flows kept at once; past it the longest silent one is ended and counted, those that were never answered first. Half
   * of them at most are such, so that a flood does not take all.
   */
  readonly maxFlows: number;
  /** TCP connections that are over and kept at once, past which the first of them goes. */
  readonly maxClosed: number;
  /** Milliseconds of silence after which a flow is over: a TCP connection, one that has ended, and all else. */
  readonly tcpIdleMs: number;
  readonly closedMs: number;
  readonly otherIdleMs: number;
}

export const defaultFlowTableOptions: FlowTableOptions = {
  maxFlows: 100_000,
  maxClosed: 100_000,
  tcpIdleMs: 15 * 60_000,
  closedMs: 60_000,
  otherIdleMs: 120_000,
};

/** The flows under way, found by the addresses, ports and protocol of a packet in either direction. */
export class FlowTable {
  readonly #maxFlows: number;
  readonly #maxClosed: number;
  /** By list. */
  readonly #idleMs: readonly number[];
  readonly #lists = [new FlowList(), new FlowList(), new FlowList(), new FlowList()];
  readonly #onEnd: (flow: Flow) => void;
  readonly #isServerPort: (port: number, transport: 'tcp' | 'udp') => boolean;
  #buckets: (Flow | null)[] = new Array<Flow | null>(firstBuckets).fill(null);
  readonly #hash = new FlowHash();
  /** The one found last: packets come in runs. */
  #last: Flow | null = null;
  #made = 0;
  readonly #unused: Flow[] = [];
  /** Whether what was found last goes from client to server. */
  fromClient = true;
  size = 0;
  /** Time by the packets, which never goes back. */
  nowMs = 0;
  /** Flows ended for want of room before they were over. */
  evicted = 0;

  constructor(
    options: FlowTableOptions,
    isServerPort: (port: number, transport: 'tcp' | 'udp') => boolean,
    onEnd: (flow: Flow) => void,
  ) {
    const { maxFlows, maxClosed, tcpIdleMs, closedMs, otherIdleMs } = options;
    this.#maxFlows = maxFlows;
    this.#maxClosed = maxClosed;
    this.#idleMs = [closedMs, otherIdleMs, otherIdleMs, tcpIdleMs];
    this.#isServerPort = isServerPort;
    this.#onEnd = onEnd;
  }

  /** The flow of a packet, made when there is none; `fromClient` says which way it goes. */
  find(packet: Packet): Flow {
    const flow = this.lookup(packet) ?? this.#make(packet);
    if (this.nowMs - flow.listedMs >= listedAnewMs) this.move(flow, flow.list as ListName);
    return flow;
  }

  /** The flow of a packet; null when there is none. */
  lookup(packet: Packet): Flow | null {
    const last = this.#last;
    if (last && this.#matches(last, packet)) return last;
    const hash = this.#hash.of(packet);
    for (let flow = this.#buckets[hash & (this.#buckets.length - 1)]; flow; flow = flow.chained)
      if (flow.hash === hash && this.#matches(flow, packet)) {
        this.#last = flow;
        return flow;
      }
    return null;
  }

  /** Puts a flow at the young end of a list. */
  move(flow: Flow, list: ListName): void {
    this.#lists[flow.list].remove(flow);
    flow.list = list;
    this.#lists[list].append(flow, this.nowMs);
    const { size, oldest } = this.#lists[lists.closed];
    if (size > this.#maxClosed) this.end(oldest!);
  }

  /** Takes a flow out and ends it. */
  end(flow: Flow): void {
    this.#unlink(flow);
    this.#onEnd(flow);
    if (this.#unused.length >= maxUnused) return;
    flow.clear();
    this.#unused.push(flow);
  }

  /** Ends flows that were silent for too long; costs what it ends. */
  expire(): void {
    for (const [i, list] of this.#lists.entries())
      while (list.oldest && this.nowMs - list.oldest.listedMs > this.#idleMs[i] + listedAnewMs)
        this.end(list.oldest);
  }

  /** Ends all of them, in the order of their first packets. */
  clear(): void {
    const flows: Flow[] = [];
    for (const list of this.#lists) for (let flow = list.oldest; flow; flow = flow.newer) flows.push(flow);
    flows.sort((a, b) => a.id - b.id);
    for (const flow of flows) this.end(flow);
  }

  #evict(unanswered: number): void {
    const isFlood = unanswered >= this.#maxFlows / 2;
    for (const [i, { oldest }] of this.#lists.entries()) {
      if (!oldest || (isFlood && i !== lists.unanswered)) continue;
      if (i !== lists.closed) this.evicted++;
      this.end(oldest);
      return;
    }
  }

  #make(packet: Packet): Flow {
    const unanswered = this.#lists[lists.unanswered].size;
    if (this.size >= this.#maxFlows || unanswered >= this.#maxFlows / 2) this.#evict(unanswered);
    if (this.size >= this.#buckets.length) this.#grow();
    this.fromClient = this.#isFromClient(packet);
    const hash = this.#hash.of(packet);
    const flow = this.#unused.pop() ?? new Flow();
    flow.begin(this.#made++, packet, this.fromClient, hash);
    const bucket = hash & (this.#buckets.length - 1);
    flow.chained = this.#buckets[bucket];
    this.#buckets[bucket] = flow;
    flow.list = lists.unanswered;
    this.#lists[lists.unanswered].append(flow, this.nowMs);
    this.#last = flow;
    this.size++;
    return flow;
  }

  #unlink(flow: Flow): void {
    const bucket = flow.hash & (this.#buckets.length - 1);
    let one = this.#buckets[bucket];
    if (one === flow) this.#buckets[bucket] = flow.chained;
    else {
      while (one && one.chained !== flow) one = one.chained;
      if (one) one.chained = flow.chained;
    }
    flow.chained = null;
    this.#lists[flow.list].remove(flow);
    if (this.#last === flow) this.#last = null;
    this.size--;
  }

  #grow(): void {
    const old = this.#buckets;
    const mask = old.length * 2 - 1;
    const buckets = new Array<Flow | null>(old.length * 2).fill(null);
    for (const first of old)
      for (let flow = first; flow; ) {
        const next: Flow | null = flow.chained;
        flow.chained = buckets[flow.hash & mask];
        buckets[flow.hash & mask] = flow;
        flow = next;
      }
    this.#buckets = buckets;
  }

  #matches(flow: Flow, packet: Packet): boolean {
    if (flow.protocol !== packet.protocol) return false;
    const { addresses, sourcePort, destinationPort } = packet;
    const there = (sourcePort << 16) | destinationPort;
    if (flow.ports === there && isPair(flow, addresses, 0, 4)) {
      this.fromClient = true;
      return true;
    }
    const back = (destinationPort << 16) | sourcePort;
    if (flow.ports !== back || !isPair(flow, addresses, 4, 0)) return false;
    this.fromClient = false;
    return true;
  }

  /** Who opened it: by the SYN, else by the port that servers are on, else whoever was heard first. */
  #isFromClient({ protocol, flags, sourcePort, destinationPort }: Packet): boolean {
    const isTcp = protocol === ipProtocols.tcp;
    if (isTcp && flags & tcpFlags.syn) return (flags & tcpFlags.ack) === 0;
    if (!isTcp && protocol !== ipProtocols.udp) return true;
    const transport = isTcp ? 'tcp' : 'udp';
    const toServer = this.#isServerPort(destinationPort, transport);
    const fromServer = this.#isServerPort(sourcePort, transport);
    if (toServer !== fromServer) return toServer;
    return !isTcp || destinationPort <= sourcePort;
  }
}

/** Whether the flow's client has the address at `client` and its server that at `server`. */
function isPair(flow: Flow, addresses: Uint32Array, client: number, server: number): boolean {
  return (
    flow.c3 === (addresses[client + 3] | 0) &&
    flow.s3 === (addresses[server + 3] | 0) &&
    flow.c0 === (addresses[client] | 0) &&
    flow.c1 === (addresses[client + 1] | 0) &&
    flow.c2 === (addresses[client + 2] | 0) &&
    flow.s0 === (addresses[server] | 0) &&
    flow.s1 === (addresses[server + 1] | 0) &&
    flow.s2 === (addresses[server + 2] | 0)
  );
}
