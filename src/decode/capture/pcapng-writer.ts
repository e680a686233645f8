import { blockTypes, byteOrderMagic } from './pcapng.ts';

/** Options of draft-ietf-opsawg-pcapng that are written. */
const options = {
  comment: 1,
  section: { hardware: 2, os: 3, application: 4 },
  interface: { name: 2, description: 3, filter: 11 },
  packet: { flags: 2, dropCount: 4, processAndThread: 8 },
  statistics: { start: 2, end: 3, received: 4, dropped: 5 },
} as const;
/** Bits of a packet's flags (section 4.3.1): which way it went. */
const directions = { inbound: 1, outbound: 2 } as const;
/** Longest text of an option; its length has 16 bits, and what is written about a packet is a line. */
const maxTextBytes = 4096;
/** Microseconds, the resolution of an interface that names none. */
const unitsPerMs = 1000;
const initialBytes = 256 * 1024;

export interface SectionOptions {
  readonly hardware?: string;
  readonly os?: string;
  readonly application?: string;
  readonly comment?: string;
}

export interface InterfaceOptions {
  readonly linkType: number;
  /** Most bytes captured of a packet; 0 for no limit. */
  readonly snapLength?: number;
  readonly name?: string;
  readonly description?: string;
  /** Text of the capture filter. */
  readonly filter?: string;
}

/** A packet to write: `start` to `end` of `bytes` is what was captured of `length` bytes. */
export interface PacketToWrite {
  /** Of `addInterface`. */
  readonly interfaceNumber: number;
  readonly timeMs: number;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly length: number;
  readonly direction?: keyof typeof directions | null;
  /** Who sent or received it; the thread is 0 where it is not known. */
  readonly processId?: number | null;
  readonly threadId?: number;
  readonly comment?: string | null;
  /** Packets lost on the interface since the one before. */
  readonly dropped?: number;
}

export interface InterfaceStatistics {
  readonly interfaceNumber: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly received: number;
  readonly dropped: number;
}

/**
 * Writes pcapng, little-endian, times in microseconds. What is added gathers in a buffer, of which `take` gives all
 * since the last time; the bytes it returns are valid until something is added again.
 */
export class PcapngWriter {
  #buffer = new Uint8Array(initialBytes);
  #view = new DataView(this.#buffer.buffer);
  #end = 0;
  #blockStart = 0;
  #interfaces = 0;

  /** The section begins with the writer. */
  constructor(section: SectionOptions = {}) {
    this.#begin(blockTypes.section);
    this.#u32(byteOrderMagic);
    this.#u16(1);
    this.#u16(0);
    // Length of the section: not known.
    this.#u32(0xffffffff);
    this.#u32(0xffffffff);
    this.#text(options.section.hardware, section.hardware);
    this.#text(options.section.os, section.os);
    this.#text(options.section.application, section.application);
    this.#text(options.comment, section.comment);
    this.#finish();
  }

  /** Bytes that wait to be taken. */
  get pending(): number {
    return this.#end;
  }

  /** Describes an interface and returns its number. */
  addInterface(one: InterfaceOptions): number {
    this.#begin(blockTypes.interface);
    this.#u16(one.linkType);
    this.#u16(0);
    this.#u32(one.snapLength ?? 0);
    this.#text(options.interface.name, one.name);
    this.#text(options.interface.description, one.description);
    // Its first byte says that a text follows.
    this.#text(options.interface.filter, one.filter === undefined ? undefined : `\0${one.filter}`);
    this.#finish();
    return this.#interfaces++;
  }

  addPacket(packet: PacketToWrite): void {
    const captured = packet.end - packet.start;
    this.#begin(blockTypes.enhancedPacket);
    this.#u32(packet.interfaceNumber);
    this.#time(packet.timeMs);
    this.#u32(captured);
    this.#u32(packet.length);
    this.#reserve(captured + 4);
    this.#buffer.set(packet.bytes.subarray(packet.start, packet.end), this.#end);
    this.#end += captured;
    this.#pad();
    if (packet.direction) {
      this.#option(options.packet.flags, 4);
      this.#u32(directions[packet.direction]);
    }
    if (packet.dropped) {
      this.#option(options.packet.dropCount, 8);
      this.#u64(packet.dropped);
    }
    if (packet.processId) {
      this.#option(options.packet.processAndThread, 8);
      this.#u32(packet.processId);
      this.#u32(packet.threadId ?? 0);
    }
    this.#text(options.comment, packet.comment ?? undefined);
    this.#finish();
  }

  /** What became of an interface's packets, at the end of a capture. */
  addStatistics({ interfaceNumber, startMs, endMs, received, dropped }: InterfaceStatistics): void {
    this.#begin(blockTypes.interfaceStatistics);
    this.#u32(interfaceNumber);
    this.#time(endMs);
    this.#option(options.statistics.start, 8);
    this.#time(startMs);
    this.#option(options.statistics.end, 8);
    this.#time(endMs);
    this.#option(options.statistics.received, 8);
    this.#u64(received);
    this.#option(options.statistics.dropped, 8);
    this.#u64(dropped);
    this.#finish();
  }

  take(): Uint8Array {
    const bytes = this.#buffer.subarray(0, this.#end);
    this.#end = 0;
    return bytes;
  }

  #begin(type: number): void {
    this.#blockStart = this.#end;
    this.#u32(type);
    this.#u32(0);
  }

  /** Options, if any, end with an empty one, which is allowed without any too; then both lengths. */
  #finish(): void {
    this.#u32(0);
    const length = this.#end + 4 - this.#blockStart;
    this.#u32(length);
    this.#view.setUint32(this.#blockStart + 4, length, true);
  }

  #option(code: number, length: number): void {
    this.#u16(code);
    this.#u16(length);
  }

  #text(code: number, text: string | undefined): void {
    if (text === undefined || text === '') return;
    this.#reserve(4 + maxTextBytes + 4);
    const head = this.#end;
    this.#end += 4;
    for (const char of text) {
      if (this.#end - head > maxTextBytes) break;
      this.#character(char.codePointAt(0)!);
    }
    this.#view.setUint16(head, code, true);
    this.#view.setUint16(head + 2, this.#end - head - 4, true);
    this.#pad();
  }

  /** UTF-8 (RFC 3629 section 3); half a surrogate pair is the replacement character. */
  #character(code: number): void {
    const point = code >= 0xd800 && code <= 0xdfff ? 0xfffd : code;
    const more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    const mark = [0, 0xc0, 0xe0, 0xf0][more]!;
    this.#buffer[this.#end++] = mark | (point >> (6 * more));
    for (let i = more - 1; i >= 0; i--) this.#buffer[this.#end++] = 0x80 | ((point >> (6 * i)) & 0x3f);
  }

  #pad(): void {
    while (this.#end % 4 !== 0) this.#buffer[this.#end++] = 0;
  }

  #time(ms: number): void {
    const units = Math.round(ms * unitsPerMs);
    this.#u32(Math.floor(units / 0x1_0000_0000));
    this.#u32(units % 0x1_0000_0000);
  }

  #u64(value: number): void {
    this.#u32(value % 0x1_0000_0000);
    this.#u32(Math.floor(value / 0x1_0000_0000));
  }

  #u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#end, value, true);
    this.#end += 4;
  }

  #u16(value: number): void {
    this.#reserve(4);
    this.#view.setUint16(this.#end, value, true);
    this.#end += 2;
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(this.#buffer.length * 2, this.#end + bytes));
    larger.set(this.#buffer.subarray(0, this.#end));
    this.#buffer = larger;
    this.#view = new DataView(larger.buffer);
  }
}
