import { u16, u32 } from '../../packet/bytes.ts';
import { toPrintable } from '../printable.ts';
import { type DerElement, type DerReader, readOid, tags } from './der.ts';

/** Attributes of a name that are read; RFC 5280 knows about a dozen. */
const maxAttributes = 32;
/** Longest value shown; the largest upper bound of RFC 5280 appendix A that is met. */
const maxValueBytes = 256;
/** Longest name that is told. */
const maxNameLength = 1024;

/** Short names of RFC 4514 section 3, and that of mail addresses, which is as usual. */
const shortNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
};

/** A distinguished name in the form of RFC 4514: the last attribute first, `CN=example.com,O=Example,C=US`. */
export function readName(sequence: DerReader): string {
  const parts: string[] = [];
  for (let set = sequence.enter(tags.set); set; set = sequence.enter(tags.set)) {
    const together: string[] = [];
    for (let one = set.enter(tags.sequence); one; one = set.enter(tags.sequence)) {
      const type = one.take(tags.oid);
      const value = one.next();
      if (!type || !value) break;
      const oid = readOid(one.bytes, type);
      together.push(`${shortNames[oid] ?? oid}=${escapeValue(readText(one.bytes, value))}`);
      if (parts.length + together.length >= maxAttributes) break;
    }
    if (together.length > 0) parts.unshift(together.join('+'));
    if (parts.length >= maxAttributes) break;
  }
  return parts.join(',').slice(0, maxNameLength);
}

function readText(bytes: Uint8Array, { tag, start, end }: DerElement): string {
  const shown = Math.min(end, start + maxValueBytes);
  if (tag === tags.bmpString) return readWide(bytes, start, shown, 2);
  if (tag === tags.universalString) return readWide(bytes, start, shown, 4);
  return toPrintable(bytes, start, shown);
}

/** Text of characters of two or four bytes, made UTF-8 on its way. */
function readWide(bytes: Uint8Array, start: number, end: number, width: 2 | 4): string {
  const utf8: number[] = [];
  for (let at = start; at + width <= end; at += width) {
    const code = width === 2 ? u16(bytes, at) : u32(bytes, at);
    if (code < 0x80) utf8.push(code);
    else if (code < 0x800) utf8.push(0xc0 | (code >> 6), 0x80 | (code & 0x3f));
    else if (code < 0x10000)
      utf8.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    else utf8.push(0xff);
  }
  return toPrintable(Uint8Array.from(utf8), 0, utf8.length);
}

const escapeValue = (text: string): string => text.replace(/[,+"\\<>;]|^[ #]| $/g, '\\$&');
