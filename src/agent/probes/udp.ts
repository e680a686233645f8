import { formatEndpoint } from '../../base/ip.ts';
import { factsOf } from '../../rules/assertions/placeholders.ts';
import type { ProbeOf } from '../../wire/probe.ts';
import { type Answered, askByDatagram } from './datagrams.ts';
import type { Names } from './names/names.ts';
import { encodePayload, makeExpected, showText } from './payload.ts';
import type { ProbeRun, ProbeType } from './probe.ts';
import { resolveTarget } from './resolve.ts';
import { failedRun, makeReason, makeRun, noPhases, roundMs } from './run.ts';
import type { SocketWatch } from './socket-watch.ts';

type UdpProbe = ProbeOf<'udp'>;

/** How long a reply, or a refusal, is waited for where none is needed. */
const unneededMs = 1000;

/** A datagram and what comes back. Silence is NO_REPLY and proves nothing; a port that is closed says so by ICMP. */
export function makeUdpProbe(names: Names, watch: SocketWatch): ProbeType<'udp'> {
  return {
    kind: 'udp',
    facts: factsOf('udp'),
    async run(probe, context) {
      const target = await resolveTarget(names, probe.host, probe.family, context);
      const phases = { ...noPhases, resolve_ms: target.resolveMs };
      if (target.failure) return failedRun(target.failure, { phases });
      const bytes = encodePayload(probe.payload, probe.encoding);
      if (!bytes)
        return failedRun(makeReason('PROTOCOL', 'the payload is not hexadecimal', 'agent'), { phases });
      const ip = target.addresses[0];
      const { port, reply, expect } = probe;
      const isNeeded = reply || context.wanted.has('REPLY');
      const answered = await askByDatagram(watch, {
        ip,
        port,
        bytes,
        read: ({ bytes }) => judge(bytes, expect),
        signal: context.signal,
        ...(!isNeeded && { waitMs: unneededMs }),
      });
      return summarize(probe, ip, answered, isNeeded, context.timeoutMs, target.resolveMs);
    },
  };
}

interface Judged {
  readonly text: string;
  readonly holds: boolean;
}

function judge(bytes: Uint8Array, expect: string | null): Judged {
  const copy = Buffer.from(bytes);
  return { text: showText(copy), holds: expect === null || makeExpected(expect).find(copy) >= 0 };
}

function summarize(
  { port, expect }: UdpProbe,
  ip: string,
  answered: Answered<Judged>,
  isNeeded: boolean,
  timeoutMs: number,
  resolveMs: number | null,
): ProbeRun {
  const address = formatEndpoint(ip, port);
  const phases = { ...noPhases, resolve_ms: resolveMs };
  const known = { address, phases, facts: { IP: ip, CONNECTED: false } };
  if (answered.kind === 'failure') return failedRun(answered.reason, known);
  if (answered.kind === 'silence') {
    if (!isNeeded) return makeRun(known);
    const message = `${address} does not reply within ${timeoutMs} ms, which does not mean that the port is closed`;
    return failedRun(makeReason('NO_REPLY', message, 'processing'), known);
  }
  const { answer, rttMs } = answered;
  const responseMs = roundMs(rttMs);
  const run = {
    address,
    phases: { ...phases, processing_ms: responseMs },
    echoes: [],
    facts: { IP: ip, CONNECTED: true, REPLY: answer.text },
    detail: { reply: answer.text },
  };
  if (answer.holds) return { ...run, failure: null, responseMs };
  const shown = JSON.stringify(answer.text.slice(0, 200));
  const message = `${address} replies ${shown}, not ${JSON.stringify(expect?.slice(0, 100))}`;
  return failedRun(makeReason('UNEXPECTED_REPLY', message, 'processing'), run);
}
