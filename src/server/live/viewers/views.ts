import { NetmonError } from '../../../base/errors.ts';
import type { Connection } from '../../../wire/connection.ts';
import { splitAgents } from '../../../wire/filter.ts';
import type { Subscribe } from '../../../wire/live.ts';
import type { InterfaceRow, ProcessRow } from '../../../wire/machine.ts';
import type { ConnectionFilter } from '../../../wire/query.ts';
import type { Mirror } from '../mirror.ts';
import { ViewIndex } from '../view-index.ts';
import {
  ConnectionView,
  ListView,
  ringSource,
  type SampleSource,
  SampleView,
  type Tick,
  type View,
} from './view.ts';

/** Different windows at a time, over all viewers. */
const maxViews = 512;
/** Different filters and sorts at a time; each takes 100 bytes per connection that matches. */
const maxIndexes = 48;
/** Rows of the topics that have no window. */
const maxListRows = 5_000;
/** Agents' health is told this often. */
const healthMs = 1_000;

/** How often a view is refreshed: with each frame of the agents, or once a second for viewers that are hidden. */
export type Pace = 'live' | 'slow';

/** A view that is in use. */
export interface SharedView {
  readonly view: View;
  readonly pace: Pace;
  /** What the refresh of this tick found, null for nothing. */
  update: string | null;
  /** Whether it has been refreshed at all. */
  ready: boolean;
}

interface Held<Thing> {
  readonly thing: Thing;
  users: number;
}

/** The views that viewers look at, each made once however many look. */
export class Views {
  readonly #mirror: Mirror;
  readonly #now: () => number;
  readonly #views = new Map<string, Held<SharedView>>();
  readonly #indexes = new Map<string, Held<ViewIndex>>();

  constructor(mirror: Mirror, now: () => number) {
    this.#mirror = mirror;
    this.#now = now;
  }

  /** The name under which equal subscriptions share a view. */
  static keyOf(subscription: Subscribe, pace: Pace): string {
    const { kind, id, ...view } = subscription;
    return JSON.stringify([pace, sorted(view)]);
  }

  /** A view for the subscription; give it back with `release`. Throws NM_BAD_FILTER, NM_VALIDATION or NM_RATE. */
  acquire(subscription: Subscribe, pace: Pace): SharedView {
    const key = Views.keyOf(subscription, pace);
    const held = this.#views.get(key) ?? this.#make(key, subscription, pace);
    held.users++;
    return held.thing;
  }

  release(subscription: Subscribe, pace: Pace): void {
    const key = Views.keyOf(subscription, pace);
    const held = this.#views.get(key);
    if (!held || --held.users > 0) return;
    this.#views.delete(key);
    if (subscription.topic === 'connections') this.releaseIndex(subscription.filter, subscription.sort);
  }

