import { createHash } from 'node:crypto';
import { type Assignment, assignmentSchema, type Monitor } from '../../wire/monitor.ts';
import type { Order } from '../../wire/orders.ts';

/** A set of monitors is known by a number below this; what adds up to the same is taken for the same. */
const revisionRange = 2 ** 48;
/** Monitors, and characters of JSON, in a part of a set; an order may have 1 MiB. */
const maxPartMonitors = 200;
const maxPartLength = 400_000;

const digests = new WeakMap<Monitor, number>();
const fields = Object.keys(assignmentSchema.shape) as (keyof Assignment)[];

/** Whether an agent is to carry a monitor out. */
export function isAssigned({ enabled, agents, stopped_on }: Monitor, agent: string): boolean {
  return enabled && (agents === '*' || agents.includes(agent)) && !stopped_on.includes(agent);
}

/** How many monitors an agent is to carry out, for any agent by its name. */
export function countAssigned(monitors: Iterable<Monitor>): (agent: string) => number {
  let everywhere = 0;
  const more = new Map<string, number>();
  const add = (agent: string, by: number): void => void more.set(agent, (more.get(agent) ?? 0) + by);
  for (const monitor of monitors) {
    if (!monitor.enabled) continue;
    if (monitor.agents === '*') {
      everywhere++;
      for (const agent of new Set(monitor.stopped_on)) add(agent, -1);
    } else {
      for (const agent of new Set(monitor.agents)) if (isAssigned(monitor, agent)) add(agent, 1);
    }
  }
  return (agent) => everywhere + (more.get(agent) ?? 0);
}

/** What an agent is told of a monitor. */
export function makeAssignment(monitor: Monitor): Assignment {
  return Object.fromEntries(fields.map((field) => [field, monitor[field]])) as Assignment;
}

/** The revision of an agent's set: the same for the same assignments, whatever came between. */
export function readSetRevision(monitors: Iterable<Monitor>): number {
  let sum = 0;
  for (const monitor of monitors) sum = (sum + digestOf(monitor)) % revisionRange;
  return sum;
}

function digestOf(monitor: Monitor): number {
  const known = digests.get(monitor);
  if (known !== undefined) return known;
  const hash = createHash('sha256')
    .update(JSON.stringify(makeAssignment(monitor)))
    .digest();
  const digest = hash.readUIntBE(0, 6);
  digests.set(monitor, digest);
  return digest;
}

/** The orders that replace an agent's whole set, in parts of a size that an order may have. */
export function makeSetOrders(monitors: readonly Monitor[]): Order[] {
  const parts: Assignment[][] = [[]];
  let length = 0;
  for (const monitor of monitors) {
    const assignment = makeAssignment(monitor);
    const added = JSON.stringify(assignment).length;
    if (
      parts.at(-1)!.length > 0 &&
      (length + added > maxPartLength || parts.at(-1)!.length === maxPartMonitors)
    ) {
      parts.push([]);
      length = 0;
    }
    parts.at(-1)!.push(assignment);
    length += added;
  }
  const revision = readSetRevision(monitors);
  return parts.map((part, i) => ({
    type: 'monitors.set',
    revision,
    part: i,
    parts: parts.length,
    monitors: part,
  }));
}
