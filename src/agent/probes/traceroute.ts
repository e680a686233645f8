import { setTimeout as wait } from 'node:timers/promises';
import { factsOf } from '../../rules/assertions/placeholders.ts';
import type { Detail, ProbeOf, Reason } from '../../wire/probe.ts';
import type { Echoes } from './echoes.ts';
import { HopNames } from './hop-names.ts';
import type { Names } from './names/names.ts';
import { isOtherPath } from './paths.ts';
import type { ProbeContext, ProbeRun, ProbeType } from './probe.ts';
import { familyOf, resolveTarget } from './resolve.ts';
import { describeErrno, explainUnusable, failedRun, makeReason, makeRun, noPhases, roundMs } from './run.ts';
import type { SocketWatch } from './socket-watch.ts';
import { measureSpread } from './spread.ts';
import { makeIcmpTracer, makeTcpTracer, makeUdpTracer, type Trace, type Tracer } from './tracers.ts';

type TracerouteProbe = ProbeOf<'traceroute'>;
type Hop = NonNullable<Detail['hops']>[number];

/** Hops that are asked at the same time, the nearest first. */
const hopsAtOnce = 8;
/** Between two packets, so that a round is no burst. */
const gapMs = 2;
/** The longest wait for the answers of hops that were asked at the same time; routers answer slowly, if at all. */
const longestWaitMs = 2000;
const usualPorts = { icmp: 0, udp: 33_434, tcp: 80 } as const;

/** The path to a target. The response time is that of the target, which fails the round when it is not reached. */
export function makeTracerouteProbe(
  names: Names,
  watch: SocketWatch,
  echoes: Echoes,
): ProbeType<'traceroute'> {
  return {
    kind: 'traceroute',
    facts: factsOf('traceroute'),
    async run(probe, context) {
      const target = await resolveTarget(names, probe.host, probe.family, context);
      const phases = { ...noPhases, resolve_ms: target.resolveMs };
      if (target.failure) return failedRun(target.failure, { phases });
      const ip = target.addresses[0];
      let tracer: Tracer | undefined;
      const unusable = await explainUnusable(
        probe.method.toUpperCase(),
        (async () => {
          await watch.prepare();
          tracer = await openTracer(probe, ip, watch, echoes);
        })(),
      );
      if (unusable || !tracer)
        return failedRun(unusable ?? makeReason('EIO', '', 'agent'), { address: ip, phases });
      using opened = tracer;
      const walk = new Walk(probe, opened, context, new HopNames(names));
      await walk.run();
      await walk.names.settle(context.signal);
      return summarize(walk, probe, ip, context, phases);
    },
  };
}

async function openTracer(
  { method, port }: TracerouteProbe,
  ip: string,
  watch: SocketWatch,
  echoes: Echoes,
): Promise<Tracer> {
  if (method === 'udp') return makeUdpTracer(watch, ip, port ?? usualPorts.udp);
  if (method === 'tcp') return makeTcpTracer(watch, ip, port ?? usualPorts.tcp);
  await echoes.open(familyOf(ip));
  return makeIcmpTracer(echoes, ip);
}

/** Asks hops, some at the same time, until the target or a refusal is found. */
class Walk {
  /** By TTL less one, then by question. */
  readonly traces: (Trace | null)[][] = [];
  readonly names: HopNames;
  unsent: string | null = null;
  readonly #probe: TracerouteProbe;
  readonly #tracer: Tracer;
  readonly #context: ProbeContext;
  #open = 0;
  #wake: (() => void) | undefined;

  constructor(probe: TracerouteProbe, tracer: Tracer, context: ProbeContext, names: HopNames) {
    this.names = names;
    this.#probe = probe;
    this.#tracer = tracer;
    this.#context = context;
  }

  async run(): Promise<void> {
    const { hops } = this.#probe;
    const { signal, timeoutMs } = this.#context;
    const waitMs = Math.min(longestWaitMs, timeoutMs / Math.ceil(hops / hopsAtOnce));
    for (let first = 1; first <= hops && this.end === null; first += hopsAtOnce) {
      await this.#ask(first, Math.min(hops, first + hopsAtOnce - 1));
      if (this.unsent !== null || signal.aborted) return;
      await this.#settle(waitMs);
    }
  }

  /** The first hop that is the last: its TTL, or null. */
  get end(): number | null {
    const at = this.traces.findIndex((hop) => hop.some((trace) => trace !== null && trace.kind !== 'hop'));
    return at < 0 ? null : at + 1;
  }