  /** The index of a filter and sort; give it back with `releaseIndex`. */
  acquireIndex(filter: ConnectionFilter, sort: string): ViewIndex {
    const key = JSON.stringify([sorted(filter), sort]);
    let held = this.#indexes.get(key);
    if (!held) {
      if (this.#indexes.size >= maxIndexes) {
        throw new NetmonError('NM_RATE', `${maxIndexes} different views are being watched already`);
      }
      held = { thing: new ViewIndex(filter, sort, this.#mirror.viewed(), this.#now()), users: 0 };
      this.#indexes.set(key, held);
    }
    held.users++;
    return held.thing;
  }

  releaseIndex(filter: ConnectionFilter, sort: string): void {
    const key = JSON.stringify([sorted(filter), sort]);
    const held = this.#indexes.get(key);
    if (held && --held.users === 0) this.#indexes.delete(key);
  }

  /** Brings every view up to what is so now, the slow ones only with `slow`. Gives the connections that changed. */
  refresh(slow: boolean): Iterable<Connection> {
    const now = this.#now();
    const { touched, revised, gone } = this.#mirror.log.take();
    for (const { thing } of this.#indexes.values()) {
      thing.update(touched, gone, () => this.#mirror.viewed(), now);
    }
    const live: Tick = {
      now,
      touched: (row) => touched.has(row as never),
      revised: revised.size === 0 ? () => false : (row) => revised.has(row as never),
    };
    const late: Tick = { now, touched: () => true, revised: () => true };
    for (const { thing } of this.#views.values()) {
      thing.update = null;
      if (thing.pace === 'slow' && !slow && thing.ready) continue;
      thing.update = thing.view.refresh(thing.pace === 'slow' ? late : live);
      thing.ready = true;
    }
    return touched;
  }

  #make(key: string, subscription: Subscribe, pace: Pace): Held<SharedView> {
    if (this.#views.size >= maxViews) {
      throw new NetmonError('NM_RATE', `${maxViews} different views are being watched already`);
    }
    const view = this.#makeView(subscription);
    const held = { thing: { view, pace, update: null, ready: false }, users: 0 };
    this.#views.set(key, held);
    return held;
  }

  #makeView(subscription: Subscribe): View {
    const mirror = this.#mirror;
    switch (subscription.topic) {
      case 'connections': {
        const index = this.acquireIndex(subscription.filter, subscription.sort);
        return new ConnectionView(index, subscription.offset, subscription.limit);
      }
      case 'processes':
        return new ListView('key', () => firstProcesses(mirror.processes(subscription.agent)));
      case 'interfaces':
        return new ListView('name', () => distinctInterfaces(mirror.interfaces(subscription.agent)));
      case 'errors':
        return new ListView('id', () => ofAgents(mirror.recent.errors(), subscription.agent));
      case 'health':
        return new ListView('agent', () => mirror.agents(), healthMs);
      case 'alerts':
        return new ListView('id', () => ofAgents(mirror.alerts, subscription.agent));
      case 'totals':
        return new ListView('of', () => [{ of: 'agents', ...mirror.stats(subscription.agent) }]);
      case 'traffic': {
        const { window, agent } = subscription;
        return new ListView('window', () =>
          [mirror.traffic(window, agent)].filter((row) => row !== undefined),
        );
      }
      case 'bandwidth':
        return new SampleView(sampleSource(mirror, subscription));
    }
  }
}

function sampleSource(
  mirror: Mirror,
  { by, key, agent }: Extract<Subscribe, { topic: 'bandwidth' }>,
): () => SampleSource | undefined {
  if (by === 'total') return () => totalSource(mirror, agent);
  if (key === undefined) throw new NetmonError('NM_VALIDATION', `key: expected the key of the ${by}`);
  return () => ringSource(mirror.ring(by, key, agent));
}

function totalSource(mirror: Mirror, agents: string | undefined): SampleSource | undefined {
  const [first] = mirror.mirrors(agents);
  if (!first) return undefined;
  return {
    identity: first.samples,
    end: first.samples.end,
    from: (start) => mirror.samplesFrom(start, agents).samples,
  };
}

/** The rows of the agents of those names, apart by commas; all unless given. */
function ofAgents<Row extends { readonly agent: string | null }>(
  rows: readonly Row[],
  agents: string | undefined,
): readonly Row[] {
  if (agents === undefined) return rows;
  const names = splitAgents(agents);
  return rows.filter(({ agent }) => agent !== null && names.includes(agent));
}

function firstProcesses(processes: Iterable<ProcessRow>): ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const row of processes) {
    if (rows.push(row) === maxListRows) break;
  }
  return rows;
}

/** Interfaces by name; one whose name is taken (another machine's or namespace's) is shown as `name@namespace`. */
function distinctInterfaces(rows: Iterable<InterfaceRow>): InterfaceRow[] {
  const named = new Map<string, InterfaceRow>();
  for (const row of rows) {
    if (named.size === maxListRows) break;
    let { name } = row;
    for (let i = 1; named.has(name); i++)
      name = `${row.name}@${row.network_namespace}${i > 1 ? `.${i}` : ''}`;
    named.set(name, name === row.name ? row : { ...row, name });
  }
  return [...named.values()];
}

/** The same object with its fields in one order, so that equal ones have equal texts. */
function sorted(fields: object): object {
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
}
