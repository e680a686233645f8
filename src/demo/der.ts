/** What a certificate is written in: DER, the distinguished encoding of ASN.1 (ITU-T X.690), as far as it needs it. */

/** Tags of X.690 section 8; a constructed value has bit 0x20. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** A value: its tag, its length, its content in order. */
export function encodeDer(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag]), encodeLength(body.length), body]);
}

/** `1.2.840.10045.4.3.2` in base 128, its first two numbers in one byte. */
export function encodeOid(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const number of rest) {
    const digits = [number & 0x7f];
    for (let left = number >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80);
    bytes.push(...digits);
  }
  return encodeDer(tags.oid, Buffer.from(bytes));
}

/** `20260316120000Z`: UTC, whole seconds, as RFC 5280 section 4.1.2.5.2 wants it. */
export function encodeTime(at: Date): Buffer {
  const text = `${at.toISOString().slice(0, 19).replace(/[-T:]/g, '')}Z`;
  return encodeDer(tags.generalizedTime, Buffer.from(text, 'latin1'));
}

/** A bit string of whole bytes: none of the last one's bits is unused. */
export function encodeBits(bytes: Uint8Array): Buffer {
  return encodeDer(tags.bitString, Buffer.from([0]), bytes);
}

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let left = length; left > 0; left >>>= 8) bytes.unshift(left & 0xff);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}
