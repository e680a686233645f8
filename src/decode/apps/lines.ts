import type { Verdict } from './protocol.ts';
import { decodeLatin, mayStartWith, startsWith } from './text.ts';

/** Longest line looked at; what is longer is no command. */
const maxLineBytes = 4096;

/** Whether the bytes begin with one of several texts, or may yet. */
export function beginsWithOne(
  bytes: Uint8Array,
  start: number,
  end: number,
  texts: readonly string[],
): Verdict {
  let wait = false;
  for (const text of texts) {
    if (startsWith(bytes, start, end, text)) return 'yes';
    wait ||= mayStartWith(bytes, start, end, text);
  }
  return wait ? 'more' : 'no';
}

/** As `beginsWithOne` for letters of either case; `texts` are in capitals. */
export function commandIsOne(
  bytes: Uint8Array,
  start: number,
  end: number,
  texts: readonly string[],
): Verdict {
  const length = Math.min(end - start, 32);
  const upper = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const byte = bytes[start + i];
    upper[i] = byte >= 0x61 && byte <= 0x7a ? byte - 32 : byte;
  }
  return beginsWithOne(upper, 0, length, texts);
}

/** The first line without its end, as Latin text; null when it has not come, is too long or holds control characters. */
export function firstLine(bytes: Uint8Array, start: number, end: number): string | null {
  const limit = Math.min(end, start + maxLineBytes);
  for (let at = start; at < limit; at++) {
    const byte = bytes[at];
    if (byte === 10) return decodeLatin(bytes, start, at > start && bytes[at - 1] === 13 ? at - 1 : at);
    if (byte < 32 && byte !== 9 && byte !== 13) return null;
  }
  return null;
}

/** Cuts a side's bytes into lines, keeping the unfinished one. What is no text, or is too long, gives empty lines. */
export class LineReader {
  #rest = '';
  #tooLong = false;

  /** Calls `visit` with each line and where its successor begins; stops when that answers false. */
  read(bytes: Uint8Array, start: number, end: number, visit: (line: string, next: number) => boolean): void {
    for (let at = start; at < end; at++) {
      const from = at;
      while (at < end && bytes[at] !== 10) at++;
      const room = maxLineBytes - this.#rest.length;
      if (at - from > room) this.#tooLong = true;
      // A character at a time would keep an object for each.
      this.#rest += decodeLatin(bytes, from, Math.min(at, from + room));
      if (at === end) return;
      const line = this.#tooLong ? '' : this.#rest.replace(/\r$/, '');
      this.#rest = '';
      this.#tooLong = false;
      if (!visit(line, at + 1)) return;
    }
  }

  /** Characters of the unfinished line. */
  get held(): number {
    return this.#rest.length;
  }

  /** Forgets the unfinished line, as after a gap. */
  clear(): void {
    this.#rest = '';
    this.#tooLong = false;
  }
}
