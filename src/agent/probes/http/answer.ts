import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { Reason } from '../../../wire/probe.ts';
import { makeReason } from '../run.ts';

/** Bytes of a body, as it comes and as it is decoded. */
export const maxBody = 1_048_576;
/** Bytes of the head of an answer. */
export const maxHead = 65_536;

/** An answer that came whole. */
export interface Answer {
  readonly status: number;
  readonly version: string;
  /** By lower-case name, several of a name joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  /** Null where nobody wants it. */
  readonly body: Buffer | null;
  /** Of the body, as it came. */
  readonly bytes: number;
}

/** Times of an exchange, null for what did not take place; and the answer, or why there is none. */
export type Exchange = {
  readonly processingMs: number | null;
  readonly transferMs: number | null;
} & (
  | { readonly failure: null; readonly answer: Answer }
  | { readonly failure: Reason; readonly answer: null; readonly status?: number }
);

/** Takes a body in, kept or counted. */
export class BodyCollector {
  readonly #pieces: Buffer[] | null;
  #bytes = 0;

  constructor(kept: boolean) {
    this.#pieces = kept ? [] : null;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether there was room. */
  take(piece: Buffer): boolean {
    this.#bytes += piece.length;
    this.#pieces?.push(piece);
    return this.#bytes <= maxBody;
  }

  body(): Buffer | null {
    return this.#pieces && Buffer.concat(this.#pieces);
  }
}

export function tooLarge(phase: 'processing' | 'transfer'): Reason {
  return phase === 'transfer'
    ? makeReason('TOO_LARGE', 'the body is larger than 1 MiB', phase)
    : makeReason('TOO_LARGE', 'the head of the answer is larger than 64 KiB', phase);
}

/** Fields in the order in which they came, `name, value, name, value`, as one record of texts. */
export function collectHeaders(raw: readonly string[]): Readonly<Record<string, string>> {
  const headers = new Map<string, string>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i].toLowerCase();
    const before = headers.get(name);
    headers.set(name, before === undefined ? raw[i + 1] : `${before}, ${raw[i + 1]}`);
  }
  return Object.fromEntries(headers);
}

const options = { maxOutputLength: maxBody };
const decoders: Readonly<Record<string, (body: Buffer) => Promise<Buffer>>> = {
  gzip: (body) => promisify(gunzip)(body, options),
  'x-gzip': (body) => promisify(gunzip)(body, options),
  deflate: (body) => promisify(inflate)(body, options),
  br: (body) => promisify(brotliDecompress)(body, options),
};

/** The body as text, its content coding (one at most) undone; a reason where that is not possible. Never rejects. */
export async function readBody(body: Buffer, headers: Answer['headers']): Promise<string | Reason> {
  const coding = (headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (coding === 'identity' || body.length === 0) return decodeText(body, headers['content-type']);
  const decoder = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined;
  if (!decoder) return makeReason('PROTOCOL', `the body has the coding ${coding.slice(0, 64)}`, 'transfer');
  try {
    return decodeText(await decoder(body), headers['content-type']);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return tooLarge('transfer');
    return makeReason('PROTOCOL', `the body is not ${coding}, as its head says`, 'transfer');
  }
}

/** By the charset of the content type, where it is one; otherwise UTF-8. What does not fit is U+FFFD. */
function decodeText(body: Buffer, type = ''): string {
  const charset = /;\s{0,8}charset\s{0,8}=\s{0,8}"?([\w.:-]{1,40})/i.exec(type.slice(0, 512))?.[1];
  try {
    return new TextDecoder(charset ?? 'utf-8').decode(body);
  } catch {
    return new TextDecoder().decode(body);
  }
}

/** Null where a text is no JSON. */
export function parseJson(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}
