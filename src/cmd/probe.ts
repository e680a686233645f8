import { allowAll } from '../agent/probes/address-policy.ts';
import { probeTypes } from '../agent/probes/registry.ts';
import { makeRound } from '../agent/probes/round.ts';
import { type KindName, writeTarget } from '../cli/monitors/probe-fields.ts';
import { type Answers, makeSettings } from '../cli/monitors/settings.ts';
import { describeResult } from '../cli/probe-result.ts';
import { maskProbe } from '../rules/monitors/mask-probe.ts';
import type { Outcome } from '../wire/probe.ts';

export interface ProbeFlags {
  readonly json?: boolean;
}

/** Exit codes of `netmon probe`; 2 is a flag that cannot be used, as everywhere. */
const exitCodes: Readonly<Record<Outcome, number>> = { up: 0, down: 1, degraded: 3, unknown: 4 };

/**
 * One round from this machine, by whoever calls it: any address may be reached. Sets the exit code by the outcome. Throws
 * NM_BAD_FLAG, NM_NOT_SUPPORTED.
 */
export async function runProbe(
  kind: KindName,
  target: string,
  flags: ProbeFlags,
  answers: Answers,
): Promise<void> {
  const settings = makeSettings(kind, target, answers);
  const round = makeRound(settings, {
    types: probeTypes,
    policy: allowAll,
    now: Date.now,
    monotonic: () => performance.now(),
  });
  const result = (await round.run(new AbortController().signal))!;
  process.exitCode = exitCodes[result.outcome];
  const lines = flags.json
    ? [JSON.stringify(result, null, 2)]
    : describeResult(writeTarget(maskProbe(settings.probe)), result);
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}
