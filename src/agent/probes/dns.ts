import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { formatEndpoint, parseIp } from '../../base/ip.ts';
import { nameOfRcode } from '../../decode/apps/dns/codes.ts';
import {
  type DnsQuery,
  type DnsReply,
  decodeReply,
  encodeQuery,
  parseType,
  reverseName,
} from '../../decode/apps/dns/query.ts';
import { factsOf } from '../../rules/assertions/placeholders.ts';
import type { Detail, Phases, ProbeOf, Reason } from '../../wire/probe.ts';
import { Conversation, ProbeFailure } from './conversation.ts';
import { askByDatagram } from './datagrams.ts';
import { dial } from './dial.ts';
import type { Names } from './names/names.ts';
import type { Facts, ProbeContext, ProbeRun, ProbeType } from './probe.ts';
import { resolveTarget } from './resolve.ts';
import { failedRun, makeReason, makeRun, noPhases, roundMs } from './run.ts';
import type { SocketWatch } from './socket-watch.ts';
import { startTls, type Trust } from './tls.ts';

type DnsProbe = ProbeOf<'dns'>;

const ports = { udp: 53, tcp: 53, tls: 853 } as const;
/** A message by TCP, with its length in front. */
const maxStreamBytes = 2 + 65_535;
const maxAnswers = 64;

/** A question to one server. What is cut by UDP is asked for again by TCP, and `TC` stays among the flags. */
export function makeDnsProbe(names: Names, watch: SocketWatch, trust: Trust): ProbeType<'dns'> {
  return {
    kind: 'dns',
    facts: factsOf('dns'),
    async run(probe, context) {
      const query = makeQuery(probe);
      const message = query && encodeQuery(query);
      if (!query || !message) {
        const reason = makeReason('PROTOCOL', `${probe.name} ${probe.type} cannot be asked for`, 'agent');
        return failedRun(reason);
      }
      const server = probe.server ?? names.servers[0];
      const target = await resolveTarget(names, server, null, context);
      const phases = { ...noPhases, resolve_ms: target.resolveMs };
      if (target.failure) return failedRun(target.failure, { phases });
      const visit = new Visit({ probe, query, message, server, context, watch, trust }, phases);
      return await visit.run(target.addresses);
    },
  };
}

/** What of a question stays the same. */
interface Errand {
  readonly probe: DnsProbe;
  readonly query: DnsQuery;
  readonly message: Uint8Array;
  readonly server: string;
  readonly context: ProbeContext;
  readonly watch: SocketWatch;
  readonly trust: Trust;
}

/** An address is asked about by its name in the reverse zones. */
function makeQuery({ name, type, recursion, dnssec }: DnsProbe): DnsQuery | null {
  const number = parseType(type);
  const address = parseIp(name);
  if (number === null || (address && type !== 'PTR')) return null;
  const id = randomBytes(2).readUInt16BE();
  return { id, name: address ? reverseName(address) : name, type: number, recursion, dnssec };
}

/** One question and its answer, and what is known so far. */
class Visit {
  readonly #errand: Errand;
  #phases: Phases;
  #address: string | null = null;
  #facts: Facts = { CONNECTED: false };
  #detail: Detail = {};

  constructor(errand: Errand, phases: Phases) {
    this.#errand = errand;
    this.#phases = phases;
  }