  async #ask(first: number, last: number): Promise<void> {
    const { queries } = this.#probe;
    const { signal } = this.#context;
    for (let ttl = first; ttl <= last && (this.end === null || ttl <= this.end); ttl++) {
      const hop: (Trace | null)[] = Array.from({ length: queries }, () => null);
      this.traces.push(hop);
      for (let query = 0; query < queries; query++) {
        this.#open++;
        const errno = this.#tracer.send(ttl, (ttl - 1) * queries + query, (trace) => {
          hop[query] = trace;
          if (trace.by !== null) this.names.ask(trace.by);
          this.#open--;
          this.#wake?.();
        });
        if (errno !== null) {
          this.unsent = errno;
          return;
        }
        await wait(gapMs, null, { signal }).catch(() => {});
        if (signal.aborted) return;
      }
    }
  }

  /** Until all that matters is answered, or for that long. */
  async #settle(waitMs: number): Promise<void> {
    const { signal } = this.#context;
    let isOver = false;
    const stop = (): void => {
      isOver = true;
      this.#wake?.();
    };
    const timer = setTimeout(stop, waitMs);
    signal.addEventListener('abort', stop, { once: true });
    while (!isOver && !signal.aborted && !this.#isAnswered()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }

  /** What lies behind the end does not matter. */
  #isAnswered(): boolean {
    if (this.#open === 0) return true;
    const { end } = this;
    return end !== null && this.traces.slice(0, end).every((hop) => !hop.includes(null));
  }
}

function summarize(
  walk: Walk,
  probe: TracerouteProbe,
  ip: string,
  context: ProbeContext,
  phases: ProbeRun['phases'],
): ProbeRun {
  const { end } = walk;
  const last = end === null ? undefined : walk.traces[end - 1];
  const isReached = last?.some((trace) => trace?.kind === 'target') ?? false;
  const hops = walk.traces
    .slice(0, end ?? lastAnswered(walk.traces))
    .map((hop, index) => makeHop(hop, index, walk.names));
  const before = context.before?.hops;
  const isChanged = before !== undefined && isOtherPath(before, hops, ip);
  const echoes = isReached ? (hops.at(-1)?.rtt_ms ?? []) : [];
  const median = measureSpread(echoes.filter((time) => time !== null))?.median ?? null;
  const responseMs = median === null ? null : roundMs(median);
  const run = {
    address: ip,
    phases: { ...phases, processing_ms: responseMs },
    echoes,
    facts: { IP: ip, CONNECTED: isReached, HOPS: isReached ? end : null, PATH_CHANGED: isChanged },
    detail: { hops, path_changed: isChanged },
  };
  if (isReached) return makeRun({ ...run, responseMs });
  return failedRun(explain(walk, probe, ip, hops), run);
}

/** How many hops there are up to the last one that answered. */
function lastAnswered(traces: Walk['traces']): number {
  return traces.findLastIndex((hop) => hop.some((trace) => trace !== null)) + 1;
}

function makeHop(hop: readonly (Trace | null)[], index: number, names: HopNames): Hop {
  const addresses = [...new Set(hop.flatMap((trace) => trace?.by ?? []))];
  return {
    ttl: index + 1,
    addresses,
    name: names.of(addresses[0]),
    rtt_ms: hop.map((trace) => trace && roundMs(trace.rttMs)),
  };
}

/** Why the target was not reached, and how far the packets came. */
function explain(walk: Walk, { hops: most }: TracerouteProbe, ip: string, hops: readonly Hop[]): Reason {
  if (walk.unsent !== null)
    return makeReason(walk.unsent, `${ip}: unable to send: ${describeErrno(walk.unsent)}`, 'connect');
  const refusal = walk.traces.flat().find((trace) => trace?.kind === 'refused');
  if (refusal) {
    const code = refusal.errno ?? 'EHOSTUNREACH';
    const icmp = refusal.icmp ? ` (ICMP type ${refusal.icmp.type}, code ${refusal.icmp.code})` : '';
    const who = refusal.by ?? 'this machine';
    return makeReason(
      code,
      `${ip}: ${who} says at hop ${walk.end}: ${describeErrno(code)}${icmp}`,
      'connect',
    );
  }
  const last = hops.at(-1);
  const how = last
    ? `the last answer is of hop ${last.ttl}, ${last.addresses.join(' and ')}`
    : 'no hop answers';
  return makeReason('TIMEOUT', `${ip} is not reached by ${most} hops: ${how}`, 'processing');
}
