import { isChange, type LiveFrame } from './link.ts';

/** More of anything in one frame is left to the schema. */
const maxItems = 1000;

const fields: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['kind', (value) => value === 'live'],
  ['at', Number.isFinite],
  ['full', (value) => value === false],
  ['opened', isEmpty],
  ['revised', isEmpty],
  ['changed', (value) => isList(value, isChange)],
  ['closed', (value) => isList(value, isCount)],
  ['samples', isSamples],
  ['totals', (value) => hasCounts(value, totals)],
  ['interface_samples', isSamplesByName],
  ['process_samples', isSamplesByName],
  ['processes', isEmpty],
  ['processes_gone', isEmpty],
]);
const totals = ['bytes_sent', 'bytes_received', 'connections', 'errors'];
/** Told about once a second where there is traffic. */
const spool = ['records', 'bytes', 'lost'];

/**
 * Whether a parsed message is a live frame of the most frequent kind, with nothing but numbers that changed. What this
 * takes `liveSchema` takes as it is; what it does not take may still be right. The walk through the schema was 8 % of
 * the CPU of a server with one viewer.
 */
export function isPlainFrame(message: unknown): message is LiveFrame {
  if (!isObject(message)) return false;
  let found = 0;
  for (const name in message) {
    if (name === 'spool') {
      if (!hasCounts(message[name], spool)) return false;
      continue;
    }
    if (!fields.get(name)?.(message[name])) return false;
    found++;
  }
  return found === fields.size;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: unknown, isItem: (item: unknown) => boolean): boolean {
  if (!Array.isArray(value) || value.length > maxItems) return false;
  for (let i = 0; i < value.length; i++) if (!isItem(value[i])) return false;
  return true;
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isSamples(value: unknown): boolean {
  return Array.isArray(value) && value.length <= 600 && value.every(isSample);
}

function isSample(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 3) return false;
  return Number.isFinite(value[0]) && isAmount(value[1]) && isAmount(value[2]);
}

function isAmount(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0;
}

function isSamplesByName(value: unknown): boolean {
  if (!isObject(value)) return false;
  for (const name in value) if (name === '__proto__' || !isSamples(value[name])) return false;
  return true;
}

function hasCounts(value: unknown, names: readonly string[]): boolean {
  if (!isObject(value)) return false;
  for (const name in value) if (!names.includes(name)) return false;
  return names.every((name) => isCount(value[name]));
}
