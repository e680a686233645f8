/**
 * Whether a round in which nothing was heard tells of its target or of the agent's own network. The way to a target is
 * its interface and gateway, by family. For a silent round, in this order:
 *
 * 1. no interface but loopback is up, or the kernel has no way to the address: the agent's own network is gone
 * 2. others that lie on the same way are asked at once, after the round has ended; one that answers proves that the
 *    network is there: the target is down
 * 3. none answers, or the kernel asks for the gateway in vain: the agent is cut off, and nothing is known of the target
 * 4. there is nobody to ask: unknown where the agent was cut off, and at first where nothing was heard on that way yet;
 *    otherwise the target is down
 *
 * A target that is proved to be down is asked no more, so that its silence never speaks for others. Other services of its
 * own machine speak for the network, and never against it: all of it may be down.
 */
import { AgingMap } from '../../base/aging-map.ts';
import { isLoopback } from '../../base/ip.ts';
import type { Probe, ProbeResult, Reason } from '../../wire/probe.ts';
import { countSilent, hearsAny, Inquiries, type Witness } from './inquiry.ts';
import { isSilence, makeQuestion, networkOf, nothingHeard, readIp } from './silence.ts';

/** The interface that leads to an address, and the gateway; null for what is on the link. */
export interface Way {
  readonly interface: string;
  readonly gateway: string | null;
}

/** What of the machine's network is asked for, when a round has failed. */
export interface NetworkView {
  /** Interfaces that are up and running, loopback left out. */
  readonly interfaces: ReadonlySet<string>;
  isOwnAddress(ip: string): boolean;
  /** Null for no route. */
  findWay(ip: string): Way | null;
  /** Whether the kernel asks for a neighbour on an interface in vain. */
  isLost(ip: string, interfaceName: string): boolean;
}

/** Who is asked beside targets: the other end of a link, as long as there is one. */
export type OtherWitness = Omit<Witness, 'weighs' | 'isFresh'>;

export interface ConnectivityParts {
  readonly look: () => NetworkView;
  readonly monotonic: () => number;
  /** Whether a probe hears anything within a second or so; null where that cannot be told. Never rejects. */
  readonly ask: (probe: Probe) => Promise<boolean | null>;
  readonly others: () => readonly OtherWitness[];
}

/** Targets that are remembered, and asked at a time. */
const maxTargets = 4_096;
const maxAsked = 4;

/** Codes that the kernel gives for a way it does not have. */
const unreachable = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL']);

interface Target {
  readonly ip: string;
  readonly way: Way;
  /** How to ask it again; null for what is not asked without need. */
  readonly question: Probe | null;
  /** When it was heard last, by a clock that nobody sets. */
  readonly answeredAt: number;
  /** By its last round; `down` is proved, `silent` is not. */
  readonly state: 'answers' | 'silent' | 'down';
}

interface Verdict {
  /** Why nothing is known of the target; null when it is down. */
  readonly why: string | null;
  readonly isProved: boolean;
}

const down: Verdict = { why: null, isProved: false };

export class Connectivity {
  readonly #parts: ConnectivityParts;
  readonly #inquiries: Inquiries;
  readonly #targets = new AgingMap<string, Target>();
  /** Ways on which anything was ever heard, and those of them on which nobody answers any more. */
  readonly #known = new Set<string>();
  readonly #cut = new Set<string>();

  constructor(parts: ConnectivityParts) {
    this.#parts = parts;
    this.#inquiries = new Inquiries(parts.monotonic);
  }

  /** Takes in a round that has just ended; the same one, or `unknown` where its silence is the agent's own. */
  async check(result: ProbeResult, probe: Probe): Promise<ProbeResult> {
    const found = readIp(result.address);
    if (result.outcome === 'unknown' || (found !== null && isLoopback(found))) return result;
    const network = this.#parts.look();
    if (found !== null && network.isOwnAddress(found)) return result;
    const isSilent = isSilence(result);
    // Of a name that cannot be resolved, where it was the last time.
    const ip = found ?? (isSilent ? (this.#targets.get(nameTarget(probe))?.ip ?? null) : null);
    const way = ip === null ? null : network.findWay(ip);
    if (!isSilent) {
      if (ip !== null && way) this.#hear(probe, ip, way, result.address);
      return result;
    }
    const reason = result.reason ?? nothingHeard;
    const { why, isProved } = await this.#judge(reason, nameTarget(probe), ip, network);
    if (ip !== null && way) this.#miss(probe, ip, way, result.address, { why, isProved });
    return why === null ? result : { ...result, outcome: 'unknown', reason: makeReason(why, reason) };
  }

  #hear(probe: Probe, ip: string, way: Way, address: string | null): void {
    this.#open(nameWay(ip, way));
    const question = makeQuestion(probe, ip, address);
    const answeredAt = this.#parts.monotonic();
    this.#keep(nameTarget(probe), { ip, way, question, answeredAt, state: 'answers' });
  }

  #miss(probe: Probe, ip: string, way: Way, address: string | null, { why, isProved }: Verdict): void {
    const name = nameTarget(probe);
    const before = this.#targets.get(name);
    const question = before?.question ?? makeQuestion(probe, ip, address);
    const state = isProved || (why === null && before?.state === 'down') ? 'down' : 'silent';
    const answeredAt = before?.answeredAt ?? Number.NEGATIVE_INFINITY;
    this.#keep(name, { ip, way, question, answeredAt, state });
  }

  #keep(name: string, target: Target): void {
    this.#targets.delete(name);
    this.#targets.set(name, target);
    if (this.#targets.size > maxTargets) this.#targets.removeOldest();
  }

