import type { ApplicationRecord, FlowRecord } from '../wire/traffic.ts';
import { Dialogue, type DialogueDeps } from './apps/dialogue.ts';
import { HeldBytes } from './apps/held-bytes.ts';
import type { DecodeSettings } from './apps/protocol.ts';
import { AppRegistry } from './apps/registry.ts';
import { Reminders } from './apps/reminders.ts';
import { describeFlow } from './flows/describe-flow.ts';
import type { Flow } from './flows/flow.ts';
import { defaultFlowTableOptions, FlowTable, type FlowTableOptions, lists } from './flows/flow-table.ts';
import { OrderedReader } from './flows/ordered-reader.ts';
import { isLoneSyn, isOver, isReused, isTimedOut, noteOpening, noteReset } from './flows/tcp-connection.ts';
import { isSeenTwice, judgeSegment } from './flows/tcp-quality.ts';
import type { TcpSide } from './flows/tcp-side.ts';
import { decodeLayers, decodePacket } from './packet/decode.ts';
import { Fragments } from './packet/fragments.ts';
import { errnoOfIcmp, quoteOffset } from './packet/icmp-error.ts';
import { ipProtocols, layers, Packet, tcpFlags } from './packet/packet.ts';

export interface AnalyzerOptions extends DecodeSettings {
  readonly flows?: Partial<FlowTableOptions>;
  /**
   * Of most packets only some are handed in, in the order in which they passed: what a later segment shows to be missing
   * is a gap at once, and nothing waits for it.
   */
  readonly sparse?: boolean;
}

/** What becomes of packets. `flow` is live: its counters go on, and once it has ended another one is made of it. */
export interface AnalyzerSink {
  onRecord(record: ApplicationRecord, flow: Flow): void;
  onFlowEnd?(record: FlowRecord, flow: Flow): void;
  /** The payload has shown what a flow is, or that it has become something else. */
  onApplication?(application: string, flow: Flow): void;
}

