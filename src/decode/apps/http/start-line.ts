import type { HttpRecord } from '../../../wire/traffic.ts';
import type { Verdict } from '../protocol.ts';
import { mayStartWith, startsWith } from '../text.ts';
import { decodeText, isTokenByte } from './text.ts';

/** First line of a request or an answer, RFC 9112 sections 3 and 4. */
export type StartLine =
  | {
      readonly kind: 'request';
      readonly method: string;
      readonly target: string;
      readonly version: HttpRecord['version'];
    }
  | { readonly kind: 'answer'; readonly status: number; readonly version: HttpRecord['version'] };

/** Longest method looked at; the longest registered one has 17 letters. */
const maxMethod = 32;
/** Longest first line that is waited for. Servers refuse longer ones (nginx: 8 kB, Apache: 8 kB, node: 16 kB). */
export const maxStartLine = 16 * 1024;
/** Empty lines before a first line, RFC 9112 section 2.2. */
const maxEmptyLines = 4;

/** What a request without a version may be: `GET /path`, as in HTTP/0.9 and in sloppy clients. */
const knownMethods: ReadonlySet<string> = new Set(
  'GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK REPORT SEARCH NOTIFY SUBSCRIBE UNSUBSCRIBE M-SEARCH PURGE'.split(
    ' ',
  ),
);

/**
 * Whether a first line of HTTP is there. `yes` for a request needs the whole line; one of another protocol that looks
 * alike (RTSP, SIP, ICAP) ends with its own name.
 */
export function judgeStart(bytes: Uint8Array, start: number, end: number): Verdict {
  const at = skipEmptyLines(bytes, start, end);
  if (at === end) return end - start > 2 * maxEmptyLines ? 'no' : 'more';
  for (const name of ['HTTP/', 'ICY ']) {
    if (startsWith(bytes, at, end, name)) return judgeStatusLine(bytes, at, end);
    if (mayStartWith(bytes, at, end, name)) return 'more';
  }
  return judgeRequestLine(bytes, at, end);
}

/** Where the line begins that is not empty. */
export function skipEmptyLines(bytes: Uint8Array, start: number, end: number): number {
  const limit = Math.min(end, start + 2 * maxEmptyLines);
  let at = start;
  while (at < limit && (bytes[at] === 13 || bytes[at] === 10)) at++;
  return at;
}

function judgeStatusLine(bytes: Uint8Array, start: number, end: number): Verdict {
  const text = decodeText(bytes, start, Math.min(end, start + 16));
  if (/^(?:HTTP\/\d(?:\.\d{0,2})?|ICY) {1,2}[1-9]\d\d(?:[ \r\n]|$)/.test(text)) return 'yes';
  return text.length < 14 && /^(?:HTTP\/(?:\d(?:\.\d{0,2})?)?|ICY)(?: {1,2}\d{0,2})?$/.test(text)
    ? 'more'
    : 'no';
}

function judgeRequestLine(bytes: Uint8Array, start: number, end: number): Verdict {
  // A text may begin like any method; registered ones are in capitals, so that others are not waited for.
  let at = start;
  while (at < end && at - start <= maxMethod && isTokenByte(bytes[at])) at++;
  if (at === start || at - start > maxMethod) return 'no';
  if (at === end) return 'more';
  if (bytes[at] !== 32) return 'no';
  const limit = Math.min(end, start + maxStartLine);
  for (; at < limit && bytes[at] !== 10; at++)
    if (bytes[at] < 32 && bytes[at] !== 13 && bytes[at] !== 9) return 'no';
  if (at === limit) return limit === end && isCapital(bytes, start) ? 'more' : 'no';
  return parseStartLine(bytes, start, at) === null ? 'no' : 'yes';
}

const isCapital = (bytes: Uint8Array, at: number): boolean => bytes[at] >= 0x41 && bytes[at] <= 0x5a;

/**
 * Reads a line without its LF; null for what is no first line of HTTP. A target ends at the first blank, as servers that
 * take a target with blanks at all have it.
 */
export function parseStartLine(bytes: Uint8Array, start: number, end: number): StartLine | null {
  const line = decodeText(bytes, start, bytes[end - 1] === 13 ? end - 1 : end);
  if (startsWith(bytes, start, end, 'HTTP/') || startsWith(bytes, start, end, 'ICY ')) {
    const parts = /^(?:HTTP\/(\d(?:\.\d{0,2})?)|ICY) {1,2}([1-9]\d\d)(?!\d)/.exec(line);
    return parts && { kind: 'answer', status: Number(parts[2]), version: toVersion(parts[1] ?? '1.0') };
  }
  const space = line.indexOf(' ');
  if (space < 1 || space > maxMethod) return null;
  const method = line.slice(0, space);
  const rest = line.slice(space + 1).trim();
  const [target] = rest.split(/[ \t]/, 1);
  const version = /HTTP\/(\d(?:\.\d{0,2})?)$/.exec(rest);
  if (method === 'PRI') return null;
  if (version) return { kind: 'request', method, target, version: toVersion(version[1]) };
  if (!knownMethods.has(method) || !/^(?:\/|https?:\/\/)/i.test(target)) return null;
  return { kind: 'request', method, target, version: '0.9' };
}

const toVersion = (text: string): HttpRecord['version'] =>
  text === '1.0' || text === '1' ? '1.0' : text.startsWith('0') ? '0.9' : '1.1';
