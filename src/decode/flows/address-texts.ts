import { formatIp } from '../../base/ip.ts';

/** Addresses kept at once, each in the place that its last word says: the next that belongs there takes it over. */
const places = 1024;

/** Writes addresses as text, and those that come again and again only once. */
export class AddressTexts {
  readonly #words = new Int32Array(4 * places);
  readonly #texts: string[] = new Array<string>(places).fill('');

  /** The text of an address as four signed words, IPv4 as v4-mapped; one of IPv6 in brackets. */
  format(w0: number, w1: number, w2: number, w3: number): string {
    const words = this.#words;
    const place = (w3 ^ (w3 >>> 10) ^ (w3 >>> 20)) & (places - 1);
    const at = 4 * place;
    if (words[at + 3] !== w3 || words[at + 2] !== w2 || words[at + 1] !== w1 || words[at] !== w0) {
      words[at] = w0;
      words[at + 1] = w1;
      words[at + 2] = w2;
      words[at + 3] = w3;
      this.#texts[place] = '';
    }
    this.#texts[place] ||= formatWords(words, at);
    return this.#texts[place];
  }
}

function formatWords(words: Int32Array, at: number): string {
  const bytes = new Uint8Array(16);
  for (let i = 0; i < 16; i++) bytes[i] = words[at + (i >> 2)] >>> (24 - 8 * (i & 3));
  const text = formatIp(bytes);
  return text.includes(':') ? `[${text}]` : text;
}
