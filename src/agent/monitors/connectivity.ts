/**
 * Whether a round that failed tells of its target or of the agent's own network, by what is at hand: the interfaces, the
 * routes, the gateway's entry among the neighbours, and the last rounds of all other targets. Nothing is sent for it.
 *
 * 1. no interface but loopback is up, or the kernel has no way to the address: the agent's own network is gone
 * 2. the gateway does not answer the kernel either, and no target answers of at least two that did before
 * 3. no target answers, of those that did before and lie in at least three networks
 *
 * One answer of any target (a refusal is one) speaks against the last two, so that one target alone that is down never
 * looks like that.
 */
import { AgingMap } from '../../base/aging-map.ts';
import { formatIp, isLoopback, parseEndpoint, parseIp } from '../../base/ip.ts';
import type { Probe, ProbeResult, Reason } from '../../wire/probe.ts';

/** What of the machine's network is asked for, when a round has failed. */
export interface NetworkView {
  /** Interfaces that are up and running, loopback left out. */
  readonly interfaces: ReadonlySet<string>;
  isOwnAddress(ip: string): boolean;
  /** The interface that leads to an address; null for no route. */
  findInterface(ip: string): string | null;
  /** A gateway that the kernel asks for in vain; null when there is none. */
  readonly lostGateway: string | null;
}

/** Targets that are remembered. */
const maxTargets = 4_096;
/** An older round tells nothing of now. */
const freshMs = 300_000;
const leastWithGateway = 2;
const leastNetworks = 3;

/** Codes of a failure in which nothing of the target was heard. */
const silent = new Set([
  'TIMEOUT',
  'NO_REPLY',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'EADDRNOTAVAIL',
]);
/** Those that the kernel gives for a way it does not have. */
const unreachable = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL']);
/** A resolver that says so has answered. */
const answered = new Set(['ENOTFOUND', 'NXDOMAIN', 'ENODATA', 'NODATA']);

interface Target {
  readonly at: number;
  readonly answers: boolean;
  /** Whether it ever answered, and the network it lies in as far as that is known. */
  readonly answeredOnce: boolean;
  readonly network: string | null;
}

export class Connectivity {
  readonly #look: () => NetworkView;
  readonly #monotonic: () => number;
  readonly #targets = new AgingMap<string, Target>();

  constructor(look: () => NetworkView, monotonic: () => number) {
    this.#look = look;
    this.#monotonic = monotonic;
  }

  /** Takes in a round; the same one, or `unknown` where the failure is the agent's own. */
  check(result: ProbeResult, probe: Probe): ProbeResult {
    const ip = readIp(result.address);
    if (result.outcome === 'unknown' || (ip !== null && isLoopback(ip))) return result;
    const isSilent = isSilence(result);
    const network = this.#look();
    if (ip !== null && network.isOwnAddress(ip)) return result;
    this.#note(targetOf(probe), ip, !isSilent);
    const reason = result.reason ?? nothingHeard;
    const why = isSilent ? this.#explain(reason, ip, network) : null;
    return why === null ? result : { ...result, outcome: 'unknown', reason: makeReason(why, reason) };
  }

  #note(name: string, ip: string | null, answers: boolean): void {
    const before = this.#targets.get(name);
    this.#targets.delete(name);
    this.#targets.set(name, {
      at: this.#monotonic(),
      answers,
      answeredOnce: answers || (before?.answeredOnce ?? false),
      network: ip === null ? (before?.network ?? null) : networkOf(ip),
    });
    if (this.#targets.size > maxTargets) this.#targets.removeOldest();
  }

  #explain(reason: Reason, ip: string | null, network: NetworkView): string | null {
    if (network.interfaces.size === 0) return 'no network interface of this machine is up';
    if (ip !== null) {
      const through = network.findInterface(ip);
      if (through === null && unreachable.has(reason.code)) return `this machine has no route to ${ip}`;
      if (through !== null && !network.interfaces.has(through)) return `the interface ${through} is down`;
    }
    const lost = this.#lostTargets();
    if (lost === null) return null;
    if (network.lostGateway !== null && lost.length >= leastWithGateway) {
      return `neither the gateway ${network.lostGateway} nor any of ${lost.length} targets answers`;
    }
    const networks = new Set(lost.flatMap((target) => target.network ?? []));
    if (networks.size < leastNetworks) return null;
    return `none of ${lost.length} targets in ${networks.size} networks answers any more`;
  }

  /** Targets that answered before and do not any more; null while any other does. */
  #lostTargets(): Target[] | null {
    const oldest = this.#monotonic() - freshMs;
    const lost: Target[] = [];
    for (const target of this.#targets.values()) {
      if (target.at < oldest) continue;
      if (target.answers) return null;
      if (target.answeredOnce) lost.push(target);
    }
    return lost;
  }
}

/** Of a target that may be silent, or should be (`[CONNECTED] == false`), and is. */
const nothingHeard: Reason = { code: 'EHOSTUNREACH', message: 'nothing was heard', phase: 'processing' };

function isSilence({ outcome, reason, echoes }: ProbeResult): boolean {
  if (outcome !== 'down') return echoes.every((echo) => echo === null);
  if (echoes.length > 0 && echoes.every((echo) => echo === null)) return true;
  if (!reason || reason.phase === 'assertion') return false;
  return reason.phase === 'resolve' ? !answered.has(reason.code) : silent.has(reason.code);
}

function makeReason(why: string, { message }: Reason): Reason {
  return {
    code: 'NO_CONNECTIVITY',
    message: `${why}; ${message}`.slice(0, 512).toWellFormed(),
    phase: 'agent',
  };
}

/** The machine that a probe is about; probes of different kinds on one machine are one target. */
function targetOf(probe: Probe): string {
  switch (probe.kind) {
    case 'http':
      return URL.parse(probe.url)?.hostname ?? probe.url;
    case 'dns':
      return probe.server ?? 'the resolver';
    case 'icmp':
    case 'ntp':
    case 'tcp':
    case 'udp':
    case 'traceroute':
      return probe.host;
  }
}

function readIp(address: string | null): string | null {
  if (address === null) return null;
  const bytes = parseIp(address.replace(/%.*$/, ''));
  return bytes ? formatIp(bytes) : (parseEndpoint(address)?.ip ?? null);
}

/** What is likely to fail together: a /24, or a /48. */
function networkOf(ip: string): string {
  const bytes = parseIp(ip)!;
  return bytes.subarray(0, ip.includes(':') ? 6 : 15).join('.');
}
