import type { Facts } from '../../rules/assertions/facts.ts';
import type { Assertion } from '../../wire/monitor.ts';
import type { Detail, Phases, Probe, ProbeKind, ProbeOf, Reason } from '../../wire/probe.ts';

export type { Fact, Facts } from '../../rules/assertions/facts.ts';

/** Which addresses probes may reach; asked with the address that is about to be connected to, after each redirect anew. */
export interface AddressPolicy {
  /** Null when it may be reached, otherwise the rule that forbids it, in words. */
  refuse(ip: string): string | null;
}

/** What a round needs beside its probe. */
export interface ProbeContext {
  readonly timeoutMs: number;
  /** Aborts when the time is over or the agent stops; everything that was opened is closed then. */
  readonly signal: AbortSignal;
  readonly policy: AddressPolicy;
  /** Which facts are asked for, so that what nobody looks at (a body) need not be kept. */
  readonly wanted: ReadonlySet<string>;
  /** What the last round of the same monitor left for this one (the path of a traceroute); undefined for the first. */
  readonly before: Detail | undefined;
}

/** One try. `failure` is null when the service answered as it should, assertions aside. Never rejects but for a bug. */
export interface ProbeRun {
  readonly failure: Reason | null;
  readonly address: string | null;
  /** What counts as the response time; null when there was no answer. */
  readonly responseMs: number | null;
  readonly phases: Phases;
  readonly echoes: readonly (number | null)[];
  readonly facts: Facts;
  readonly detail: Detail;
}

/** A kind of probe: one file, one line in registry.ts. */
export interface ProbeType<K extends ProbeKind> {
  readonly kind: K;
  /** Names of the facts that it can give, for checking assertions and for help. */
  readonly facts: readonly string[];
  run(probe: ProbeOf<K>, context: ProbeContext): Promise<ProbeRun>;
}

/** What one round is carried out from; a monitor's assignment has all of it. */
export interface RoundOrder {
  readonly probe: Probe;
  readonly assertions: readonly Assertion[];
  readonly timeout_ms: number;
  readonly retries: number;
}
