import type { MonitorState } from '../../wire/monitor.ts';

/** A target as one agent sees it. */
export interface SeenFrom {
  readonly agent: string;
  readonly state: MonitorState;
  /** Why it is not up, in words; null where nothing is wrong. */
  readonly reason: string | null;
}

export interface Judgement {
  readonly state: MonitorState;
  /** Why it is not up and where, in words, at most 1,024 characters; null when it is up. */
  readonly reason: string | null;
  /** The agents that found what the state says. */
  readonly agents: readonly string[];
}

/** Names in a reason; the others are a number. */
const maxNames = 5;
const maxReason = 1024;

/**
 * One judgement of what several agents see. A target is down when as many agents as the quorum found it down, or all
 * of those that know anything where they are fewer; when fewer found it down it is partially down. Agents that know
 * nothing have no say; when none knows anything it is unknown, or pending before the first round.
 */
export function judgeTarget(seen: readonly SeenFrom[], quorum: number): Judgement {
  const active = seen.filter(({ state }) => state !== 'stopped');
  if (active.length === 0) return { state: 'stopped', reason: null, agents: [] };
  const known = active.filter(({ state }) => state === 'up' || state === 'degraded' || state === 'down');
  if (known.length === 0) return judgeUnknown(active);
  const down = known.filter(({ state }) => state === 'down');
  if (down.length > 0) {
    const whole = down.length >= Math.min(quorum, known.length);
    return whole
      ? { state: 'down', ...explain('down', down, known.length) }
      : { state: 'partial', ...explain('partially down: down', down, known.length) };
  }
  const degraded = known.filter(({ state }) => state === 'degraded');
  if (degraded.length > 0) return { state: 'degraded', ...explain('degraded', degraded, known.length) };
  return { state: 'up', reason: null, agents: [] };
}

function judgeUnknown(active: readonly SeenFrom[]): Judgement {
  const unknown = active.filter(({ state }) => state === 'unknown');
  if (unknown.length === 0) return { state: 'pending', reason: null, agents: [] };
  return { state: 'unknown', ...explain('nothing known', unknown, active.length) };
}

function explain(what: string, found: readonly SeenFrom[], of: number): Omit<Judgement, 'state'> {
  const agents = found.map(({ agent }) => agent);
  const names = agents.slice(0, maxNames).join(', ');
  const more = agents.length > maxNames ? ` and ${agents.length - maxNames} more` : '';
  const share = agents.length < of ? ` (${agents.length} of ${of} agents)` : '';
  const why = found.find(({ reason }) => reason !== null)?.reason;
  const reason = `${what} at ${names}${more}${share}${why ? `: ${why}` : ''}`;
  return { reason: reason.slice(0, maxReason).toWellFormed(), agents };
}
