import { NetmonError } from '../../base/errors.ts';
import { type Monitor, type MonitorSettings, maxMonitors } from '../../wire/monitor.ts';
import type { ChangedMonitor, NewMonitor } from '../../wire/monitor-api.ts';
import { checkSettings } from './checks.ts';
import { unmaskProbe } from './secrets.ts';

/** Longest id that is made of a name; a number behind it makes it unique. */
const maxIdLength = 40;
/** Ids that would be taken for something else in an address. */
const reserved: readonly string[] = ['export', 'import'];

/** The monitors by id, in memory; who changes it saves first. */
export class MonitorBook {
  readonly #monitors = new Map<string, Monitor>();

  get size(): number {
    return this.#monitors.size;
  }

  get(id: string): Monitor | undefined {
    return this.#monitors.get(id);
  }

  /** The monitor of that id; throws NM_NOT_FOUND. */
  require(id: string): Monitor {
    const monitor = this.#monitors.get(id);
    if (!monitor) throw new NetmonError('NM_NOT_FOUND', `there is no monitor ${id}`);
    return monitor;
  }

  values(): Iterable<Monitor> {
    return this.#monitors.values();
  }

  set(monitor: Monitor): void {
    this.#monitors.set(monitor.id, monitor);
  }

  delete(id: string): void {
    this.#monitors.delete(id);
  }

  /** A new monitor of these settings, not in the book yet. `taken` are ids beside those of the book. */
  make({ id, ...settings }: NewMonitor, now: number, taken: ReadonlySet<string> = new Set()): Monitor {
    if (id !== undefined && reserved.includes(id)) throw invalid('id', `${id} cannot be an id`);
    if (id !== undefined && (this.#monitors.has(id) || taken.has(id))) {
      throw invalid('id', `there is a monitor ${id} already`);
    }
    checkSettings(settings);
    const time = new Date(now).toISOString();
    const probe = unmaskProbe(settings.probe, null);
    return {
      ...settings,
      probe,
      id: id ?? this.#chooseId(settings.name, taken),
      revision: 1,
      created_at: time,
      changed_at: time,
    };
  }

  /** A monitor with new settings, not in the book yet; the one that is there where they are the same. */
  change(id: string, { revision, ...settings }: ChangedMonitor, now: number): Monitor {
    const before = this.require(id);
    if (revision !== undefined && revision !== before.revision) {
      throw new NetmonError(
        'NM_CONFLICT',
        `monitor ${id} was changed meanwhile: it has revision ${before.revision}, not ${revision}`,
      );
    }
    checkSettings(settings);
    const { created_at } = before;
    const probe = unmaskProbe(settings.probe, before.probe);
    const kept = { id, revision: before.revision, created_at, changed_at: before.changed_at };
    const same = { ...settings, probe, ...kept };
    if (sameSettings(same, before)) return before;
    return { ...same, revision: before.revision + 1, changed_at: new Date(now).toISOString() };
  }

  /**
   * Throws NM_VALIDATION when the book with these in it would not do: too many, a parent that is not there, or one that
   * is behind its own child.
   */
  check(changed: readonly Monitor[]): void {
    const after = new Map(changed.map((monitor) => [monitor.id, monitor]));
    const added = changed.filter(({ id }) => !this.#monitors.has(id)).length;
    if (this.#monitors.size + added > maxMonitors) {
      throw new NetmonError('NM_VALIDATION', `there are ${maxMonitors} monitors at most`);
    }
    const parentsOf = (id: string): readonly string[] =>
      (after.get(id) ?? this.#monitors.get(id))?.parents ?? [];
    for (const monitor of changed) {
      const missing = monitor.parents.find((id) => !after.has(id) && !this.#monitors.has(id));
      if (missing !== undefined) throw invalid('parents', `there is no monitor ${missing}`);
      if (reaches(monitor.parents, monitor.id, parentsOf)) {
        throw invalid('parents', `${monitor.id} would be its own parent`);
      }
    }
  }

  #chooseId(name: string, taken: ReadonlySet<string>): string {
    const letters = name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+/, '')
      .slice(0, maxIdLength)
      .replace(/-+$/, '');
    const stem = letters === '' ? 'monitor' : letters;
    const isTaken = (id: string): boolean => this.#monitors.has(id) || taken.has(id) || reserved.includes(id);
    if (!isTaken(stem)) return stem;
    for (let i = 2; ; i++) if (!isTaken(`${stem}-${i}`)) return `${stem}-${i}`;
  }
}

/** Whether two monitors are the same; the order of fields does not count. */
function sameSettings(a: MonitorSettings, b: MonitorSettings): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, inner]) => [name, sorted(inner)]);
}

/** Whether `wanted` is among these or what is before them. Each is looked at once. */
function reaches(
  from: readonly string[],
  wanted: string,
  parentsOf: (id: string) => readonly string[],
): boolean {
  const seen = new Set<string>(from);
  for (const id of seen) {
    if (id === wanted) return true;
    for (const parent of parentsOf(id)) seen.add(parent);
  }
  return false;
}

function invalid(field: string, message: string): NetmonError {
  return new NetmonError('NM_VALIDATION', `${field}: ${message}`, { fields: [{ field, message }] });
}