  #open(key: string): void {
    this.#known.add(key);
    this.#cut.delete(key);
  }

  async #judge({ code }: Reason, name: string, ip: string | null, network: NetworkView): Promise<Verdict> {
    if (network.interfaces.size === 0) return unknown('no network interface of this machine is up');
    if (ip === null) return this.#cut.size > 0 ? unknown('this agent is cut off') : down;
    const way = network.findWay(ip);
    if (!way) return unreachable.has(code) ? unknown(`this machine has no route to ${ip}`) : down;
    if (!network.interfaces.has(way.interface)) return unknown(`the interface ${way.interface} is down`);
    return this.#askOthers(name, ip, way);
  }

  async #askOthers(name: string, ip: string, way: Way): Promise<Verdict> {
    const key = nameWay(ip, way);
    const before = this.#targets.get(name);
    const asked = await this.#inquiries.ask(key, () => this.#findWitnesses(ip, way));
    const others = asked.filter((witness) => witness.name !== name);
    if (await hearsAny(others)) {
      this.#open(key);
      return { why: null, isProved: true };
    }
    // What is proved stays so until those fall silent who were heard since.
    const telling = others.filter(
      (witness) => witness.weighs && witness.ip !== ip && (witness.isFresh || before?.state !== 'down'),
    );
    const silent = await countSilent(telling);
    const isGatewayLost = way.gateway !== null && this.#parts.look().isLost(way.gateway, way.interface);
    if (silent === 0 && !isGatewayLost) return this.#judgeAlone(key, way, before === undefined);
    this.#cut.add(key);
    if (isGatewayLost) return unknown(`the gateway ${way.gateway} does not answer`);
    return unknown(`none of ${silent + 1} targets beyond ${describeWay(way)} answers`);
  }

  /** With nobody to ask. */
  #judgeAlone(key: string, way: Way, isFirst: boolean): Verdict {
    if (this.#cut.has(key))
      return unknown(`nobody beyond ${describeWay(way)} has answered since it fell silent`);
    if (isFirst && !this.#known.has(key))
      return unknown(`nobody beyond ${describeWay(way)} has answered yet`);
    return down;
  }

  /** Who may tell of the way to an address: of those that are not proved to be down the last heard, some of each network. */
  #findWitnesses(ip: string, way: Way): Witness[] {
    const key = nameWay(ip, way);
    const network = this.#parts.look();
    const found = Array.from(this.#targets, ([name, target]) => ({ name, ...target }))
      .filter(({ state, question }) => state !== 'down' && question)
      .filter((target) => speaksFor(target.ip, target.way, ip, way))
      .sort((a, b) => b.answeredAt - a.answeredAt || 0);
    const targets = spread(found).map(
      ({ name, ip: its, way: itsWay, question, state }): Witness => ({
        name,
        ip: its,
        weighs: nameWay(its, itsWay) === key,
        isFresh: state === 'answers',
        ask: () => this.#parts.ask(question!),
      }),
    );
    const others = this.#parts.others().flatMap((other): Witness[] => {
      const its = readIp(other.ip);
      const itsWay = its === null ? null : network.findWay(its);
      if (its === null || !itsWay || isLoopback(its) || network.isOwnAddress(its)) return [];
      if (!speaksFor(its, itsWay, ip, way)) return [];
      return [{ ...other, ip: its, weighs: nameWay(its, itsWay) === key, isFresh: true }];
    });
    return [...targets, ...others];
  }
}

/** Whether an answer from one address shows that the way to another is there. What is on a link is nearer than what is beyond it. */
function speaksFor(ip: string, way: Way, wanted: string, wantedWay: Way): boolean {
  if (nameWay(ip, way) === nameWay(wanted, wantedWay)) return true;
  return wantedWay.gateway === null && nameWay(ip, { ...way, gateway: null }) === nameWay(wanted, wantedWay);
}

/** The first of each network, and then of each address, as many as are asked. */
function spread<T extends { readonly ip: string }>(found: readonly T[]): T[] {
  const chosen = new Map<string, T>();
  for (const group of [networkOf, (ip: string) => ip]) {
    const taken = new Set(Array.from(chosen.values(), ({ ip }) => group(ip)));
    for (const one of found) {
      if (chosen.size >= maxAsked) break;
      if (taken.has(group(one.ip))) continue;
      taken.add(group(one.ip));
      chosen.set(one.ip, one);
    }
  }
  return [...chosen.values()];
}

function unknown(why: string): Verdict {
  return { why, isProved: false };
}

function describeWay({ interface: name, gateway }: Way): string {
  return gateway === null ? name : `${gateway} (${name})`;
}

function nameWay(ip: string, way: Way): string {
  return `${ip.includes(':') ? 6 : 4} ${way.interface} ${way.gateway ?? ''}`;
}

/** Probes that ask the same of the same machine are one target. */
function nameTarget(probe: Probe): string {
  switch (probe.kind) {
    case 'http':
      return `http ${URL.parse(probe.url)?.host ?? probe.url}`;
    case 'dns':
      return `dns ${probe.server ?? ''} ${probe.port ?? ''}`;
    case 'tcp':
    case 'udp':
    case 'ntp':
      return `${probe.kind} ${probe.host} ${probe.port}`;
    case 'icmp':
    case 'traceroute':
      return `${probe.kind} ${probe.host}`;
  }
}

function makeReason(why: string, { message }: Reason): Reason {
  return {
    code: 'NO_CONNECTIVITY',
    message: `${why}; ${message}`.slice(0, 512).toWellFormed(),
    phase: 'agent',
  };
}
