import { u32 } from '../../packet/bytes.ts';
import type { RecordData } from './record-data.ts';

/** Version, three sizes, latitude, longitude and altitude (RFC 1876 section 2). */
const locationBytes = 16;
/** The equator and the meridian, in thousandths of a second of arc. */
const middle = 0x8000_0000;
/** Sea level, in centimetres. */
const seaLevel = 10_000_000;

/** Data of a LOC record as in a zone file; null when it breaks that form or names no place on Earth. */
export function describeLocation({ bytes, start, end }: RecordData): string | null {
  if (end - start !== locationBytes || bytes[start] !== 0) return null;
  const latitude = describeAngle(u32(bytes, start + 4), 90, 'NS');
  const longitude = describeAngle(u32(bytes, start + 8), 180, 'EW');
  const sizes = [1, 2, 3].map((offset) => describeSize(bytes[start + offset]));
  if (latitude === null || longitude === null || sizes.includes(null)) return null;
  const altitude = ((u32(bytes, start + 12) - seaLevel) / 100).toFixed(2);
  return [latitude, longitude, `${altitude}m`, ...sizes].join(' ');
}

/** Degrees, minutes, seconds, and on which side. */
function describeAngle(value: number, mostDegrees: number, sides: string): string | null {
  const thousandths = Math.abs(value - middle);
  const seconds = Math.floor(thousandths / 1000);
  const degrees = Math.floor(seconds / 3600);
  if (thousandths > mostDegrees * 3_600_000) return null;
  const part = `${seconds % 60}.${String(thousandths % 1000).padStart(3, '0')}`;
  return `${degrees} ${Math.floor(seconds / 60) % 60} ${part} ${value >= middle ? sides[0] : sides[1]}`;
}

/** A digit and a power of ten, of centimetres. */
function describeSize(value: number): string | null {
  const digit = value >> 4;
  const power = value & 15;
  if (digit > 9 || power > 9) return null;
  return `${(digit * 10 ** power) / 100}m`;
}
