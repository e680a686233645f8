import { setImmediate as pause } from 'node:timers/promises';
import { stringify } from 'yaml';
import { z } from 'zod';
import { NetmonError } from '../../base/errors.ts';
import { type Monitor, maxMonitors, monitorSettingsSchema } from '../../wire/monitor.ts';
import { type ChangedMonitor, type NewMonitor, newMonitorSchema } from '../../wire/monitor-api.ts';
import type { Monitors } from './monitors.ts';
import { showMonitor } from './status.ts';
import { splitItems } from './yaml-pieces.ts';
import { problem, readYaml, writePath, type YamlContent } from './yaml-reader.ts';

const fileSchema = z.strictObject({ monitors: z.array(z.unknown()).max(maxMonitors) });

/** Others may work after so many milliseconds. */
const busyMs = 10;
/** Longest item of a list that is read at once, and longest file that is no such list; the latter takes some 0.3 s. */
const maxItemLength = 256 * 1024;
const maxPlainLength = 128 * 1024;

/** Lets others work where some time has passed since they could. */
class Turns {
  #since = performance.now();

  async next(): Promise<void> {
    if (performance.now() - this.#since < busyMs) return;
    await pause();
    this.#since = performance.now();
  }
}

/** Monitors as a YAML file; what is as by default is left out, and credentials are masked unless `secrets`. */
export async function writeMonitorsFile(monitors: Iterable<Monitor>, secrets: boolean): Promise<string> {
  const turns = new Turns();
  let text = '';
  for (const monitor of monitors) {
    const item = describe(showMonitor(monitor, secrets));
    const written = stringify({ monitors: [item] }, { aliasDuplicateObjects: false, lineWidth: 100 });
    text += text === '' ? written : written.slice(written.indexOf('\n') + 1);
    await turns.next();
  }
  return text === '' ? 'monitors: []\n' : text;
}

function describe({ revision, created_at, changed_at, id, ...settings }: Monitor): object {
  const plain = monitorSettingsSchema.parse({ name: settings.name, probe: settings.probe });
  const probeDefaults = readProbeDefaults(settings.probe);
  const kept = Object.entries(settings).filter(
    ([name, value]) =>
      name === 'name' || name === 'probe' || !isSame(value, plain[name as keyof typeof plain]),
  );
  const probe = Object.fromEntries(
    Object.entries(settings.probe).filter(([name, value]) => !isSame(value, probeDefaults[name])),
  );
  return { id, ...Object.fromEntries(kept), probe };
}

/** What a probe of that kind has where nothing is said; fields that must be said are not in it. */
function readProbeDefaults(probe: Monitor['probe']): Record<string, unknown> {
  const option = monitorSettingsSchema.shape.probe.options.find(
    ({ shape }) => shape.kind.value === probe.kind,
  );
  const fields = Object.entries(option?.shape ?? {}) as [string, z.ZodType][];
  return Object.fromEntries(
    fields
      .map(([name, field]) => [name, field.safeParse(undefined)] as const)
      .filter(([, parsed]) => parsed.success)
      .map(([name, parsed]) => [name, parsed.data]),
  );
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What an import would save. */
export interface ImportPlan {
  readonly added: readonly NewMonitor[];
  readonly changed: ReadonlyMap<string, ChangedMonitor>;
}

/**
 * Reads a YAML file of monitors. One whose id is there, or without an id whose name is, is changed; any other is new.
 * Others may work meanwhile. Rejects with NM_VALIDATION that names path and line of what is wrong, or NM_TOO_LARGE.
 */
export async function readMonitorsFile(text: string, monitors: Monitors): Promise<ImportPlan> {
  const byName = new Map(Array.from(monitors.book.values(), ({ id, name }) => [name, id]));
  const added: NewMonitor[] = [];
  const changed = new Map<string, ChangedMonitor>();
  const seen = new Set<string>();
  const lines: Line[] = [];
  const turns = new Turns();
  for await (const { value, path, content } of readItems(text, turns)) {
    const input = check(newMonitorSchema, value, path, content);
    const { id, ...settings } = input;
    const known = id ?? byName.get(input.name);
    if (known !== undefined && seen.has(known)) throw placed(`${known} is there twice`, path, content);
    if (known !== undefined) seen.add(known);
    if (known !== undefined && monitors.book.get(known)) changed.set(known, settings);
    else added.push(input);
    lines.push({ input, id: known, path, content });
    await turns.next();
  }
  for (const line of lines) {
    checkAlone(line, monitors);
    await turns.next();
  }
  return { added, changed };
}

interface Item {
  readonly value: unknown;
  readonly path: readonly PropertyKey[];
  readonly content: YamlContent;
}

/** Item by item where the file is JSON or a list with dashes; otherwise as a whole, which has to be short. */
async function* readItems(text: string, turns: Turns): AsyncGenerator<Item> {
  const pieces = splitItems(text);
  if (pieces === null) {
    if (text.length > maxPlainLength)
      throw tooLarge('a file that is neither JSON nor a list with a dash for each monitor');
    const content = readYaml(text);
    const file = check(fileSchema, content.value, [], content);
    yield* file.monitors.map((value, i) => ({ value, path: ['monitors', i], content }));
    return;
  }
  if (pieces.length > maxMonitors) throw tooLarge(`a file of more than ${maxMonitors} monitors`);
  for (const [i, { text: item, line }] of pieces.entries()) {
    if (item.length > maxItemLength) throw tooLarge(`the monitor in line ${line + 2}`);
    const content = readYaml(item, { line, item: i });
    const file = check(fileSchema, content.value, [], content);
    yield* file.monitors.map((value) => ({ value, path: ['monitors', i], content }));
    await turns.next();
  }
}

function tooLarge(what: string): NetmonError {
  return new NetmonError('NM_TOO_LARGE', `${what} is too long to be read`);
}

interface Line {
  readonly input: NewMonitor;
  readonly id: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly content: YamlContent;
}

/** Names the line of what is wrong with one monitor by itself, such as a mask that stands for nothing. */
function checkAlone({ input, id, path, content }: Line, monitors: Monitors): void {
  try {
    monitors.checkAlone(input, id);
  } catch (thrown) {
    if (!(thrown instanceof NetmonError) || thrown.code !== 'NM_VALIDATION') throw thrown;
    const fields = thrown.fields.map(({ field, message }) => {
      const inner = field.split(/[.[\]]+/).filter((part) => part !== '');
      const parts = [...path, ...inner.map((part) => (/^\d+$/.test(part) ? Number(part) : part))];
      return { field: writePath(parts), message: `line ${content.lineOf(parts)}: ${message}` };
    });
    throw problem(fields);
  }
}

function check<T>(
  schema: z.ZodType<T>,
  value: unknown,
  path: readonly PropertyKey[],
  content: YamlContent,
): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.flatMap((issue) => {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : [null];
    return keys.map((key) => {
      const place = [...path, ...issue.path, ...(key === null ? [] : [key])];
      const message = key === null ? issue.message : 'there is no such field';
      return { field: writePath(place).slice(0, 256), message: `line ${content.lineOf(place)}: ${message}` };
    });
  });
  throw problem(fields);
}

function placed(message: string, path: readonly PropertyKey[], content: YamlContent): NetmonError {
  return problem([{ field: writePath(path), message: `line ${content.lineOf(path)}: ${message}` }]);
}