/** Milliseconds of packet time between looks for idle flows. */
const expireEveryMs = 1_000;
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
  readonly #table: FlowTable;
  readonly #sink: AnalyzerSink;
  readonly #registry = new AppRegistry();
  readonly #dialogues: DialogueDeps<Flow>;
  readonly #reader: OrderedReader;
  #expiredMs = 0;

  constructor(options: AnalyzerOptions, sink: AnalyzerSink) {
    this.#sink = sink;
    this.#reader = new OrderedReader(options.sparse ?? false);
    this.#table = new FlowTable(
      { ...defaultFlowTableOptions, ...options.flows },
      (port, transport) => this.#registry.isServerPort(port, transport),
      (flow) => this.#end(flow),
    );
    this.#dialogues = {
      settings: options,
      reminders: new Reminders(),
      held: new HeldBytes(),
      candidates: (transport, clientPort, serverPort) =>
        this.#registry.candidates(transport, clientPort, serverPort),
      onRecord: (record, flow) => sink.onRecord(record, flow),
      onApplication: (application, flow) => sink.onApplication?.(application, flow),
      onMalformed: () => this.counters.malformed++,
    };
  }

  /** Flows ended for want of room, and those whose open requests were told of as they were, to forget them. */
  get evicted(): number {
    return this.#table.evicted + this.#dialogues.held.givenUp;
  }

  /** Flows under way. */
  get openFlows(): number {
    return this.#table.size;
  }

  /**
   * Takes a packet; `start` to `end` is what was captured of `length` bytes. The bytes are not kept. `cookie` is that of
   * the socket that sent it, where it is known. `place` is where the packet was seen, for input that shows it wherever it
   * passes: each direction of a flow is read where it came by first. The answer is the flow that the packet was read for.
   */
  packet(
    bytes: Uint8Array,
    start: number,
    end: number,
    length: number,
    linkType: number,
    timeMs: number,
    cookie = 0,
    place = 0,
  ): Flow | null {
    const packet = this.#packet;
    this.counters.packets++;
    this.counters.bytes += length;
    if (timeMs > this.#table.nowMs) this.#table.nowMs = timeMs;
    packet.reset(bytes, start, end, length, timeMs);
    decodePacket(packet, linkType, this.#fragments);
    if (packet.problem !== null) this.counters.malformed++;
    const flow = packet.version === 0 ? null : this.#take(packet, cookie, place);
    this.advance(timeMs);
    return flow;
  }

  /** Ends what was silent for too long by then; for live input, which may have no packet to tell the time. */
  advance(nowMs: number): void {
    if (nowMs > this.#table.nowMs) this.#table.nowMs = nowMs;
    if (this.#table.nowMs - this.#expiredMs < expireEveryMs) return;
    this.#expiredMs = this.#table.nowMs;
    this.#dialogues.reminders.pass(this.#table.nowMs);
    this.#table.expire();
  }

  /** Ends everything that is under way. */
  finish(): void {
    this.#table.clear();
  }

  #take(packet: Packet, cookie: number, place: number): Flow | null {
    const flow = this.#findFlow(packet);
    const { fromClient } = this.#table;
    if (place !== 0 && !flow.isFirstPlace(fromClient, place, packet.timeMs)) return null;
    const tally = fromClient ? flow.sent : flow.received;
    flow.lastMs = packet.timeMs;
    tally.packets += packet.networkPackets;
    tally.bytes += packet.networkBytes;
    if (cookie !== 0) {
      if (fromClient) flow.clientCookie = cookie;
      else flow.serverCookie = cookie;
    }
    const isTcp = flow.transport === 'tcp';
    if (!fromClient && flow.list === lists.unanswered)
      this.#table.move(flow, isTcp ? lists.connected : lists.answered);
    if (isTcp) this.#tcp(flow, packet, fromClient);
    else if (flow.transport === 'udp') this.#udp(flow, packet, fromClient);
    else if (packet.protocol === ipProtocols.icmp || packet.protocol === ipProtocols.icmpv6)
      this.#icmp(packet);
    return flow;
  }

  #findFlow(packet: Packet): Flow {
    const flow = this.#table.find(packet);
    if (flow.transport !== 'tcp' || !isReused(flow, packet, this.#table.fromClient)) return flow;
    this.#table.end(flow);
    return this.#table.find(packet);
  }

  #udp(flow: Flow, packet: Packet, fromClient: boolean): void {
    if (packet.payloadEnd <= packet.payloadStart) return;
    flow.dialogue ??= new Dialogue(flow, true, this.#dialogues);
    flow.dialogue.data(fromClient, packet.bytes, packet.payloadStart, packet.payloadEnd, packet.timeMs);
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
    const flow = this.#table.lookup(quoted);
    if (flow && this.#table.fromClient) fail(flow, errno);
  }

  #tcp(flow: Flow, packet: Packet, fromClient: boolean): void {
    if (isLoneSyn(flow, packet)) {
      flow.synMs = packet.timeMs;
      flow.synSequence = packet.sequence;
      flow.synIpId = packet.ipId;
      return;
    }
    if (!flow.client) flow.openSides();
    const side = (fromClient ? flow.client : flow.server) as TcpSide;
    const other = (fromClient ? flow.server : flow.client) as TcpSide;
    const { flags, timeMs, payloadBytes } = packet;
    if (flow.openedMs < 0) noteOpening(flow, packet, fromClient);
    if (isSeenTwice(side, packet, payloadBytes)) return;
    judgeSegment(side, other, packet, flow);
    if (flags & tcpFlags.ack) {
      side.acknowledgment = packet.acknowledgment;
      side.acknowledged = true;
      if (other.expectsAcknowledgment) {
        other.acknowledge(packet.acknowledgment, this.#reader.of(flow, !fromClient, timeMs));
        if (other.takeEnd()) flow.dialogue?.sideEnded(!fromClient, timeMs);
      }
    }
    const sequence = flags & tcpFlags.syn ? (packet.sequence + 1) | 0 : packet.sequence;
    if (payloadBytes > 0 && (flags & tcpFlags.rst) === 0)
      this.#payload(flow, side, packet, sequence, fromClient);
    if (side.waiting > 0) side.look(this.#reader.of(flow, fromClient, timeMs));
    if (flags & tcpFlags.fin) side.finish((sequence + payloadBytes) | 0);
    if (flags & tcpFlags.rst) noteReset(flow, packet, fromClient);
    if (side.takeEnd()) flow.dialogue?.sideEnded(fromClient, timeMs);
    if (flow.list === lists.closed || !isOver(flow)) return;
    // Both sides have been read to their ends: what a parser holds is of no use any more. After a RST there may be more.
    if (!flow.reset) flow.endDialogue(timeMs);
    this.#table.move(flow, lists.closed);
  }

  #payload(flow: Flow, side: TcpSide, packet: Packet, sequence: number, fromClient: boolean): void {
    const { bytes, payloadStart, payloadEnd, payloadBytes, timeMs } = packet;
    if (fromClient) {
      if (flow.askedMs < 0) flow.askedMs = timeMs;
    } else if (flow.firstByteMs < 0 && flow.askedMs >= 0) flow.firstByteMs = timeMs - flow.askedMs;
    if (side.finished) return;
    flow.dialogue ??= new Dialogue(flow, side.fromStart, this.#dialogues);
    const reader = this.#reader.of(flow, fromClient, timeMs);
    side.segment(sequence, bytes, payloadStart, payloadEnd, payloadBytes, reader);
    if (side.waiting > 0) reader.relieve(timeMs);
  }

  #end(flow: Flow): void {
    const { client, server, lastMs } = flow;
    this.counters.flows++;
    if (client && server) {
      client.flush(this.#reader.of(flow, true, lastMs));
      server.flush(this.#reader.of(flow, false, lastMs));
      if (flow.error === null && isTimedOut(flow, this.#table.nowMs)) flow.error = 'ETIMEDOUT';
    }
    flow.endDialogue(lastMs);
    this.#sink.onFlowEnd?.(describeFlow(flow, this.#registry), flow);
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
