import {
  CapturedPacket,
  type CaptureFormat,
  type CaptureListener,
  maxRecordBytes,
  toShownMs,
} from './captured-packet.ts';

/** Block types and options of draft-ietf-opsawg-pcapng that are read; all others are passed over. */
export const blockTypes = {
  section: 0x0a0d0d0a,
  interface: 1,
  obsoletePacket: 2,
  simplePacket: 3,
  interfaceStatistics: 5,
  enhancedPacket: 6,
} as const;
const options = { end: 0, timeResolution: 9, timeOffset: 14 } as const;

export const byteOrderMagic = 0x1a2b3c4d;
/** Type, and length before and after the body. */
const blockFrameBytes = 12;
/** Block type, length, byte-order magic, version and section length, and the length once more. */
const minSectionBytes = 28;
/** Fixed fields of an interface, an enhanced or obsolete packet and a simple packet, with the block's head. */
const interfaceHeadBytes = 16;
const packetHeadBytes = 28;
const simpleHeadBytes = 12;
/** Interfaces of a section that are remembered; a bridge with thousands of ports stays far below. */
const maxInterfaces = 65_536;

interface Interface {
  readonly linkType: number;
  readonly snapLength: number;
  readonly unitsPerSecond: number;
  readonly offsetSeconds: number;
}

/** Reads pcapng: any number of sections in either byte order, and interfaces with their own link types and clocks. */
export class PcapngFormat implements CaptureFormat {
  need = blockFrameBytes;
  failure: string | null = null;
  readonly #listener: CaptureListener;
  readonly #packet = new CapturedPacket();
  #littleEndian = false;
  #interfaces: Interface[] = [];
  /** Interfaces of the sections before. */
  #interfacesBefore = 0;

  constructor(listener: CaptureListener) {
    this.#listener = listener;
  }

  read(bytes: Uint8Array, start: number, end: number): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#packet.bytes = bytes;
    let at = start;
    while (end - at >= blockFrameBytes) {
      const isSection = view.getUint32(at) === blockTypes.section;
      if (isSection && !this.#readByteOrder(view, at + 8)) return at;
      const type = view.getUint32(at, this.#littleEndian);
      const length = view.getUint32(at + 4, this.#littleEndian);
      if (!this.#isLength(length, isSection)) return at;
      if (length > maxRecordBytes) {
        if (isRead(type)) {
          this.failure = `a block of ${length} bytes, more than ${maxRecordBytes}`;
          return at;
        }
        at += length;
        continue;
      }
      if (end - at < length) {
        this.need = length;
        return at;
      }
      if (view.getUint32(at + length - 4, this.#littleEndian) !== length) {
        this.failure = 'the lengths before and after a block differ';
        return at;
      }
      if (isSection && !this.#isVersion(view, at + 12)) return at;
      this.#readBlock(type, view, at, at + length - 4);
      at += length;
    }
    this.need = blockFrameBytes;
    return at;
  }

  #readByteOrder(view: DataView, at: number): boolean {
    if (view.getUint32(at) === byteOrderMagic) this.#littleEndian = false;
    else if (view.getUint32(at, true) === byteOrderMagic) this.#littleEndian = true;
    else {
      this.failure = 'a section without the byte-order magic';
      return false;
    }
    return true;
  }

  #isLength(length: number, isSection: boolean): boolean {
    if (length % 4 === 0 && length >= (isSection ? minSectionBytes : blockFrameBytes)) return true;
    this.failure = `a block of ${length} bytes`;
    return false;
  }

  /** The draft asks readers to take 1.2 for 1.0, which some have written. */
  #isVersion(view: DataView, at: number): boolean {
    const major = view.getUint16(at, this.#littleEndian);
    const minor = view.getUint16(at + 2, this.#littleEndian);
    if (major === 1 && (minor === 0 || minor === 2)) return true;
    this.failure = `pcapng version ${major}.${minor} is not known`;
    return false;
  }

  #readBlock(type: number, view: DataView, at: number, end: number): void {
    switch (type) {
      case blockTypes.section:
        this.#interfacesBefore += this.#interfaces.length;
        this.#interfaces = [];
        return;
      case blockTypes.interface:
        this.#readInterface(view, at, end);
        return;
      case blockTypes.enhancedPacket:
        this.#readPacket(view, at, end, view.getUint32(at + 8, this.#littleEndian));
        return;
      case blockTypes.obsoletePacket:
        this.#readPacket(view, at, end, view.getUint16(at + 8, this.#littleEndian));
        return;
      case blockTypes.simplePacket:
        this.#readSimplePacket(view, at, end);
        return;
      default:
    }
  }

  #readInterface(view: DataView, at: number, end: number): void {
    const little = this.#littleEndian;
    if (end - at < interfaceHeadBytes || this.#interfaces.length >= maxInterfaces) {
      this.#complain(end - at < interfaceHeadBytes ? 'an interface cut short' : 'too many interfaces', at);
      return;
    }
    let unitsPerSecond = 1e6;
    let offsetSeconds = 0;
    for (let option = at + interfaceHeadBytes; end - option >= 4; ) {
      const code = view.getUint16(option, little);
      const length = view.getUint16(option + 2, little);
      const value = option + 4;
      if (code === options.end || value + length > end) break;
      if (code === options.timeResolution && length >= 1) unitsPerSecond = toUnits(view.getUint8(value));
      if (code === options.timeOffset && length >= 8) offsetSeconds = Number(view.getBigInt64(value, little));
      option = value + ((length + 3) & ~3);
    }
    this.#interfaces.push({
      linkType: view.getUint16(at + 8, little),
      snapLength: view.getUint32(at + 12, little),
      unitsPerSecond,
      offsetSeconds,
    });
  }

