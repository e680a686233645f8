import { factsOf } from '../../rules/assertions/placeholders.ts';
import type { ProbeOf, Reason } from '../../wire/probe.ts';
import type { EchoError, Echoes, EchoReply } from './echoes.ts';
import type { Names } from './names/names.ts';
import type { Facts, ProbeContext, ProbeRun, ProbeType } from './probe.ts';
import { familyOf, resolveTarget } from './resolve.ts';
import { describeErrno, explainUnusable, failedRun, makeReason, noPhases, roundMs } from './run.ts';
import { measureSpread, type Spread } from './spread.ts';

type IcmpProbe = ProbeOf<'icmp'>;

/** Echoes are sent in this share of a try's time, so that the last one has the rest for its reply. */
const sendingShare = 0.5;

/** How long a reply may still follow when the last echo that was not answered has met an error. */
const afterErrorsMs = 500;

/** Echoes of ICMP. The response time is the median; a round fails when no echo is answered, what is lost is `LOSS`. */
export function makeIcmpProbe(names: Names, echoes: Echoes): ProbeType<'icmp'> {
  return {
    kind: 'icmp',
    facts: factsOf('icmp'),
    async run(probe, context) {
      const target = await resolveTarget(names, probe.host, probe.family, context);
      const phases = { ...noPhases, resolve_ms: target.resolveMs };
      if (target.failure) return failedRun(target.failure, { phases });
      const ip = target.addresses[0];
      const unusable = await explainUnusable('ICMP', echoes.open(familyOf(ip)));
      if (unusable) return failedRun(unusable, { address: ip, phases });
      const heard = await sendEchoes(echoes, probe, ip, context);
      return summarize(probe, ip, heard, context.timeoutMs, target.resolveMs);
    },
  };
}

interface Heard {
  /** In the order of sending; null for one without a reply. */
  readonly times: (number | null)[];
  ttl: number | null;
  /** The last error of the path, and the errno of the last echo that could not be sent. */
  error: EchoError | null;
  unsent: string | null;
}

/** Sends all echoes of a round and ends with the last reply, or when the time is over. */
function sendEchoes(echoes: Echoes, probe: IcmpProbe, ip: string, context: ProbeContext): Promise<Heard> {
  const { signal, timeoutMs } = context;
  const heard: Heard = { times: [], ttl: null, error: null, unsent: null };
  const pending: Disposable[] = [];
  const order = { family: familyOf(ip), ip, ttl: probe.ttl, size: probe.size } as const;
  const gapMs = Math.min(probe.gap_ms, (timeoutMs * sendingShare) / Math.max(1, probe.echoes - 1));
  const { promise, resolve } = Promise.withResolvers<Heard>();
  const began = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let left = probe.echoes;
  const met = new Set<number>();
  const finish = (): void => {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
    for (const echo of pending) echo[Symbol.dispose]();
    resolve(heard);
  };
  const giveUp = (): void => {
    echoes.collect(order.family);
    finish();
  };
  const hear = (index: number, answer: EchoReply | EchoError): void => {
    if (answer.kind === 'error') {
      heard.error = answer;
      met.add(index);
    } else {
      met.delete(index);
      heard.times[index] = answer.rttMs;
      heard.ttl = answer.ttl ?? heard.ttl;
      left--;
    }
    if (left === 0) finish();
    else if (left === met.size) timer = setTimeout(finish, afterErrorsMs);
  };
  const sendNext = (): void => {
    const index = heard.times.push(null) - 1;
    const sent = echoes.send(order, (answer) => hear(index, answer));
    if (typeof sent === 'string') heard.unsent = sent;
    else pending.push(sent);
    if (heard.times.length === probe.echoes) {
      if (pending.length === 0) finish();
      return;
    }
    const dueMs = began + heard.times.length * gapMs - performance.now();
    timer = setTimeout(sendNext, Math.max(0, dueMs));
  };
  if (signal.aborted) return Promise.resolve(heard);
  signal.addEventListener('abort', giveUp, { once: true });
  sendNext();
  return promise;
}

function summarize(
  probe: IcmpProbe,
  ip: string,
  heard: Heard,
  timeoutMs: number,
  resolveMs: number | null,
): ProbeRun {
  // What was not sent any more, because the agent stops, was not lost.
  const replies = heard.times.filter((time) => time !== null);
  const spread = measureSpread(replies);
  const loss = heard.times.length === 0 ? 100 : 100 * (1 - replies.length / heard.times.length);
  const median = spread && roundMs(spread.median);
  return {
    failure: spread ? null : explain(probe, ip, heard, timeoutMs),
    address: ip,
    responseMs: median,
    phases: { ...noPhases, resolve_ms: resolveMs, processing_ms: median },
    echoes: heard.times.map((time) => time && roundMs(time)),
    facts: {
      IP: ip,
      CONNECTED: spread !== null,
      LOSS: roundMs(loss),
      ...(spread && spreadFacts(spread)),
      TTL: heard.ttl,
    },
    detail: heard.ttl === null ? {} : { ttl: heard.ttl },
  };
}

function spreadFacts({ min, avg, median, p90, p95, p99, max, jitter }: Spread): Facts {
  return {
    RTT_MIN: roundMs(min),
    RTT_AVG: roundMs(avg),
    RTT_MEDIAN: roundMs(median),
    RTT_P90: roundMs(p90),
    RTT_P95: roundMs(p95),
    RTT_P99: roundMs(p99),
    RTT_MAX: roundMs(max),
    JITTER: roundMs(jitter),
  };
}

/** Why no echo was answered. */
function explain({ echoes }: IcmpProbe, ip: string, { error, unsent }: Heard, timeoutMs: number): Reason {
  if (unsent !== null)
    return makeReason(unsent, `${ip}: unable to send an echo: ${describeErrno(unsent)}`, 'connect');
  if (!error)
    return makeReason('TIMEOUT', `${ip}: none of ${echoes} echoes answered in ${timeoutMs} ms`, 'processing');
  const what = error.icmp ? ` (ICMP type ${error.icmp.type}, code ${error.icmp.code})` : '';
  const who = error.by === null ? 'this machine' : error.by;
  return makeReason(error.errno, `${ip}: ${who} says: ${describeErrno(error.errno)}${what}`, 'connect');
}
