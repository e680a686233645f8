/**
 * HTTP and HTTPS: redirects are followed, each hop on a connection of its own, and what came last is the answer. The
 * response time is the sum of all phases, so what this program does between them is not in it.
 */
import { STATUS_CODES } from 'node:http';
import { factsOf } from '../../../rules/assertions/placeholders.ts';
import type { Detail, Phases, Reason } from '../../../wire/probe.ts';
import type { Names } from '../names/names.ts';
import type { Fact, Facts, ProbeRun, ProbeType } from '../probe.ts';
import { makeReason, noPhases, roundMs } from '../run.ts';
import type { Trust } from '../tls.ts';
import { type Answer, parseJson, readBody } from './answer.ts';
import { type Hop, type HopParts, runHop } from './hop.ts';
import { followRedirect, type HttpRequest, makeRequest, showUrl } from './request.ts';

/** Without an assertion on the status, one of 200 to 399 is success. */
export function makeHttpProbe(names: Names, trust: Trust): ProbeType<'http'> {
  return {
    kind: 'http',
    facts: factsOf('http'),
    async run(probe, context) {
      if (probe.method === 'CONNECT') {
        return finish([], makeReason('PROTOCOL', 'CONNECT is no method to probe with', 'agent'));
      }
      return await followHops({ probe, context, names, trust });
    },
  };
}

interface TimedHop extends Hop {
  readonly url: URL;
  readonly durationMs: number;
}

async function followHops(parts: HopParts): Promise<ProbeRun> {
  const { redirects: limit } = parts.probe;
  const hops: TimedHop[] = [];
  let request = makeRequest(parts.probe);
  for (;;) {
    const hop = await timeHop(request, parts);
    hops.push(hop);
    const next = nextRequest(request, hop, hops.length > limit, limit);
    if (next && !('code' in next)) {
      request = next;
      continue;
    }
    const failure = hop.failure ?? next ?? judgeStatus(hop.answer!, parts);
    const body = failure ? {} : await readFacts(hop.answer!, parts);
    const isReason = 'code' in body;
    return finish(hops, isReason ? (body as Reason) : failure, isReason ? {} : (body as Facts));
  }
}

async function timeHop(request: HttpRequest, parts: HopParts): Promise<TimedHop> {
  const began = performance.now();
  const hop = await runHop(request, parts);
  return { ...hop, url: request.url, durationMs: roundMs(performance.now() - began) };
}

/** Null when there is nothing to follow; a reason where following is not possible. */
function nextRequest(
  request: HttpRequest,
  { answer }: Hop,
  atLimit: boolean,
  limit: number,
): HttpRequest | Reason | null {
  if (!answer || limit === 0) return null;
  const next = followRedirect(request, answer.status, answer.headers.location);
  if (!next) return null;
  if ('wrong' in next) return makeReason('PROTOCOL', `${showUrl(request.url)} ${next.wrong}`, 'processing');
  if (!atLimit) return next;
  return makeReason(
    'TOO_MANY_REDIRECTS',
    `more than ${limit} redirects, the last to ${showUrl(next.url)}`,
    'processing',
  );
}

function judgeStatus({ status }: Answer, { context }: HopParts): Reason | null {
  if (context.wanted.has('STATUS') || (status >= 200 && status <= 399)) return null;
  return makeReason(
    'UNEXPECTED_REPLY',
    `answered ${status} ${STATUS_CODES[status] ?? ''}`.trim(),
    'processing',
  );
}

/** What assertions on the body look at; a reason where the body cannot be read. */
async function readFacts(answer: Answer, { context: { wanted } }: HopParts): Promise<Facts | Reason> {
  if (!answer.body) return {};
  const text = await readBody(answer.body, answer.headers);
  if (typeof text !== 'string') return text;
  const json = wanted.has('BODY_JSON') ? parseJson(text) : null;
  return { BODY: text, ...(json && { BODY_JSON: json.value as Fact }) };
}

function finish(hops: readonly TimedHop[], failure: Reason | null, body: Facts = {}): ProbeRun {
  const last = hops.at(-1);
  const answer = last?.answer ?? null;
  const phases = hops.map((hop) => hop.phases).reduce(addPhases, noPhases);
  const followed = hops.slice(0, -1);
  return {
    failure,
    address: last?.address ?? null,
    responseMs: answer ? sum(phases) : null,
    phases,
    echoes: [],
    facts: last
      ? { ...body, ...last.facts, ...listFacts(last, answer, followed.length), ...listTimes(phases) }
      : { CONNECTED: false },
    detail: last ? describe(last, answer, followed) : {},
  };
}

function listFacts({ ip, url, connected }: TimedHop, answer: Answer | null, redirects: number): Facts {
  const reached = { CONNECTED: connected, IP: ip, URL: showUrl(url), REDIRECTS: redirects };
  if (!answer) return reached;
  const { status, headers, bytes, version } = answer;
  return { ...reached, STATUS: status, HEADER: headers, BODY_SIZE: bytes, HTTP_VERSION: version };
}

function listTimes(phases: Phases): Facts {
  return {
    RESOLVE_TIME: phases.resolve_ms,
    CONNECT_TIME: phases.connect_ms,
    TLS_TIME: phases.tls_ms,
    PROCESSING_TIME: phases.processing_ms,
    TRANSFER_TIME: phases.transfer_ms,
  };
}

function describe({ detail }: TimedHop, answer: Answer | null, followed: readonly TimedHop[]): Detail {
  return {
    ...detail,
    ...(answer && { status: answer.status, http_version: answer.version, bytes: answer.bytes }),
    ...(followed.length > 0 && {
      redirects: followed.map(({ url, answer: redirect, durationMs }) => ({
        url: showUrl(url),
        status: redirect?.status ?? 0,
        duration_ms: durationMs,
      })),
    }),
  };
}

function addPhases(one: Phases, other: Phases): Phases {
  return {
    resolve_ms: add(one.resolve_ms, other.resolve_ms),
    connect_ms: add(one.connect_ms, other.connect_ms),
    tls_ms: add(one.tls_ms, other.tls_ms),
    processing_ms: add(one.processing_ms, other.processing_ms),
    transfer_ms: add(one.transfer_ms, other.transfer_ms),
  };
}

/** Null is for what did not take place in either. */
function add(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : roundMs(one + other);
}

function sum(phases: Phases): number {
  return roundMs(Object.values(phases).reduce<number>((total, ms) => total + (ms ?? 0), 0));
}
