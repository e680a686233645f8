import { NetmonError } from '../../base/errors.ts';

/** Deepest nesting of objects and lists in a body; the deepest one of the API has two. */
const maxDepth = 16;
/** Names with which a careless merge would change every object of the program. */
const poisonous = new Set(['__proto__', 'constructor', 'prototype']);

/** Reads a JSON body. Throws NM_BAD_REQUEST for what is no JSON in UTF-8 or nests too deep, NM_VALIDATION for poison. */
export function parseJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) throw new NetmonError('NM_BAD_REQUEST', 'the body is empty, JSON is expected');
  const text = decodeText(bytes);
  if (isTooDeep(text))
    throw new NetmonError('NM_BAD_REQUEST', `the body nests deeper than ${maxDepth} levels`);
  const value = parseText(text);
  refusePoison(value, '');
  return value;
}

/** The text of a body; throws NM_BAD_REQUEST for what is not UTF-8. */
export function decodeText(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new NetmonError('NM_BAD_REQUEST', 'the body is not UTF-8', { cause });
  }
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new NetmonError('NM_BAD_REQUEST', 'the body is not JSON', { cause });
  }
}

/** Counts brackets outside of strings, before any parser recurses into them. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (quoted) {
      if (unit === 0x5c) i++;
      else if (unit === 0x22) quoted = false;
    } else if (unit === 0x22) quoted = true;
    else if (unit === 0x5b || unit === 0x7b) {
      if (++depth > maxDepth) return true;
    } else if (unit === 0x5d || unit === 0x7d) depth--;
  }
  return false;
}

/** Refuses poisonous names at any depth, and text that no database or terminal takes: NUL and broken surrogates. */
function refusePoison(value: unknown, path: string): void {
  if (typeof value === 'string' && (value.includes('\0') || !value.isWellFormed())) {
    throw invalid(path, 'expected text without NUL and without broken characters');
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    const at = Array.isArray(value) ? `${path}[${name}]` : `${path}${path ? '.' : ''}${name.slice(0, 64)}`;
    if (poisonous.has(name)) throw invalid(at, 'there is no such field');
    refusePoison(inner, at);
  }
}

function invalid(field: string, message: string): NetmonError {
  return new NetmonError('NM_VALIDATION', `${field}: ${message}`, { fields: [{ field, message }] });
}
