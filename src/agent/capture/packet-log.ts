import { parseEndpoint, parseIp } from '../../base/ip.ts';
import { PcapngWriter } from '../../decode/capture/pcapng-writer.ts';
import { u32 } from '../../decode/packet/bytes.ts';
import { decodePacket } from '../../decode/packet/decode.ts';
import { Fragments } from '../../decode/packet/fragments.ts';
import { linkTypes } from '../../decode/packet/link.ts';
import { ipProtocols, Packet } from '../../decode/packet/packet.ts';
import { maxPackets, type PacketRow, type PacketsAnswer, type PacketsQuestion } from '../../wire/link.ts';
import { type Belonging, makeSelector, type Wanted, type WebFlows } from './packet-selection.ts';
import { describePacket } from './packet-text.ts';

/** Copied bytes that are kept: minutes of a quiet machine, a second of a web server at full load. */
const logBytes = 8 * 1024 * 1024;
/** Packets that are kept; most are heads of some 100 bytes. */
const logPackets = 65_536;
/** Bytes of packets in one answer: base64 makes a third more of them. */
const maxAnswerBytes = 2 * 1024 * 1024;
/** Packets pass this long before a connection is seen to open and after it is seen to end. */
const beforeMs = 2_000;
const afterMs = 5_000;

/** Packets looked at in one step of freezing, some 5 ms, and bytes after which a piece is handed out. */
const stepPackets = 8192;
const pieceBytes = 512 * 1024;

/** A part of a frozen capture file. */
export interface FrozenPiece {
  /** pcapng, to be put behind what came before; valid until the next piece is asked for. */
  readonly bytes: Uint8Array;
  /** In it, and those of before that gave way while the file was written. */
  readonly packets: number;
  readonly leftOut: number;
}

/** One end of a connection; no words for any address, port 0 for any. */
interface End {
  readonly words: readonly number[] | null;
  readonly port: number;
}

/**
 * The packets that the kernel copied last, whole as copied, in one block of memory. Keeping one is a copy of its bytes;
 * whose they are is only looked for when somebody asks.
 */
export class PacketLog {
  readonly #bytes = new Uint8Array(logBytes);
  readonly #starts = new Uint32Array(logPackets);
  readonly #captured = new Uint32Array(logPackets);
  readonly #lengths = new Uint32Array(logPackets);
  readonly #times = new Float64Array(logPackets);
  readonly #links = new Uint8Array(logPackets);
  readonly #outgoing = new Uint8Array(logPackets);
  readonly #flows = new Float64Array(logPackets);
  readonly #cookies = new Float64Array(logPackets);
  readonly #interfaces = new Uint32Array(logPackets);
  readonly #packet = new Packet();
  readonly #mask: boolean;
  /** Numbers of the oldest packet kept and of the next; place in the block of the next. */
  #first = 0;
  #next = 0;
  #at = 0;

  /** With `mask` what is handed out has no payload of TCP, where credentials and cookies are. */
  constructor({ mask }: { readonly mask: boolean }) {
    this.#mask = mask;
  }