  async run(addresses: readonly string[]): Promise<ProbeRun> {
    const { probe, query } = this.#errand;
    try {
      const reply =
        probe.transport === 'udp' ? await this.#askByUdp(addresses) : await this.#askByTcp(addresses);
      this.#keep(reply);
      const { connect_ms, tls_ms, processing_ms } = this.#phases;
      const responseMs = roundMs((connect_ms ?? 0) + (tls_ms ?? 0) + (processing_ms ?? 0));
      const failure = this.#judge(reply, query);
      return makeRun({ ...this.#soFar(), failure, responseMs });
    } catch (thrown) {
      if (!(thrown instanceof ProbeFailure)) throw thrown;
      return failedRun(thrown.reason, this.#soFar());
    }
  }

  #soFar(): Partial<ProbeRun> {
    return { address: this.#address, phases: this.#phases, facts: this.#facts, detail: this.#detail };
  }

  #reach(ip: string): string {
    const { probe } = this.#errand;
    this.#address = formatEndpoint(ip, probe.port ?? ports[probe.transport]);
    this.#facts = { ...this.#facts, IP: ip };
    return this.#address;
  }

  async #askByUdp(addresses: readonly string[]): Promise<DnsReply> {
    const { probe, query, message, context, watch } = this.#errand;
    const [ip] = addresses;
    const where = this.#reach(ip);
    const answered = await askByDatagram(watch, {
      ip,
      port: probe.port ?? ports.udp,
      bytes: message,
      read: ({ bytes }) => decodeReply(bytes, query) ?? undefined,
      signal: context.signal,
    });
    if (answered.kind === 'failure') throw new ProbeFailure(answered.reason);
    if (answered.kind === 'silence') {
      const silence = `${where} does not answer within ${context.timeoutMs} ms`;
      throw new ProbeFailure(makeReason('TIMEOUT', silence, 'processing'));
    }
    const askedMs = roundMs(answered.rttMs);
    this.#phases = { ...this.#phases, processing_ms: askedMs };
    if (!answered.answer.flags.includes('TC')) return answered.answer;
    const whole = await this.#askByTcp(addresses);
    this.#phases = { ...this.#phases, processing_ms: roundMs(askedMs + (this.#phases.processing_ms ?? 0)) };
    return { ...whole, flags: mergeFlags(whole.flags, 'TC') };
  }

  async #askByTcp(addresses: readonly string[]): Promise<DnsReply> {
    const { probe, context } = this.#errand;
    const dialled = await dial(addresses, probe.port ?? ports[probe.transport], context);
    this.#reach(dialled.ip);
    if (dialled.failure) throw new ProbeFailure(dialled.failure);
    this.#phases = { ...this.#phases, connect_ms: dialled.connectMs };
    let socket: Socket = dialled.socket;
    try {
      if (probe.transport === 'tls') socket = await this.#secure(socket);
      return await this.#askOver(socket);
    } finally {
      socket.on('error', () => {}).destroy();
    }
  }

  async #secure(socket: Socket): Promise<Socket> {
    const { probe, server, trust, context } = this.#errand;
    const { signal, timeoutMs } = context;
    const name = probe.tls_name ?? server;
    const tls = await startTls(socket, { name, verify: true, trust, signal, timeoutMs });
    this.#phases = { ...this.#phases, tls_ms: tls.tlsMs };
    this.#detail = { ...this.#detail, ...tls.detail };
    this.#facts = { ...this.#facts, ...tls.facts };
    if (!tls.socket)
      throw new ProbeFailure(tls.failure ?? makeReason('EPROTO', `${name}: TLS failed`, 'tls'));
    return tls.socket;
  }

  async #askOver(socket: Socket): Promise<DnsReply> {
    const { query, message, context } = this.#errand;
    const where = this.#address ?? '';
    const talk = new Conversation(socket, where, context, maxStreamBytes);
    const began = performance.now();
    const framed = Buffer.alloc(2 + message.length);
    framed.writeUInt16BE(message.length);
    framed.set(message, 2);
    talk.send(framed);
    const length = (await talk.takeBytes(2, 'an answer')).readUInt16BE();
    const reply = decodeReply(await talk.takeBytes(length, 'an answer'), query);
    this.#phases = { ...this.#phases, processing_ms: roundMs(performance.now() - began) };
    if (reply) return reply;
    throw new ProbeFailure(
      makeReason('PROTOCOL', `${where} answers another question, or none`, 'processing'),
    );
  }

  #keep({ rcode, answers, flags }: DnsReply): void {
    const told = answers.slice(0, maxAnswers).map(({ name, type, ttl, data }) => ({
      name: name.slice(0, 255),
      type: type.slice(0, 16),
      ttl,
      data: data.slice(0, 1024).toWellFormed(),
    }));
    this.#detail = { ...this.#detail, rcode: nameOfRcode(rcode), answers: told, flags: [...flags] };
    this.#facts = {
      ...this.#facts,
      CONNECTED: true,
      RCODE: nameOfRcode(rcode),
      ANSWERS: told.map(({ data }) => data),
      FLAGS: flags,
      TTL: told.length > 0 ? Math.min(...told.map(({ ttl }) => ttl)) : null,
    };
  }

  /** An answer that says that there is none is a failure, unless an assertion looks at its code. */
  #judge({ rcode, flags }: DnsReply, { name }: DnsQuery): Reason | null {
    const { probe, context } = this.#errand;
    const code = nameOfRcode(rcode);
    const asked = `${this.#address} on ${name} ${probe.type}`;
    if (rcode !== 0 && !context.wanted.has('RCODE'))
      return makeReason(code, `${asked}: ${code}`, 'processing');
    if (rcode === 0 && probe.dnssec && !flags.includes('AD')) {
      const message = `${asked}: the answer is not authenticated (no flag AD)`;
      return makeReason('NOT_AUTHENTICATED', message, 'processing');
    }
    return null;
  }
}

const flagOrder = ['AA', 'TC', 'RD', 'RA', 'AD', 'CD'];

function mergeFlags(flags: readonly string[], more: string): readonly string[] {
  return flagOrder.filter((flag) => flag === more || flags.includes(flag));
}