  /** Enhanced packets and the obsolete ones before them differ in the first word alone. */
  #readPacket(view: DataView, at: number, end: number, index: number): void {
    const little = this.#littleEndian;
    if (end - at < packetHeadBytes) {
      this.#complain('a packet cut short', at);
      return;
    }
    const captured = view.getUint32(at + 20, little);
    if (captured > end - at - packetHeadBytes) {
      this.#complain(`a packet of ${captured} bytes in a block that has fewer`, at);
      return;
    }
    const units = view.getUint32(at + 12, little) * 0x1_0000_0000 + view.getUint32(at + 16, little);
    const length = view.getUint32(at + 24, little);
    this.#hand(at, index, at + packetHeadBytes, captured, length, units);
  }

  /** A packet of the section's first interface without a time: it counts as captured with the one before. */
  #readSimplePacket(view: DataView, at: number, end: number): void {
    if (end - at < simpleHeadBytes) {
      this.#complain('a packet cut short', at);
      return;
    }
    const length = view.getUint32(at + 8, this.#littleEndian);
    const snapLength = this.#interfaces[0]?.snapLength || length;
    const captured = Math.min(length, snapLength, end - at - simpleHeadBytes);
    this.#hand(at, 0, at + simpleHeadBytes, captured, length, null);
  }

  #hand(
    at: number,
    index: number,
    start: number,
    captured: number,
    length: number,
    units: number | null,
  ): void {
    const from = this.#interfaces[index];
    if (!from) {
      this.#complain(`a packet of interface ${index}, which is not described`, at);
      return;
    }
    const packet = this.#packet;
    packet.start = start;
    packet.end = start + captured;
    packet.length = length;
    packet.linkType = from.linkType;
    packet.interfaceNumber = this.#interfacesBefore + index;
    if (units !== null) packet.timeMs = toShownMs((units / from.unitsPerSecond + from.offsetSeconds) * 1000);
    this.#listener.onPacket(packet);
  }

  #complain(why: string, at: number): void {
    this.#listener.onComplaint(why, at);
  }
}

/** Units a second: a power of ten, or of two where the top bit is set. */
function toUnits(resolution: number): number {
  return resolution & 0x80 ? 2 ** (resolution & 0x7f) : 10 ** resolution;
}

function isRead(type: number): boolean {
  return (
    type === blockTypes.section ||
    (type >= blockTypes.interface && type <= blockTypes.simplePacket) ||
    type === blockTypes.enhancedPacket
  );
}
