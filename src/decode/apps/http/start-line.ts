import type { HttpRecord } from '../../../wire/traffic.ts';
import type { Verdict } from '../protocol.ts';
import { decodeLatin, mayStartWith, startsWith } from '../text.ts';
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

const methodsByLength: readonly (readonly string[])[] = Array.from({ length: maxMethod }, (_, length) =>
  [...knownMethods].filter((method) => method.length === length),
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
  if (parsePlainAnswer(bytes, start, Math.min(end, start + 16)) !== null) return 'yes';
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
  const lineEnd = bytes[at - 1] === 13 ? at - 1 : at;
  if (findPlainTarget(bytes, start, lineEnd) > 0) return 'yes';
  return parseStartLine(bytes, start, at) === null ? 'no' : 'yes';
}

const isCapital = (bytes: Uint8Array, at: number): boolean => bytes[at] >= 0x41 && bytes[at] <= 0x5a;

/** ` HTTP/1.1`, as nearly all requests end. */
const versionBytes = 9;

/** Where the target of a request starts that has a registered method, ASCII alone, and 1.0 or 1.1; -1 for other lines. */
function findPlainTarget(bytes: Uint8Array, start: number, end: number): number {
  const versionAt = end - versionBytes;
  if (versionAt - start < 5 || !startsWith(bytes, versionAt, end, ' HTTP/1.')) return -1;
  if (bytes[end - 1] !== 0x31 && bytes[end - 1] !== 0x30) return -1;
  let at = start;
  while (at < versionAt && bytes[at] !== 32) at++;
  const target = at + 1;
  if (target >= versionAt || bytes[target] <= 32 || methodOf(bytes, start, at) === null) return -1;
  for (at = target; at < versionAt; at++) if (bytes[at] >= 0x80) return -1;
  return target;
}

function parsePlainRequest(bytes: Uint8Array, start: number, end: number): StartLine | null {
  const target = findPlainTarget(bytes, start, end);
  if (target < 0) return null;
  let targetEnd = target;
  while (bytes[targetEnd] !== 32 && bytes[targetEnd] !== 9) targetEnd++;
  return {
    kind: 'request',
    method: methodOf(bytes, start, target - 1) ?? '',
    target: decodeLatin(bytes, target, targetEnd),
    version: bytes[end - 1] === 0x30 ? '1.0' : '1.1',
  };
}

/** `HTTP/1.1 200 OK`. */
function parsePlainAnswer(bytes: Uint8Array, start: number, end: number): StartLine | null {
  if (end - start < 13 || !startsWith(bytes, start, end, 'HTTP/1.') || bytes[start + 8] !== 32) return null;
  const minor = bytes[start + 7];
  if ((minor !== 0x31 && minor !== 0x30) || bytes[start + 12] !== 32) return null;
  let status = 0;
  for (let at = start + 9; at < start + 12; at++) {
    const digit = bytes[at] - 0x30;
    if (digit < 0 || digit > 9) return null;
    status = status * 10 + digit;
  }
  return status < 100 ? null : { kind: 'answer', status, version: minor === 0x30 ? '1.0' : '1.1' };
}

/** The registered method that these bytes are, without making a string of them. */
function methodOf(bytes: Uint8Array, start: number, end: number): string | null {
  for (const method of methodsByLength[end - start] ?? [])
    if (startsWith(bytes, start, end, method)) return method;
  return null;
}

/**
 * Reads a line without its LF; null for what is no first line of HTTP. A target ends at the first blank, as servers that
 * take a target with blanks at all have it.
 */
export function parseStartLine(bytes: Uint8Array, start: number, end: number): StartLine | null {
  const lineEnd = bytes[end - 1] === 13 ? end - 1 : end;
  const plain = parsePlainRequest(bytes, start, lineEnd) ?? parsePlainAnswer(bytes, start, lineEnd);
  if (plain !== null) return plain;
  const line = decodeText(bytes, start, lineEnd);
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
