import { decodeText } from '../text.ts';
import { decodeHuffman } from './huffman.ts';
import { staticTable } from './static-table.ts';

/** Largest dynamic table followed, as RFC 7541 section 4.1 counts it: what Chrome and Firefox offer. The default is 4,096. */
const maxTableSize = 65_536;
/** Counted for each entry beside its texts. */
const entryOverhead = 32;
/** Bytes of a number beyond its first: 28 bits, far beyond any header block. */
const maxNumberBytes = 4;

/** The fields that are read. Of others the table holds sizes alone, so that cookies and credentials are never kept. */
const wanted: ReadonlySet<string> = new Set([
  ':authority',
  ':method',
  ':path',
  ':status',
  'content-length',
  'content-type',
  'host',
  'user-agent',
]);

const longestName = Math.max(...Array.from(wanted, (name) => name.length));

interface Entry {
  /** Empty for one that is not read, or not known. */
  readonly name: string;
  readonly value: string;
  readonly nameLength: number;
  readonly size: number;
}

export type VisitField = (name: string, value: string) => void;

const unknown: Entry = { name: '', value: '', nameLength: 0, size: 0 };
const staticEntries: readonly Entry[] = staticTable.map(([name, value]) => ({
  name: wanted.has(name) ? name : '',
  value,
  nameLength: name.length,
  size: 0,
}));
const nothing = new Uint8Array(0);
/** Room for a string that is kept between blocks. */
const keptRoom = 4096;

/** The header blocks of one direction (RFC 7541), which have to come in order and without one missing. */
export class HpackDecoder {
  /** Newest first. */
  readonly #table: Entry[] = [];
  #size = 0;
  #maxSize = 4096;
  #lost = false;
  #at = 0;
  #end = 0;
  #bytes: Uint8Array = nothing;
  #text: Uint8Array = nothing;
  #textLength = 0;

  /** Size of the table, as RFC 7541 section 4.1 counts it. */
  get held(): number {
    return this.#size;
  }

  /** Blocks were missed. What is added from now on is known by its number again; older entries are not guessed at. */
  lose(): void {
    this.#table.length = 0;
    this.#size = 0;
    this.#lost = true;
  }

  /** Reads a whole block; false when it breaks the format, after which nothing of this direction can be trusted. */
  decode(bytes: Uint8Array, start: number, end: number, visit: VisitField): boolean {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    let good = true;
    while (good && this.#at < end) good = this.#decodeField(visit);
    this.#bytes = nothing;
    if (this.#text.length > keptRoom) this.#text = nothing;
    return good;
  }

  #decodeField(visit: VisitField): boolean {
    const first = this.#bytes[this.#at];
    if (first & 0x80) {
      const entry = this.#entry(this.#number(7));
      if (entry === null) return false;
      if (entry.name !== '') visit(entry.name, entry.value);
      return true;
    }
    if ((first & 0xe0) === 0x20) return this.#resize(this.#number(5));
    return this.#decodeLiteral((first & 0x40) !== 0, visit);
  }

  #decodeLiteral(indexed: boolean, visit: VisitField): boolean {
    const index = this.#number(indexed ? 6 : 4);
    const named = index === 0 ? this.#readName() : this.#entry(index);
    if (named === null || !this.#string()) return false;
    const { name, nameLength } = named;
    const value = name === '' ? '' : decodeText(this.#text, 0, this.#textLength);
    if (name !== '') visit(name, value);
    if (indexed) this.#add({ name, value, nameLength, size: nameLength + this.#textLength + entryOverhead });
    return true;
  }

  #readName(): Pick<Entry, 'name' | 'nameLength'> | null {
    if (!this.#string()) return null;
    const nameLength = this.#textLength;
    if (nameLength > longestName) return { name: '', nameLength };
    const name = decodeText(this.#text, 0, nameLength);
    return { name: wanted.has(name) ? name : '', nameLength };
  }

  #add(entry: Entry): void {
    this.#table.unshift(entry);
    this.#size += entry.size;
    this.#evict();
  }

  #resize(size: number): boolean {
    if (size < 0) return false;
    // Beyond what is followed, old entries are missing rather than wrong.
    this.#lost ||= size > maxTableSize;
    this.#maxSize = Math.min(size, maxTableSize);
    this.#evict();
    return true;
  }

  #evict(): void {
    while (this.#size > this.#maxSize) this.#size -= this.#table.pop()?.size ?? this.#size;
  }

  /** Null for a number that stands for nothing. */
  #entry(index: number): Entry | null {
    if (index < 1) return null;
    if (index <= staticEntries.length) return staticEntries[index - 1];
    return this.#table[index - staticEntries.length - 1] ?? (this.#lost ? unknown : null);
  }

  /** A number with a prefix of so many bits, section 5.1; -1 when it is cut or too large. */
  #number(bits: number): number {
    const most = 2 ** bits - 1;
    if (this.#at >= this.#end) return -1;
    let value = this.#bytes[this.#at++] & most;
    if (value < most) return value;
    for (let i = 0; i < maxNumberBytes && this.#at < this.#end; i++) {
      const byte = this.#bytes[this.#at++];
      value += (byte & 0x7f) * 128 ** i;
      if (byte < 0x80) return value;
    }
    return -1;
  }

  /** Reads a string, section 5.2, into `#text`. */
  #string(): boolean {
    const coded = this.#at < this.#end && (this.#bytes[this.#at] & 0x80) !== 0;
    const length = this.#number(7);
    if (length < 0 || length > this.#end - this.#at) return false;
    const from = this.#at;
    this.#at += length;
    const room = coded ? Math.ceil((length * 8) / 5) : length;
    if (this.#text.length < room) this.#text = new Uint8Array(2 * room);
    if (coded) this.#textLength = decodeHuffman(this.#bytes, from, this.#at, this.#text);
    else {
      this.#text.set(this.#bytes.subarray(from, this.#at));
      this.#textLength = length;
    }
    return this.#textLength >= 0;
  }
}
