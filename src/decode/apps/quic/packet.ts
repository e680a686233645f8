import { u32 } from '../../packet/bytes.ts';
import { findVersion, type QuicVersion } from './versions.ts';

/** Longest connection id of the versions that are read, RFC 9000 section 17.2. */
const maxIdBytes = 20;

/** Header of a long-header packet (RFC 9000 section 17.2) within a datagram; offsets are into its bytes. */
export interface LongHeader {
  /** `negotiation` has version 0; `other` is 0-RTT or Handshake. */
  readonly kind: 'initial' | 'retry' | 'negotiation' | 'other';
  readonly version: QuicVersion | null;
  readonly start: number;
  readonly destinationStart: number;
  readonly destinationEnd: number;
  readonly sourceStart: number;
  readonly sourceEnd: number;
  /** Where the packet number is; 0 for kinds without one. */
  readonly numberAt: number;
  readonly end: number;
  /** Whether it was captured to its end. */
  readonly whole: boolean;
}

/**
 * Reads the header of the packet at `start`; null for a short one, an unknown version, and one whose header is damaged.
 * With `greased` the bit that is otherwise set may be anything (RFC 9287): ends that agreed on that make use of it at once.
 */
export function readLongHeader(
  bytes: Uint8Array,
  start: number,
  end: number,
  greased = false,
): LongHeader | null {
  if (end - start < 7 || (bytes[start] & 0x80) === 0) return null;
  const number = u32(bytes, start + 1);
  const destinationStart = start + 6;
  const destinationEnd = destinationStart + bytes[start + 5];
  if (bytes[start + 5] > maxIdBytes || destinationEnd >= end) return null;
  const sourceStart = destinationEnd + 1;
  const sourceEnd = sourceStart + bytes[destinationEnd];
  if (bytes[destinationEnd] > maxIdBytes || sourceEnd > end) return null;
  const ids = { start, destinationStart, destinationEnd, sourceStart, sourceEnd };
  if (number === 0) return { kind: 'negotiation', version: null, ...ids, numberAt: 0, end, whole: true };
  const version = findVersion(number);
  if (!version || (!greased && (bytes[start] & 0x40) === 0)) return null;
  const type = (bytes[start] >> 4) & 3;
  if (type === version.retryType) return { kind: 'retry', version, ...ids, numberAt: 0, end, whole: true };
  const kind = type === version.initialType ? 'initial' : 'other';
  const reader = new VarintReader(bytes, sourceEnd, end);
  if (kind === 'initial') reader.skip(reader.next());
  const length = reader.next();
  const numberAt = reader.at;
  if (reader.short) return null;
  const whole = length <= end - numberAt;
  return { kind, version, ...ids, numberAt, end: whole ? numberAt + length : end, whole };
}

/** Reads integers of variable length, RFC 9000 section 16. Those that are not there read as 0 and set `short`. */
export class VarintReader {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
  short = false;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  skip(length: number): void {
    if (length > this.end - this.at) this.short = true;
    this.at = Math.min(this.end, this.at + length);
  }

  next(): number {
    const length = this.at < this.end ? 1 << (this.bytes[this.at] >> 6) : 1;
    if (this.at + length > this.end) {
      this.short = true;
      this.at = this.end;
      return 0;
    }
    let value = this.bytes[this.at] & 0x3f;
    for (let i = 1; i < length; i++) value = value * 256 + this.bytes[this.at + i];
    this.at += length;
    return value;
  }
}