  /** Keeps `start` to `end` of `bytes`, which are a copy of the first of `length` bytes. */
  keep(
    bytes: Uint8Array,
    start: number,
    end: number,
    length: number,
    linkType: number,
    timeMs: number,
  ): void {
    const size = end - start;
    if (size > logBytes) return;
    if (this.#at + size > logBytes) {
      // What lies between here and the end of the block is older than what is at its beginning.
      this.#forget(this.#at, logBytes);
      this.#at = 0;
    }
    this.#forget(this.#at, this.#at + size);
    if (this.#next - this.#first === logPackets) this.#first++;
    const place = this.#next++ % logPackets;
    this.#bytes.set(bytes.subarray(start, end), this.#at);
    this.#starts[place] = this.#at;
    this.#captured[place] = size;
    this.#lengths[place] = length;
    this.#links[place] = linkType;
    this.#times[place] = timeMs;
    this.#flows[place] = -1;
    this.#at += size;
  }

  /** Notes what the packet kept last belongs to. */
  note(flow: number, cookie: number, interfaceIndex: number, outgoing: boolean): void {
    if (this.#next === this.#first) return;
    const place = (this.#next - 1) % logPackets;
    this.#flows[place] = flow;
    this.#cookies[place] = cookie;
    this.#interfaces[place] = interfaceIndex;
    this.#outgoing[place] = Number(outgoing);
  }

  /**
   * What is kept now of the wanted packets from a time on (Unix milliseconds), as a capture file in pieces. Between two
   * pieces new packets may be kept: what has to give way to them is counted.
   */
  *freeze(fromMs: number, wanted: Wanted, web: WebFlows): Generator<FrozenPiece> {
    const end = this.#next;
    let number = this.#first;
    const marks = this.#mark(fromMs, wanted, web);
    const writer = new PcapngWriter({ application: 'netmon' });
    const interfaces = new Map<number, number>();
    const fragments = new Fragments();
    let [packets, leftOut, steps] = [0, 0, 0];
    for (; number < end; number++) {
      const place = number % logPackets;
      if (marks[place] === 0) continue;
      if (number < this.#first) leftOut++;
      else {
        this.#decode(place, fragments);
        const direction = this.#outgoing[place] === 0 ? 'received' : 'sent';
        this.#write(writer, place, this.#interfaceOf(writer, interfaces, place), direction);
        packets++;
      }
      if (++steps % stepPackets !== 0 && writer.pending < pieceBytes) continue;
      yield { bytes: writer.take(), packets, leftOut };
      packets = leftOut = 0;
    }
    yield { bytes: writer.take(), packets, leftOut };
  }

  /** The packets of a connection that are still kept, oldest first. */
  find(question: PacketsQuestion): PacketsAnswer {
    const writer = new PcapngWriter({ application: 'netmon' });
    const interfaces = new Map<number, number>();
    const rows: PacketRow[] = [];
    let leftOut = 0;
    let bytes = 0;
    const matches = makeMatcher(question);
    const fragments = new Fragments();
    for (let number = this.#first; number < this.#next; number++) {
      const place = number % logPackets;
      const direction = matches(this.#decode(place, fragments));
      if (direction === null) continue;
      bytes += this.#captured[place];
      if (rows.length >= maxPackets || bytes > maxAnswerBytes) {
        leftOut++;
        continue;
      }
      rows.push(this.#describe(place, direction));
      this.#write(writer, place, this.#interfaceOf(writer, interfaces, place), direction);
    }
    const reason =
      rows.length > 0 ? null : 'its packets are no longer kept, or none was copied: the oldest give way';
    const pcapng = rows.length > 0 ? Buffer.from(writer.take()).toString('base64') : '';
    return { packets: rows, left_out: leftOut, pcapng, reason };
  }

  #forget(from: number, to: number): void {
    while (this.#first < this.#next) {
      const place = this.#first % logPackets;
      const start = this.#starts[place];
      if (start + this.#captured[place] <= from || start >= to) return;
      this.#first++;
    }
  }

  /** A one for the place of each wanted packet. */
  #mark(fromMs: number, wanted: Wanted, web: WebFlows): Uint8Array {
    const marks = new Uint8Array(logPackets);
    const isWanted = makeSelector(wanted, web, () => this.#belongings());
    let number = this.#first;
    for (const packet of this.#belongings()) {
      const place = number++ % logPackets;
      marks[place] = Number(this.#times[place] >= fromMs && isWanted(packet));
    }
    return marks;
  }

  /** What each packet belongs to, oldest first. */
  *#belongings(): Generator<Belonging> {
    for (let number = this.#first; number < this.#next; number++) {
      const place = number % logPackets;
      yield {
        flow: this.#flows[place],
        cookie: this.#cookies[place],
        interface: this.#interfaces[place],
      };
    }
  }

  /** The number of the interface of that link type in the file. */
  #interfaceOf(writer: PcapngWriter, interfaces: Map<number, number>, place: number): number {
    const linkType = this.#links[place];
    let interfaceNumber = interfaces.get(linkType);
    if (interfaceNumber === undefined) {
      interfaceNumber = writer.addInterface({ linkType });
      interfaces.set(linkType, interfaceNumber);
    }
    return interfaceNumber;
  }

  #decode(place: number, fragments: Fragments): Packet {
    const start = this.#starts[place];
    this.#packet.reset(
      this.#bytes,
      start,
      start + this.#captured[place],
      this.#lengths[place],
      this.#times[place],
    );
    decodePacket(this.#packet, this.#links[place], fragments);
    return this.#packet;
  }

  #describe(place: number, direction: PacketRow['direction']): PacketRow {
    return {
      timestamp: new Date(this.#times[place]).toISOString(),
      direction,
      length: this.#lengths[place],
      captured: this.#captured[place],
      ...describePacket(this.#packet),
    };
  }

  #write(
    writer: PcapngWriter,
    place: number,
    interfaceNumber: number,
    direction: PacketRow['direction'],
  ): void {
    const start = this.#starts[place];
    const whole = start + this.#captured[place];
    const { bytes, payloadStart, protocol } = this.#packet;
    // What was put together from fragments lies elsewhere: of those only the headers are known to be harmless.
    const headers = bytes === this.#bytes ? payloadStart : start;
    const end = this.#mask && protocol === ipProtocols.tcp ? Math.min(whole, headers) : whole;
    writer.addPacket({
      interfaceNumber,
      timeMs: this.#times[place],
      bytes: this.#bytes,
      start,
      end,
      length: this.#lengths[place],
      direction: direction === 'sent' ? 'outbound' : 'inbound',
    });
  }
}

/** Ethernet or raw IP, as the kernel's programs copy. */
export const copiedLinkTypes = { ethernet: linkTypes.ethernet, raw: linkTypes.raw } as const;

/** Tells which way of the connection a packet went, null for one of another. */
function makeMatcher(question: PacketsQuestion): (packet: Packet) => PacketRow['direction'] | null {
  const local = readEnd(question.local_addr);
  const remote = readEnd(question.remote_addr);
  const protocol = ipProtocols[question.protocol];
  const from = question.opened_at === null ? 0 : Date.parse(question.opened_at) - beforeMs;
  const to =
    question.closed_at === null ? Number.POSITIVE_INFINITY : Date.parse(question.closed_at) + afterMs;
  return (packet) => {
    if (packet.protocol !== protocol || packet.timeMs < from || packet.timeMs > to) return null;
    const { addresses, sourcePort, destinationPort } = packet;
    if (isEnd(local, addresses, 0, sourcePort) && isEnd(remote, addresses, 4, destinationPort)) return 'sent';
    if (isEnd(remote, addresses, 0, sourcePort) && isEnd(local, addresses, 4, destinationPort))
      return 'received';
    return null;
  };
}

function readEnd(text: string): End {
  const endpoint = parseEndpoint(text);
  const ip = endpoint && parseIp(endpoint.ip);
  if (!endpoint || !ip) return { words: null, port: 0 };
  const words = [0, 4, 8, 12].map((at) => u32(ip, at) >>> 0);
  const any = words.every((word) => word === 0) || text.startsWith('0.0.0.0:');
  return { words: any ? null : words, port: endpoint.port };
}

function isEnd({ words, port }: End, addresses: Uint32Array, offset: number, packetPort: number): boolean {
  if (port !== 0 && port !== packetPort) return false;
  if (words === null) return true;
  for (let i = 0; i < 4; i++) if (words[i] !== addresses[offset + i]) return false;
  return true;
}
