import { decodeText, isBlank, isName } from './text.ts';

/** Longest value kept of a field, in bytes. */
const maxValue = 4096;

/** Fields that are read; of all others, credentials and cookies among them, nothing is kept. */
const wanted = [
  'host',
  'content-length',
  'transfer-encoding',
  'content-type',
  'user-agent',
  'upgrade',
] as const;
type Wanted = (typeof wanted)[number];

/** What the fields of a head say that matters here: its first host, and how long the body is. */
export class HeadFields {
  readonly #values = new Map<Wanted, string>();
  #last: Wanted | null = null;

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
    return this.#values.get(name) ?? null;
  }

  /** Null without one, -1 when it is no number. */
  get contentLength(): number | null {
    const value = this.#values.get('content-length');
    if (value === undefined) return null;
    const [first] = value.split(',', 1);
    return /^0*\d{1,15}$/.test(first.trim()) ? Number(first) : -1;
  }

  /** Whether a transfer coding is chunked, wherever senders put it (RFC 9112 section 6.1: last); null without any. */
  get chunked(): boolean | null {
    const value = this.#values.get('transfer-encoding');
    return value === undefined ? null : /(?:^|[\s,])chunked(?:$|[\s,;])/i.test(value);
  }

  #decode(bytes: Uint8Array, start: number, end: number): string {
    let from = start;
    let to = end;
    while (from < to && isBlank(bytes[from])) from++;
    while (to > from && isBlank(bytes[to - 1])) to--;
    return decodeText(bytes, from, Math.min(to, from + maxValue));
  }

  #append(name: Wanted, value: string, glue: string): void {
    const known = this.#values.get(name);
    if (known === undefined) {
      this.#values.set(name, value);
      this.held += value.length;
    } else if (glue === ' ' || name === 'transfer-encoding') {
      const longer = `${known}${glue}${value}`.trim().slice(0, maxValue);
      this.#values.set(name, longer);
      this.held += longer.length - known.length;
    }
  }
}

function nameOf(bytes: Uint8Array, start: number, end: number): Wanted | null {
  for (const name of wanted) if (isName(bytes, start, end, name)) return name;
  return null;
}
