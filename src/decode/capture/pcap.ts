import {
  CapturedPacket,
  type CaptureFormat,
  type CaptureListener,
  maxRecordBytes,
  toShownMs,
} from './captured-packet.ts';

/** Header of a file and of a record (draft-ietf-opsawg-pcap, sections 4 and 5). */
const fileHeaderBytes = 24;
const recordHeaderBytes = 16;
/** Of records by Alexey Kuznetzov's patched libpcap: index, protocol and packet type follow. */
const patchedHeaderBytes = 24;

interface Variant {
  readonly nanoseconds: boolean;
  readonly recordHeader: number;
  /** Bytes between the file header and the first record. */
  readonly extra: number;
}

/** By the first word as the host that wrote it meant it. */
const variants: Readonly<Record<number, Variant>> = {
  2712847316: { nanoseconds: false, recordHeader: recordHeaderBytes, extra: 0 },
  2712812621: { nanoseconds: true, recordHeader: recordHeaderBytes, extra: 0 },
  2712849716: { nanoseconds: false, recordHeader: patchedHeaderBytes, extra: 0 },
  // Written by test equipment of IXIA, in hardware and in software; the size of all records follows the header.
  469762476: { nanoseconds: true, recordHeader: recordHeaderBytes, extra: 4 },
  469762475: { nanoseconds: true, recordHeader: recordHeaderBytes, extra: 4 },
};

/** Bits of the link-type word that are the link type; FCS length and others are above. */
const linkTypeMask = 0x03ffffff;
/** Largest packet that libpcap takes (MAXIMUM_SNAPLEN), and of link types that carry larger transfers: D-Bus, USB. */
const maxCaptured = 262_144;
const maxCapturedLarge = 128 * 1024 * 1024;
const largeLinkTypes: ReadonlySet<number> = new Set([220, 231, 249, 266, 279]);

/** Whether a file that begins with these four bytes is a pcap. */
export function isPcap(bytes: Uint8Array, start: number): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, 4);
  return view.getUint32(0) in variants || view.getUint32(0, true) in variants;
}

/** Reads pcap in either byte order, with micro- or nanoseconds, and its variants. */
export class PcapFormat implements CaptureFormat {
  need = fileHeaderBytes;
  failure: string | null = null;
  readonly #listener: CaptureListener;
  readonly #packet = new CapturedPacket();
  #littleEndian = false;
  #variant: Variant | null = null;
  #snapLength = 0;
  #maxCaptured = 0;
  /** Whether the two lengths of a record have changed places: 2.3 wrote either, older ones always. */
  #swapped: 'no' | 'maybe' | 'yes' = 'no';

  constructor(listener: CaptureListener) {
    this.#listener = listener;
  }

  read(bytes: Uint8Array, start: number, end: number): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.#variant) return this.#readRecords(view, bytes, start, end, this.#variant);
    if (end - start < fileHeaderBytes) return start;
    const variant = this.#readHeader(view, start);
    if (!variant) return start;
    if (end - start < fileHeaderBytes + variant.extra) {
      this.need = fileHeaderBytes + variant.extra;
      return start;
    }
    this.#variant = variant;
    return this.#readRecords(view, bytes, start + fileHeaderBytes + variant.extra, end, variant);
  }

  #readHeader(view: DataView, at: number): Variant | null {
    this.#littleEndian = !(view.getUint32(at) in variants);
    const little = this.#littleEndian;
    const major = view.getUint16(at + 4, little);
    const minor = view.getUint16(at + 6, little);
    // 543.0 is what DG/UX wrote.
    if (!(major === 2 && minor <= 4) && !(major === 543 && minor === 0)) {
      this.failure = `pcap version ${major}.${minor} is not known`;
      return null;
    }
    this.#swapped = major === 543 || minor < 3 ? 'yes' : minor === 3 ? 'maybe' : 'no';
    const linkType = view.getUint32(at + 20, little) & linkTypeMask;
    const snapLength = view.getUint32(at + 16, little);
    const variant = variants[view.getUint32(at, little)];
    this.#packet.linkType = linkType;
    this.#maxCaptured = largeLinkTypes.has(linkType) ? maxCapturedLarge : maxCaptured;
    this.#snapLength = snapLength === 0 || snapLength > 0x7fffffff ? this.#maxCaptured : snapLength;
    // The patched libpcap put a made-up Ethernet header before what it had read up to the snap length.
    if (variant.recordHeader === patchedHeaderBytes && linkType === 1) this.#snapLength += 14;
    return variant;
  }

  #readRecords(view: DataView, bytes: Uint8Array, start: number, end: number, variant: Variant): number {
    const packet = this.#packet;
    const little = this.#littleEndian;
    const header = variant.recordHeader;
    packet.bytes = bytes;
    let at = start;
    while (end - at >= header) {
      let captured = view.getUint32(at + 8, little);
      let length = view.getUint32(at + 12, little);
      if (this.#swapped === 'yes' || (this.#swapped === 'maybe' && captured > length))
        [captured, length] = [length, captured];
      if (captured > this.#maxCaptured) {
        this.failure = `a packet of ${captured} captured bytes, more than ${this.#maxCaptured}`;
        return at;
      }
      const whole = header + captured;
      const wanted = Math.min(whole, maxRecordBytes);
      if (end - at < wanted) {
        this.need = wanted;
        return at;
      }
      packet.start = at + header;
      packet.end = at + Math.min(wanted, header + this.#snapLength);
      packet.length = length;
      const fraction = view.getUint32(at + 4, little);
      packet.timeMs = toShownMs(
        view.getUint32(at, little) * 1000 + (variant.nanoseconds ? fraction / 1e6 : fraction / 1000),
      );
      this.#listener.onPacket(packet);
      at += whole;
    }
    this.need = header;
    return at;
  }
}
