/**
 * A round of a probe: up to `1 + retries` tries, each with its time, until one is not down. What is left of it is one
 * result.
 */
import { describeError, NetmonError } from '../../base/errors.ts';
import {
  checkAssertion,
  makeEffort,
  type ParsedAssertion,
  parseAssertion,
} from '../../rules/assertions/assertions.ts';
import type { Detail, Outcome, Probe, ProbeKind, ProbeResult, Reason } from '../../wire/probe.ts';
import { makeFitter } from './fit.ts';
import type { AddressPolicy, Facts, ProbeContext, ProbeRun, ProbeType, RoundOrder } from './probe.ts';
import type { ProbeTypes } from './registry.ts';
import { failedRun, makeReason, roundMs } from './run.ts';

/** A probe that has not ended this long after it was told to is left behind. */
const graceMs = 250;
/** Why a try's signal aborts; the default would be a new DOMException with its stack each time, a tenth of an echo's cost. */
const over = new Error('the try is over');

/** What is the same for all rounds of one order. */
export interface Round {
  /** Carries it out. Null when `signal` ended it, which says nothing of the target; rejects for a bug alone. */
  run(signal: AbortSignal, before?: Detail): Promise<ProbeResult | null>;
}

/** Where rounds are carried out. */
export interface RoundParts {
  readonly types: ProbeTypes;
  readonly policy: AddressPolicy;
  /** Unix milliseconds, and a clock that nobody sets. */
  readonly now: () => number;
  readonly monotonic: () => number;
}

interface Checked {
  readonly parsed: ParsedAssertion;
  readonly severity: 'down' | 'degraded';
}

/** Prepares rounds. Throws NM_VALIDATION for an assertion that is none, NM_NOT_SUPPORTED for a kind that is not there. */
export function makeRound(order: RoundOrder, parts: RoundParts): Round {
  const type = parts.types[order.probe.kind] as ProbeType<ProbeKind> | undefined;
  if (!type) throw new NetmonError('NM_NOT_SUPPORTED', `this agent has no probe of kind ${order.probe.kind}`);
  const { kind } = order.probe;
  const checks = order.assertions.map(({ test, severity }) => ({
    parsed: parseAssertion(test, kind),
    severity,
  }));
  const wanted = new Set(checks.flatMap(({ parsed }) => parsed.facts));
  const fit = makeFitter(order.probe);
  return {
    async run(signal, before) {
      const at = parts.now();
      const began = parts.monotonic();
      for (let attempts = 1; ; attempts++) {
        const context = { timeoutMs: order.timeout_ms, policy: parts.policy, wanted, before };
        const run = await tryOnce(type, order.probe, context, signal);
        if (run === null) return null;
        const { outcome, reason } = judge(run, checks);
        if (outcome === 'down' && attempts <= order.retries) continue;
        const result: ProbeResult = {
          at: new Date(at).toISOString(),
          outcome,
          duration_ms: roundMs(parts.monotonic() - began),
          reason,
          attempts,
          address: run.address,
          phases: run.phases,
          echoes: run.echoes.length === 0 && run.responseMs !== null ? [run.responseMs] : [...run.echoes],
          detail: run.detail,
        };
        return fit(result);
      }
    },
  };
}

/** Null when the round was ended from outside. */
async function tryOnce(
  type: ProbeType<ProbeKind>,
  probe: Probe,
  context: Omit<ProbeContext, 'signal'>,
  ended: AbortSignal,
): Promise<ProbeRun | null> {
  if (ended.aborted) return null;
  const controller = new AbortController();
  const { promise: overdue, resolve: giveUp } = Promise.withResolvers<ProbeRun>();
  let grace: NodeJS.Timeout | undefined;
  const stop = (): void => {
    controller.abort(over);
    grace ??= setTimeout(
      () => giveUp(failedRun(makeReason('TIMEOUT', `no end within ${context.timeoutMs} ms`, 'processing'))),
      graceMs,
    );
  };
  const timer = setTimeout(stop, context.timeoutMs);
  ended.addEventListener('abort', stop, { once: true });
  try {
    const run = await Promise.race([type.run(probe, { ...context, signal: controller.signal }), overdue]);
    return ended.aborted ? null : run;
  } catch (thrown) {
    return ended.aborted ? null : failedRun(makeReason('PROTOCOL', describeError(thrown), 'processing'));
  } finally {
    clearTimeout(timer);
    clearTimeout(grace);
    ended.removeEventListener('abort', stop);
    controller.abort(over);
  }
}

function judge(run: ProbeRun, checks: readonly Checked[]): { outcome: Outcome; reason: Reason | null } {
  if (run.failure && saysNothing(run.failure)) return { outcome: 'unknown', reason: run.failure };
  if (run.failure && !mayBeUnconnected(run, run.failure, checks)) {
    return { outcome: 'down', reason: run.failure };
  }
  const facts: Facts = { RESPONSE_TIME: run.responseMs, ...run.facts };
  const effort = makeEffort();
  let degraded: Reason | null = null;
  for (const { parsed, severity } of checks) {
    const message = checkAssertion(parsed, facts, effort);
    if (message === null) continue;
    const asserted: Reason = { code: 'ASSERTION', message, phase: 'assertion' };
    // Why there is no connection says more than that there is none.
    const reason = parsed.facts.includes('CONNECTED') ? (run.failure ?? asserted) : asserted;
    if (severity === 'down') return { outcome: 'down', reason };
    degraded ??= reason;
  }
  return { outcome: degraded ? 'degraded' : 'up', reason: degraded };
}

/** Whether it is for the assertions to say what a target that cannot be connected to is: one of them asks for that. */
function mayBeUnconnected({ facts }: ProbeRun, { phase }: Reason, checks: readonly Checked[]): boolean {
  if (facts.CONNECTED !== false || phase === 'resolve') return false;
  return checks.some(({ parsed }) => parsed.facts.includes('CONNECTED'));
}

/** Whether a failure is the agent's own: its policy forbids the address, or it may not or cannot probe. */
function saysNothing({ code, phase }: Reason): boolean {
  return phase === 'agent' || code === 'FORBIDDEN_ADDRESS' || code === 'NO_CONNECTIVITY';
}
