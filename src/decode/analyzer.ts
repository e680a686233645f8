import type { ApplicationRecord, FlowRecord } from '../wire/traffic.ts';
import { Dialogue, type DialogueDeps } from './apps/dialogue.ts';
import type { DecodeSettings } from './apps/protocol.ts';
import { AppRegistry } from './apps/registry.ts';
import { describeFlow } from './flows/describe-flow.ts';
import type { Flow } from './flows/flow.ts';
import { defaultFlowTableOptions, FlowTable, type FlowTableOptions } from './flows/flow-table.ts';
import type { SideReader, TcpSide } from './flows/tcp-side.ts';
import { decodeLayers, decodePacket } from './packet/decode.ts';
import { Fragments } from './packet/fragments.ts';
import { errnoOfIcmp, quoteOffset } from './packet/icmp-error.ts';
import { ipProtocols, layers, Packet, tcpFlags } from './packet/packet.ts';

export interface AnalyzerOptions extends DecodeSettings {
  readonly flows?: Partial<FlowTableOptions>;
}

/** What becomes of packets. `flow` is live: its counters go on. */
export interface AnalyzerSink {
  onRecord(record: ApplicationRecord, flow: Flow): void;
  onFlowEnd(record: FlowRecord, flow: Flow): void;
  /** The payload has shown what a flow is, or that it has become something else. */
  onApplication?(application: string, flow: Flow): void;
}

/** Milliseconds of packet time between looks for idle flows. */
const expireEveryMs = 10_000;
/** A closed TCP connection is kept this long, for its last packets. */
const closedMs = 5_000;
/** An IP packet is no longer, whatever was quoted of it. */
const maxQuotedBytes = 65_535;

/**
 * From packets to records, whether they come from a file or from the kernel. Order for a packet:
 *
 * 1. its headers down to the transport (`packet/`)
 * 2. its flow (`flows/`), where it is counted; TCP payload is put in order
 * 3. the flow's dialogue (`apps/`), which knows or finds out the application and reads it
 *
 * It has no clock: time is that of the packets.
 */
export class Analyzer {
  readonly counters = { packets: 0, bytes: 0, malformed: 0, flows: 0 };
  readonly #packet = new Packet();
  readonly #quoted = new Packet();
  readonly #fragments = new Fragments();
  /** What is quoted is never put together. */
  readonly #quotedFragments = new Fragments({ maxDatagrams: 1 });
  readonly #direction = { fromClient: true };
  readonly #table: FlowTable;
  readonly #sink: AnalyzerSink;
  readonly #registry = new AppRegistry();
  readonly #settings: DecodeSettings;
  readonly #reader = new OrderedReader();
  #nowMs = 0;
  #expiredMs = 0;

