import { execFileSync } from 'node:child_process';
import { enterOwnNetwork } from '../../sys/network.fixture.ts';
import { type ProbeKind, type ProbeOf, probeSchema } from '../../wire/probe.ts';
import { Names } from './names/names.ts';
import type { ProbeContext, ProbeRun, ProbeType } from './probe.ts';

/** Carries out one try of a probe that says only what differs from the defaults. */
export async function runProbe<K extends ProbeKind>(
  type: ProbeType<K>,
  probe: Omit<Partial<ProbeOf<K>>, 'kind'>,
  options: Partial<Omit<ProbeContext, 'signal'>> = {},
  ended?: AbortSignal,
): Promise<ProbeRun> {
  const { timeoutMs = 2000, policy = { refuse: () => null }, wanted = new Set(), before } = options;
  const parsed = probeSchema.parse({ ...probe, kind: type.kind }) as ProbeOf<K>;
  const overdue = AbortSignal.timeout(timeoutMs);
  const signal = ended ? AbortSignal.any([overdue, ended]) : overdue;
  return await type.run(parsed, { timeoutMs, policy, wanted, before, signal });
}

/** For all probes of a test. */
export const names = new Names();

/** Addresses that are nobody else's in the network that `makeOwnNetwork` makes. */
export const ownIp = { 4: '10.72.0.1', 6: 'fd72::1' } as const;

/** As root: this process moves to a network of its own, with those addresses and a table of nft for rules. */
export function makeOwnNetwork(): void {
  enterOwnNetwork();
  shell(`ip address add ${ownIp[4]}/24 dev lo; ip address add ${ownIp[6]}/64 dev lo nodad
    nft 'add table inet t; add chain inet t out { type filter hook output priority 0; }'
    nft 'add chain inet t in { type filter hook input priority 0; }'
    nft 'add counter inet t dropped'`);
}

/** Has nft treat what comes in, or goes out, as this rule says until it is disposed of. */
export function withRule(rule: string, chain: 'in' | 'out' = 'in'): Disposable {
  shell(`nft 'add rule inet t ${chain} ${rule}'`);
  return { [Symbol.dispose]: () => void shell(`nft flush chain inet t ${chain}`) };
}

/** What a line of shell prints. */
export function shell(line: string): string {
  return execFileSync('sh', ['-ec', line], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
