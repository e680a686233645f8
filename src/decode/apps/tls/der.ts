/** Tags of X.680 that certificates are made of. */
export const tags = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** An element: its tag (with the class and constructed bits) and where its content is. */
export interface DerElement {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/** Reads the elements of a range of DER (X.690) one after the other; definite lengths and one-byte tags alone. */
export class DerReader {
  readonly bytes: Uint8Array;
  #at: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, { start, end }: { readonly start: number; readonly end: number }) {
    this.bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** The next element, or null at the end and where there is none that fits. */
  next(): DerElement | null {
    const { bytes } = this;
    if (this.#end - this.#at < 2) return null;
    const tag = bytes[this.#at];
    let length = bytes[this.#at + 1];
    let start = this.#at + 2;
    if (length >= 0x80) {
      const digits = length & 0x7f;
      if (digits === 0 || digits > 3 || start + digits > this.#end) return null;
      length = 0;
      for (let i = 0; i < digits; i++) length = (length << 8) | bytes[start++];
    }
    if ((tag & 0x1f) === 0x1f || start + length > this.#end) return null;
    this.#at = start + length;
    return { tag, start, end: this.#at };
  }

  /** The next element when it has that tag; it is passed over only then. */
  take(tag: number): DerElement | null {
    if (this.#at >= this.#end || this.bytes[this.#at] !== tag) return null;
    return this.next();
  }

  /** A reader of the next element's content, when it has that tag. */
  enter(tag: number): DerReader | null {
    const element = this.take(tag);
    return element && new DerReader(this.bytes, element);
  }
}

/** Longest object identifier that is read, in bytes: those of certificates have at most a dozen. */
const maxOidBytes = 32;

/** An object identifier in dotted form, X.690 section 8.19; empty for one that is too long. */
export function readOid(bytes: Uint8Array, { start, end }: DerElement): string {
  if (end - start > maxOidBytes) return '';
  const parts: number[] = [];
  let value = 0;
  for (let i = start; i < end; i++) {
    value = value * 128 + (bytes[i] & 0x7f);
    if (bytes[i] & 0x80) continue;
    if (parts.length === 0) {
      const first = Math.min(2, Math.floor(value / 40));
      parts.push(first, value - first * 40);
    } else parts.push(value);
    value = 0;
  }
  return parts.join('.');
}

/** A UTCTime or GeneralizedTime as RFC 5280 section 4.1.2.5 allows them, in RFC 3339 with milliseconds; null for others. */
export function readTime(bytes: Uint8Array, { tag, start, end }: DerElement): string | null {
  const yearDigits = tag === tags.generalizedTime ? 4 : 2;
  if (end - start !== yearDigits + 11 || bytes[end - 1] !== 0x5a) return null;
  const digits = Array.from(bytes.subarray(start, end - 1), (byte) => byte - 0x30);
  if (digits.some((digit) => digit < 0 || digit > 9)) return null;
  const number = (at: number, length: number): number =>
    digits.slice(at, at + length).reduce((value, digit) => value * 10 + digit, 0);
  let year = number(0, yearDigits);
  if (yearDigits === 2) year += year < 50 ? 2000 : 1900;
  const [month, day, hour, minute, second] = [0, 2, 4, 6, 8].map((at) => number(yearDigits + at, 2));
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59) return null;
  const time = new Date(0);
  time.setUTCFullYear(year, month - 1, day);
  time.setUTCHours(hour, minute, second);
  return time.toISOString();
}
