import { formatIp } from '../../../base/ip.ts';
import { u16 } from '../../packet/bytes.ts';
import { toHex, toPrintable } from '../printable.ts';
import { nameIn, type RecordData } from './record-data.ts';

/** Names of parameters by number, RFC 9460 section 14.3.2. */
const parameterNames = [
  'mandatory',
  'alpn',
  'no-default-alpn',
  'port',
  'ipv4hint',
  'ech',
  'ipv6hint',
  'dohpath',
  'ohttp',
];
/** A record has each parameter once. */
const maxParameters = 32;

/** Data of SVCB and HTTPS records: priority, target and parameters (RFC 9460 section 2.1); null when it breaks that form. */
export function describeService(data: RecordData): string | null {
  const { bytes, start, end } = data;
  if (end - start < 3) return null;
  const target = nameIn(data, start + 2);
  if (!target) return null;
  const parts = [String(u16(bytes, start)), target.text];
  let at = target.next;
  for (let i = 0; i < maxParameters && at < end; i++) {
    if (at + 4 > end) return null;
    const key = u16(bytes, at);
    const from = at + 4;
    at = from + u16(bytes, at + 2);
    if (at > end) return null;
    const name = parameterNames[key] ?? `key${key}`;
    const value = describeValue(key, bytes, from, at);
    parts.push(value === '' ? name : `${name}=${value}`);
  }
  return parts.join(' ');
}

function describeValue(key: number, bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (key === 0 && length % 2 === 0)
    return split(start, end, 2, (at) => {
      const number = u16(bytes, at);
      return parameterNames[number] ?? `key${number}`;
    });
  if (key === 1) return describeProtocols(bytes, start, end);
  if (key === 3 && length === 2) return String(u16(bytes, start));
  if (key === 4 && length % 4 === 0)
    return split(start, end, 4, (at) => bytes.subarray(at, at + 4).join('.'));
  if (key === 6 && length % 16 === 0) return split(start, end, 16, (at) => formatIp(bytes, at));
  if (key === 7) return toPrintable(bytes, start, end);
  return toHex(bytes, start, end, 16);
}

function split(start: number, end: number, step: number, describe: (at: number) => string): string {
  const parts: string[] = [];
  for (let at = start; at < end && parts.length < maxParameters; at += step) parts.push(describe(at));
  return parts.join(',');
}

function describeProtocols(bytes: Uint8Array, start: number, end: number): string {
  const names: string[] = [];
  for (let at = start; at < end && names.length < maxParameters; at += 1 + bytes[at])
    names.push(toPrintable(bytes, at + 1, Math.min(end, at + 1 + bytes[at])));
  return names.join(',');
}