  constructor(options: AnalyzerOptions, sink: AnalyzerSink) {
    this.#settings = options;
    this.#sink = sink;
    this.#table = new FlowTable(
      { ...defaultFlowTableOptions, ...options.flows },
      (port, transport) => this.#registry.isServerPort(port, transport),
      (flow) => this.#end(flow),
    );
  }

  /** Flows ended for want of room. */
  get evicted(): number {
    return this.#table.evicted;
  }

  /**
   * Takes a packet; `start` to `end` is what was captured of `length` bytes. The bytes are not kept. `cookie` is that of
   * the socket that sent it, where it is known.
   */
  packet(
    bytes: Uint8Array,
    start: number,
    end: number,
    length: number,
    linkType: number,
    timeMs: number,
    cookie = 0,
  ): void {
    const packet = this.#packet;
    this.counters.packets++;
    this.counters.bytes += length;
    this.#nowMs = Math.max(this.#nowMs, timeMs);
    packet.reset(bytes, start, end, length, timeMs);
    decodePacket(packet, linkType, this.#fragments);
    if (packet.problem !== null) this.counters.malformed++;
    if (packet.version === 0) return;
    const flow = this.#take(packet);
    if (cookie !== 0) {
      if (this.#direction.fromClient) flow.clientCookie = cookie;
      else flow.serverCookie = cookie;
    }
    if (packet.protocol === 6) this.#tcp(flow, packet);
    else if (packet.payloadEnd > packet.payloadStart && flow.transport === 'udp') this.#udp(flow, packet);
    else if (packet.protocol === ipProtocols.icmp || packet.protocol === ipProtocols.icmpv6)
      this.#icmp(packet);
    if (this.#nowMs - this.#expiredMs < expireEveryMs) return;
    this.#expiredMs = this.#nowMs;
    this.#table.expire(this.#nowMs);
  }

  /** Ends everything that is under way. */
  finish(): void {
    this.#table.clear();
  }

  #take(packet: Packet): Flow {
    let flow = this.#table.find(packet, this.#direction);
    if (isReused(flow, packet)) {
      this.#table.remove(flow);
      this.#end(flow);
      flow = this.#table.find(packet, this.#direction);
    }
    flow.lastMs = packet.timeMs;
    const tally = this.#direction.fromClient ? flow.sent : flow.received;
    tally.packets += packet.networkPackets;
    tally.bytes += packet.networkBytes;
    return flow;
  }

  #udp(flow: Flow, packet: Packet): void {
    flow.dialogue ??= this.#makeDialogue(flow, true);
    flow.dialogue.data(
      this.#direction.fromClient,
      packet.bytes,
      packet.payloadStart,
      packet.payloadEnd,
      packet.timeMs,
    );
  }

  /** An error is about the packet that it quotes: the beginning of it, at the least its ports. */
  #icmp(packet: Packet): void {
    const errno = errnoOfIcmp(packet);
    const start = packet.payloadStart + quoteOffset;
    if (errno === null || start >= packet.payloadEnd) return;
    const quoted = this.#quoted;
    quoted.reset(packet.bytes, start, packet.payloadEnd, maxQuotedBytes, packet.timeMs);
    decodeLayers(quoted, layers.ip, this.#quotedFragments);
    if (quoted.version === 0) return;
    const flow = this.#table.lookup(quoted, this.#direction);
    if (flow && this.#direction.fromClient) fail(flow, errno);
  }

  #tcp(flow: Flow, packet: Packet): void {
    const { fromClient } = this.#direction;
    const side = (fromClient ? flow.client : flow.server) as TcpSide;
    const other = (fromClient ? flow.server : flow.client) as TcpSide;
    const { flags } = packet;
    if (flags & tcpFlags.syn) this.#synchronize(flow, side, packet);
    if (flags & tcpFlags.ack) {
      other.acknowledge(packet.acknowledgment, this.#reader.of(flow, !fromClient, packet.timeMs));
      side.acknowledgment = packet.acknowledgment;
      side.acknowledged = true;
    }
    const sequence = flags & tcpFlags.syn ? (packet.sequence + 1) >>> 0 : packet.sequence;
    if (packet.payloadBytes > 0) {
      flow.dialogue ??= this.#makeDialogue(flow, side.fromStart);
      const reader = this.#reader.of(flow, fromClient, packet.timeMs);
      side.segment(
        sequence,
        packet.bytes,
        packet.payloadStart,
        packet.payloadEnd,
        packet.payloadBytes,
        reader,
      );
    }
    if (flags & tcpFlags.fin) side.finish((sequence + packet.payloadBytes) >>> 0);
    if (flags & tcpFlags.rst) this.#reset(flow, fromClient);
    if (side.takeEnd()) flow.dialogue?.sideEnded(fromClient, packet.timeMs);
  }

  #synchronize(flow: Flow, side: TcpSide, packet: Packet): void {
    side.synchronize(packet.sequence);
    if (side === flow.client) flow.synMs ||= packet.timeMs;
    else if (flow.synMs > 0 && flow.handshakeMs < 0) flow.handshakeMs = packet.timeMs - flow.synMs;
  }

  #reset(flow: Flow, fromClient: boolean): void {
    flow.reset = true;
    if (fromClient || flow.error !== null) return;
    flow.error = flow.server?.fromStart || flow.server?.started ? 'ECONNRESET' : 'ECONNREFUSED';
  }

  #makeDialogue(flow: Flow, fromStart: boolean): Dialogue {
    const deps: DialogueDeps = {
      settings: this.#settings,
      candidates: (transport, clientPort, serverPort) =>
        this.#registry.candidates(transport, clientPort, serverPort),
      onRecord: (record) => this.#sink.onRecord(record, flow),
      onApplication: (application) => this.#sink.onApplication?.(application, flow),
      onMalformed: () => this.counters.malformed++,
    };
    return new Dialogue(flow, fromStart, deps);
  }

  #end(flow: Flow): void {
    this.counters.flows++;
    if (flow.client && flow.server) {
      flow.client.flush(this.#reader.of(flow, true, flow.lastMs));
      flow.server.flush(this.#reader.of(flow, false, flow.lastMs));
    }
    flow.dialogue?.end(flow.lastMs);
    this.#sink.onFlowEnd(describeFlow(flow, this.#registry), flow);
  }
}

/**
 * The client's program is told of what befell its packet. TCP tries on, except while it connects, and looks for a smaller
 * size by itself (RFC 1122 section 4.2.3.9, RFC 1191).
 */
function fail(flow: Flow, errno: string): void {
  if (flow.error !== null) return;
  if (flow.server?.started || (flow.server && errno === 'EMSGSIZE')) return;
  flow.error = errno;
}

/** A SYN after the end belongs to a new connection that has the same ports. */
function isReused(flow: Flow, packet: Packet): boolean {
  if (!(packet.flags & tcpFlags.syn) || packet.flags & tcpFlags.ack || packet.protocol !== 6) return false;
  const { client, server } = flow;
  if (!client?.started) return false;
  const over = flow.reset || (client.finished && server?.finished);
  if (over) return packet.timeMs - flow.lastMs > closedMs || client.next !== (packet.sequence + 1) >>> 0;
  return client.delivered > 0 && ((packet.sequence - client.next) | 0) > 0;
}

/** Hands the bytes of one side to a flow's dialogue. One object, since no two segments are read at once. */
class OrderedReader implements SideReader {
  #flow: Flow | null = null;
  #fromClient = true;
  #timeMs = 0;

  of(flow: Flow, fromClient: boolean, timeMs: number): this {
    this.#flow = flow;
    this.#fromClient = fromClient;
    this.#timeMs = timeMs;
    return this;
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    this.#flow?.dialogue?.data(this.#fromClient, bytes, start, end, this.#timeMs);
  }

  gap(length: number): void {
    this.#flow?.dialogue?.gap(this.#fromClient, length, this.#timeMs);
  }
}
