import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { formatEndpoint } from '../../base/ip.ts';
import { decodeNtpReply, encodeNtpRequest, type NtpReply } from '../../decode/ntp-time.ts';
import { factsOf } from '../../rules/assertions/placeholders.ts';
import type { Detail, Reason } from '../../wire/probe.ts';
import { askByDatagram } from './datagrams.ts';
import type { Names } from './names/names.ts';
import type { ProbeContext, ProbeRun, ProbeType } from './probe.ts';
import { resolveTarget } from './resolve.ts';
import { failedRun, makeReason, makeRun, noPhases, roundMs } from './run.ts';
import type { SocketWatch } from './socket-watch.ts';

/** Between two questions of a round, so that a server that limits its rate does not see a flood. */
const gapMs = 200;
/** Kisses that end a round (RFC 5905 section 7.4). */
const kisses: Readonly<Record<string, string>> = {
  DENY: 'the server denies access',
  RSTR: 'the server restricts access',
  RATE: 'the server is asked too often',
};
const unsynchronisedStratum = 16;

interface Sample {
  readonly reply: NtpReply;
  readonly offsetMs: number;
  readonly delayMs: number;
}

/** The four timestamps of RFC 5905. The answer with the least delay counts, and its delay is the response time. */
export function makeNtpProbe(names: Names, watch: SocketWatch): ProbeType<'ntp'> {
  return {
    kind: 'ntp',
    facts: factsOf('ntp'),
    async run(probe, context) {
      const target = await resolveTarget(names, probe.host, probe.family, context);
      const phases = { ...noPhases, resolve_ms: target.resolveMs };
      if (target.failure) return failedRun(target.failure, { phases });
      const ip = target.addresses[0];
      const where = formatEndpoint(ip, probe.port);
      const asked = await askAll(watch, ip, probe.port, probe.samples, context);
      const echoes = asked.samples.map((sample) => sample && roundMs(sample.delayMs));
      const known = { address: where, phases, echoes, facts: { IP: ip, CONNECTED: false } };
      const best = findBest(asked.samples);
      if (!best) {
        const message = `${where} does not answer within ${context.timeoutMs} ms`;
        return failedRun(asked.failure ?? makeReason('TIMEOUT', message, 'processing'), known);
      }
      return summarize(best, where, { ...known, facts: { IP: ip, CONNECTED: true } });
    },
  };
}

interface Asked {
  /** Of each question, null where there was no answer. */
  readonly samples: readonly (Sample | null)[];
  readonly failure: Reason | null;
}

/** Asks until one question fails otherwise than by silence, or gets a kiss. */
async function askAll(
  watch: SocketWatch,
  ip: string,
  port: number,
  count: number,
  { signal, timeoutMs }: ProbeContext,
): Promise<Asked> {
  const samples: (Sample | null)[] = [];
  for (let i = 0; i < count && !signal.aborted; i++) {
    if (i > 0) await wait(gapMs, null, { signal }).catch(() => {});
    if (signal.aborted) break;
    const cookie = randomBytes(8);
    const answered = await askByDatagram(watch, {
      ip,
      port,
      bytes: encodeNtpRequest(cookie),
      read: ({ bytes, sentMs, receivedMs }) => measure(decodeNtpReply(bytes, cookie), sentMs, receivedMs),
      signal,
      // A lost question leaves time for the others.
      waitMs: timeoutMs / count,
    });
    if (answered.kind === 'failure') return { samples: [...samples, null], failure: answered.reason };
    samples.push(answered.kind === 'answer' ? answered.answer : null);
    if (answered.kind === 'answer' && answered.answer.reply.stratum === 0) break;
  }
  return { samples, failure: null };
}

/** A kiss comes before all others, which were answered before the server said so. */
function findBest(samples: readonly (Sample | null)[]): Sample | null {
  const answered = samples.filter((sample) => sample !== null);
  const kiss = answered.find(({ reply }) => reply.stratum === 0);
  if (kiss) return kiss;
  return answered.reduce<Sample | null>((a, b) => (a === null || b.delayMs < a.delayMs ? b : a), null);
}

/** RFC 5905 section 8. The delay is at least 0, which two clocks of unlike speed could make it less than. */
function measure(reply: NtpReply | null, sentMs: number, receivedMs: number): Sample | undefined {
  if (!reply) return undefined;
  const offsetMs = (reply.receivedMs - sentMs + (reply.sentMs - receivedMs)) / 2;
  const delayMs = Math.max(0, receivedMs - sentMs - (reply.sentMs - reply.receivedMs));
  return { reply, offsetMs, delayMs };
}

function summarize({ reply, offsetMs, delayMs }: Sample, where: string, known: Partial<ProbeRun>): ProbeRun {
  const ntp: NonNullable<Detail['ntp']> = {
    offset_ms: roundMs(offsetMs),
    delay_ms: roundMs(delayMs),
    stratum: reply.stratum,
    root_delay_ms: roundMs(reply.rootDelayMs),
    root_dispersion_ms: roundMs(reply.rootDispersionMs),
    leap: reply.leap,
    reference: reply.reference,
  };
  const run = {
    ...known,
    phases: { ...noPhases, ...known.phases, processing_ms: ntp.delay_ms },
    facts: {
      ...known.facts,
      OFFSET: Math.abs(ntp.offset_ms),
      DELAY: ntp.delay_ms,
      STRATUM: ntp.stratum,
      ROOT_DELAY: ntp.root_delay_ms,
      ROOT_DISPERSION: ntp.root_dispersion_ms,
      LEAP: ntp.leap,
    },
    detail: { ntp },
  };
  return makeRun({ ...run, failure: judge(reply, where), responseMs: ntp.delay_ms });
}

/** A server whose time is not to be taken. */
function judge({ stratum, reference, leap }: NtpReply, where: string): Reason | null {
  const reason = (code: string, message: string): Reason =>
    makeReason(code, `${where}: ${message}`, 'processing');
  if (stratum === 0) {
    const words = kisses[reference];
    if (words) return reason('KISS_OF_DEATH', `${words} (kiss of death ${reference})`);
    return reason('UNSYNCHRONISED', `the server has no time to give (${reference || 'stratum 0'})`);
  }
  if (stratum >= unsynchronisedStratum)
    return reason('UNSYNCHRONISED', `the server is of stratum ${stratum}`);
  if (leap === 'unsynchronised')
    return reason('UNSYNCHRONISED', 'the server says that its clock is not synchronised');
  return null;
}
