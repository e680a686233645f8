import { KnownTexts } from './known-texts.ts';
import { isBlank, isName } from './text.ts';

/** Longest value kept of a field, in bytes. */
const maxValue = 4096;
/** Lines of a head that go on with a field: each writes it anew, and nobody sends more than a few. */
const maxAdded = 32;

/** Fields that are read; of all others, credentials and cookies among them, nothing is kept. */
const wanted = {
  host: 0,
  'content-length': 1,
  'transfer-encoding': 2,
  'content-type': 3,
  'user-agent': 4,
  upgrade: 5,
} as const;
type Wanted = keyof typeof wanted;
/** Each has its own length, by which it is found. */
const byLength: readonly (Wanted | undefined)[] = Array.from({ length: 18 }, (_, length) =>
  (Object.keys(wanted) as Wanted[]).find((name) => name.length === length),
);

/** Texts that come again with nearly every head. */
const texts = new KnownTexts();

/** What the fields of a head say that matters here: its first host, and how long the body is. */
export class HeadFields {
  readonly #values: (string | null)[] = [null, null, null, null, null, null];
  #last: Wanted | null = null;

  #added = 0;
  /** Characters of the values that are kept. */
  held = 0;

  /** A line of the head, without its end; false when it is none. One that begins with a blank goes on with the last field. */
  add(bytes: Uint8Array, start: number, end: number): boolean {
    if (isBlank(bytes[start])) {
      if (this.#last !== null) this.#append(this.#last, this.#decode(bytes, start, end), ' ');
      return true;
    }
    let colon = start;
    while (colon < end && bytes[colon] !== 0x3a) colon++;
    if (colon === end || colon === start) return false;
    let nameEnd = colon;
    while (nameEnd > start && isBlank(bytes[nameEnd - 1])) nameEnd--;
    this.#last = nameOf(bytes, start, nameEnd);
    if (this.#last !== null) this.#append(this.#last, this.#decode(bytes, colon + 1, end), ', ');
    return true;
  }

  /** Null when there is none. */
  get(name: Wanted): string | null {
    return this.#values[wanted[name]];
  }

  /** Null without one, -1 when it is no number. */
  get contentLength(): number | null {
    const value = this.get('content-length');
    if (value === null) return null;
    const [first] = value.includes(',') ? value.split(',', 1) : [value];
    return /^0*\d{1,15}$/.test(first.trim()) ? Number(first) : -1;
  }

  /** Whether a transfer coding is chunked, wherever senders put it (RFC 9112 section 6.1: last); null without any. */
  get chunked(): boolean | null {
    const value = this.get('transfer-encoding');
    return value === null ? null : /(?:^|[\s,])chunked(?:$|[\s,;])/i.test(value);
  }

  #decode(bytes: Uint8Array, start: number, end: number): string {
    let from = start;
    let to = end;
    while (from < to && isBlank(bytes[from])) from++;
    while (to > from && isBlank(bytes[to - 1])) to--;
    return texts.decode(bytes, from, Math.min(to, from + maxValue));
  }

  #append(name: Wanted, value: string, glue: string): void {
    const place = wanted[name];
    const known = this.#values[place];
    if (known === null) {
      this.#values[place] = value;
      this.held += value.length;
    } else if ((glue === ' ' || name === 'transfer-encoding') && this.#added < maxAdded) {
      this.#added++;
      const longer = `${known}${glue}${value}`.trim().slice(0, maxValue);
      this.#values[place] = longer;
      this.held += longer.length - known.length;
    }
  }
}

function nameOf(bytes: Uint8Array, start: number, end: number): Wanted | null {
  const name = byLength[end - start];
  return name !== undefined && isName(bytes, start, end, name) ? name : null;
}
