import { PcapngWriter } from '../../decode/capture/pcapng-writer.ts';
import { decodePacket } from '../../decode/packet/decode.ts';
import { Fragments } from '../../decode/packet/fragments.ts';
import { linkTypes } from '../../decode/packet/link.ts';
import { Packet } from '../../decode/packet/packet.ts';
import type { PacketSocket } from '../../sys/packet-socket.ts';
import type { RingPacket } from '../../sys/packet-socket-ring.ts';
import type { Owner } from '../sockets/owner.ts';
import type { PacketEnds } from './packet-owners.ts';

/** An interface that is recorded. */
export interface RecordedInterface {
  readonly name: string;
  readonly linkType: number;
  readonly socket: PacketSocket;
}

export interface RecordingOptions {
  readonly interfaces: readonly RecordedInterface[];
  readonly application: string;
  readonly os: string;
  /** Text of the capture filter, which the sockets have. */
  readonly filter: string | undefined;
  /** Name or number of the process whose packets alone are kept. */
  readonly process: string | undefined;
  /** Finds the processes at a packet's ends. */
  readonly findOwners: (packet: Packet) => PacketEnds;
}

/** Packets of several interfaces as pcapng, each with the process that sent or received it. */
export class Recording {
  written = 0;
  /** Those of other processes than the one asked for. */
  left = 0;
  readonly #options: RecordingOptions;
  readonly #writer: PcapngWriter;
  readonly #packet = new Packet();
  readonly #fragments = new Fragments();
  readonly #startMs: number;
  /** The comment of a pair of owners, which is the same for all of its packets. */
  readonly #comments = new WeakMap<Owner, Map<Owner | null, string>>();

  constructor(options: RecordingOptions, nowMs: number) {
    this.#options = options;
    this.#startMs = nowMs;
    this.#writer = new PcapngWriter({ application: options.application, os: options.os });
    for (const { name, linkType } of options.interfaces) {
      const { filter } = options;
      this.#writer.addInterface({ name, linkType, ...(filter !== undefined && { filter }) });
    }
  }

  /** Reads what has come; the answer is how many packets. */
  drain(): number {
    let count = 0;
    for (const [number, one] of this.#options.interfaces.entries())
      count += one.socket.drain((packet) => this.#add(packet, number, one.linkType));
    return count;
  }

  /** Adds what became of each interface's packets, and sums it. */
  finish(nowMs: number): { readonly received: number; readonly dropped: number } {
    const sum = { received: 0, dropped: 0 };
    for (const [interfaceNumber, { socket }] of this.#options.interfaces.entries()) {
      socket.count();
      const { received, dropped } = socket;
      this.#writer.addStatistics({
        interfaceNumber,
        startMs: this.#startMs,
        endMs: nowMs,
        received,
        dropped,
      });
      sum.received += received;
      sum.dropped += dropped;
    }
    return sum;
  }

  /** The bytes of the file since the last call, valid until more is read. */
  take(): Uint8Array {
    return this.#writer.take();
  }

  #add(raw: RingPacket, interfaceNumber: number, linkType: number): void {
    const packet = this.#packet;
    packet.reset(raw.bytes, raw.start, raw.end, raw.length, raw.timeMs);
    decodePacket(packet, linkType, this.#fragments);
    const carries = packet.version !== 0 && (packet.protocol === 6 || packet.protocol === 17);
    const owners = carries ? this.#options.findOwners(packet) : noOwners;
    if (!this.#isWanted(owners)) {
      this.left++;
      return;
    }
    this.written++;
    const direction = raw.outgoing ? 'outbound' : 'inbound';
    const owner = owners.source ?? owners.destination;
    this.#writer.addPacket({
      interfaceNumber,
      timeMs: raw.timeMs,
      bytes: raw.bytes,
      start: raw.start,
      end: raw.end,
      length: raw.length,
      direction,
      processId: owner?.process_id ?? null,
      comment: owner ? this.#comment(owners) : null,
    });
  }

  #isWanted({ source, destination }: PacketEnds): boolean {
    const { process } = this.#options;
    if (process === undefined) return true;
    return [source, destination].some(
      (owner) => owner !== null && (owner.process_name === process || String(owner.process_id) === process),
    );
  }

  #comment({ source, destination }: PacketEnds): string {
    const first = (source ?? destination)!;
    const second = source ? destination : null;
    const comments = this.#comments.get(first) ?? new Map<Owner | null, string>();
    this.#comments.set(first, comments);
    let comment = comments.get(second);
    if (comment === undefined) {
      const from = source ? `from ${describeOwner(source)}` : '';
      const to = destination ? `to ${describeOwner(destination)}` : '';
      comment = `${from} ${to}`.trim();
      comments.set(second, comment);
    }
    return comment;
  }
}

const noOwners: PacketEnds = { source: null, destination: null };

const describeOwner = ({ process_name, process_id }: Owner): string => `${process_name} (${process_id})`;

/** The link type of an interface's packets. */
export const linkTypeOf = (ethernet: boolean): number => (ethernet ? linkTypes.ethernet : linkTypes.raw);
