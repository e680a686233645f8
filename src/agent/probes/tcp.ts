import type { Socket } from 'node:net';
import { formatEndpoint } from '../../base/ip.ts';
import { factsOf } from '../../rules/assertions/placeholders.ts';
import type { Detail, Phases, ProbeOf } from '../../wire/probe.ts';
import { Conversation, ProbeFailure } from './conversation.ts';
import { dial } from './dial.ts';
import type { Names } from './names/names.ts';
import { encodePayload, makeExpected, showText } from './payload.ts';
import type { Facts, ProbeContext, ProbeRun, ProbeType } from './probe.ts';
import { resolveTarget } from './resolve.ts';
import { failedRun, makeReason, noPhases, roundMs } from './run.ts';
import { askForTls } from './starttls.ts';
import { startTls, type Trust } from './tls.ts';

type TcpProbe = ProbeOf<'tcp'>;

/** How long a banner that has begun may go on, when it does not end with a line. */
const bannerRestMs = 30;

/** A connection, what is said over it, and TLS. The response time is all of it but resolving. */
export function makeTcpProbe(names: Names, trust: Trust): ProbeType<'tcp'> {
  return {
    kind: 'tcp',
    facts: factsOf('tcp'),
    async run(probe, context) {
      const target = await resolveTarget(names, probe.host, probe.family, context);
      const phases = { ...noPhases, resolve_ms: target.resolveMs };
      if (target.failure) return failedRun(target.failure, { phases });
      const dialled = await dial(target.addresses, probe.port, context);
      const address = formatEndpoint(dialled.ip, probe.port);
      if (dialled.failure)
        return failedRun(dialled.failure, { address, phases, facts: { IP: dialled.ip, CONNECTED: false } });
      const visit = new Visit(probe, context, trust, dialled.socket, address);
      return await visit.run(
        { ...phases, connect_ms: dialled.connectMs },
        { IP: dialled.ip, CONNECTED: true },
      );
    },
  };
}

/** What is done over one connection, and what it brought. */
class Visit {
  readonly #probe: TcpProbe;
  readonly #context: ProbeContext;
  readonly #trust: Trust;
  readonly #address: string;
  #socket: Socket;
  #phases: Phases = noPhases;
  #facts: Facts = {};
  #detail: Detail = {};

  constructor(probe: TcpProbe, context: ProbeContext, trust: Trust, socket: Socket, address: string) {
    this.#probe = probe;
    this.#context = context;
    this.#trust = trust;
    this.#socket = socket;
    this.#address = address;
  }

  async run(phases: Phases, facts: Facts): Promise<ProbeRun> {
    this.#phases = phases;
    this.#facts = facts;
    const began = performance.now();
    try {
      if (this.#probe.tls === 'starttls') await this.#ask();
      if (this.#probe.tls !== 'none') await this.#secure();
      await this.#converse();
      const responseMs = roundMs((phases.connect_ms ?? 0) + performance.now() - began);
      return { ...this.#soFar(), failure: null, responseMs };
    } catch (thrown) {
      if (!(thrown instanceof ProbeFailure)) throw thrown;
      return failedRun(thrown.reason, this.#soFar());
    } finally {
      this.#socket.on('error', () => {}).destroy();
    }
  }

  #soFar(): Omit<ProbeRun, 'failure' | 'responseMs'> {
    return {
      address: this.#address,
      phases: this.#phases,
      echoes: [],
      facts: this.#facts,
      detail: this.#detail,
    };
  }

  async #ask(): Promise<void> {
    const { starttls, host } = this.#probe;
    if (starttls === null)
      throw new ProbeFailure(makeReason('PROTOCOL', 'the probe does not say whose STARTTLS it is', 'agent'));
    const talk = new Conversation(this.#socket, this.#address, this.#context);
    const began = performance.now();
    await askForTls[starttls](talk, host);
    // What comes before TLS and is read after it could be anybody's (CVE-2011-0411).
    if (!talk.release())
      throw new ProbeFailure(
        makeReason('PROTOCOL', 'the server goes on in the clear after its consent', 'tls'),
      );
    this.#phases = { ...this.#phases, processing_ms: roundMs(performance.now() - began) };
  }

  async #secure(): Promise<void> {
    const { host, verify } = this.#probe;
    const { signal, timeoutMs } = this.#context;
    const tls = await startTls(this.#socket, { name: host, verify, trust: this.#trust, signal, timeoutMs });
    this.#phases = { ...this.#phases, tls_ms: tls.tlsMs };
    this.#detail = { ...this.#detail, ...tls.detail };
    this.#facts = { ...this.#facts, ...tls.facts };
    if (tls.failure || !tls.socket) throw new ProbeFailure(tls.failure ?? makeReason('EPROTO', '', 'tls'));
    this.#socket = tls.socket;
  }

  async #converse(): Promise<void> {
    const { banner, steps } = this.#probe;
    const wantsBanner = banner || this.#context.wanted.has('BANNER');
    if (!wantsBanner && steps.length === 0) return;
    const talk = new Conversation(this.#socket, this.#address, this.#context);
    const began = performance.now();
    const before = this.#phases.processing_ms ?? 0;
    try {
      if (wantsBanner) await this.#takeBanner(talk);
      for (const step of steps) {
        if ('send' in step) this.#send(talk, step.send, step.encoding);
        else await this.#expect(talk, step.expect);
      }
    } finally {
      this.#phases = { ...this.#phases, processing_ms: roundMs(before + performance.now() - began) };
    }
  }

  /** Looks at it without taking it, so that the first step may expect it. */
  async #takeBanner(talk: Conversation): Promise<void> {
    await talk.take((pending) => (pending.length > 0 ? 0 : -1), 'a banner');
    await talk.rest(bannerRestMs);
    this.#detail = { ...this.#detail, banner: talk.shown };
    this.#facts = { ...this.#facts, BANNER: talk.shown };
  }

  #send(talk: Conversation, text: string, encoding: 'text' | 'hex'): void {
    const bytes = encodePayload(text, encoding);
    if (!bytes)
      throw new ProbeFailure(makeReason('PROTOCOL', 'what is to be sent is not hexadecimal', 'agent'));
    talk.send(bytes);
  }

  async #expect(talk: Conversation, pattern: string): Promise<void> {
    const expected = makeExpected(pattern);
    try {
      const reply = await talk.take(
        (pending) => expected.find(pending),
        JSON.stringify(pattern.slice(0, 100)),
      );
      this.#keepReply(showText(reply));
    } catch (failure) {
      if (talk.shown !== '') this.#keepReply(talk.shown);
      throw failure;
    }
  }

  #keepReply(reply: string): void {
    this.#detail = { ...this.#detail, reply };
    this.#facts = { ...this.#facts, REPLY: reply };
  }
}
