/**
 * One request and its answer on a connection of its own: resolve, connect (through a proxy where there is one), TLS, the
 * exchange. Each part is timed; the connection is closed at the end.
 */
import type { Socket } from 'node:net';
import { formatEndpoint } from '../../../base/ip.ts';
import type { Detail, Phases, ProbeOf, Reason } from '../../../wire/probe.ts';
import { dial } from '../dial.ts';
import type { Names } from '../names/names.ts';
import type { Facts, ProbeContext } from '../probe.ts';
import { refuseProxied, resolveTarget } from '../resolve.ts';
import { makeReason, noPhases, roundMs } from '../run.ts';
import { startTls, type TlsResult, type Trust } from '../tls.ts';
import type { Answer } from './answer.ts';
import { exchangeHttp1 } from './http1.ts';
import { exchangeHttp2 } from './http2.ts';
import { openTunnel, proxyHeaders } from './proxy.ts';
import { type HttpRequest, hostOf, portOf, showUrl } from './request.ts';

export interface Hop {
  readonly phases: Phases;
  /** `ip:port` that was connected to, or tried; null before that. */
  readonly address: string | null;
  readonly ip: string | null;
  readonly connected: boolean;
  readonly detail: Detail;
  readonly facts: Facts;
  readonly failure: Reason | null;
  /** Null exactly when it failed. */
  readonly answer: Answer | null;
}

export interface HopParts {
  readonly probe: ProbeOf<'http'>;
  readonly context: ProbeContext;
  readonly names: Names;
  readonly trust: Trust;
}

/** Never rejects. */
export async function runHop(request: HttpRequest, parts: HopParts): Promise<Hop> {
  const hop = new HopRun(request, parts);
  await hop.run();
  return hop.result();
}

class HopRun {
  readonly #request: HttpRequest;
  readonly #parts: HopParts;
  readonly #proxy: URL | null;
  #phases: Phases = noPhases;
  #ip: string | null = null;
  #address: string | null = null;
  #connected = false;
  #tls: Pick<TlsResult, 'detail' | 'facts'> = { detail: {}, facts: {} };
  #failure: Reason | null = null;
  #answer: Answer | null = null;

  constructor(request: HttpRequest, parts: HopParts) {
    this.#request = request;
    this.#parts = parts;
    this.#proxy = parts.probe.proxy === null ? null : new URL(parts.probe.proxy);
  }

  result(): Hop {
    return {
      phases: this.#phases,
      ip: this.#ip,
      address: this.#address,
      connected: this.#connected,
      detail: this.#tls.detail,
      facts: this.#tls.facts,
      failure: this.#failure,
      answer: this.#answer,
    };
  }

  async run(): Promise<void> {
    this.#failure = await this.#refuseTarget();
    const plain = this.#failure ? null : await this.#connect();
    const socket = plain && (await this.#secure(plain));
    if (socket) await this.#exchange(socket);
  }

  /** Where a proxy is to lead is ours to refuse, though it looks names up by itself. */
  async #refuseTarget(): Promise<Reason | null> {
    const { context, names } = this.#parts;
    return this.#proxy ? await refuseProxied(names, hostOf(this.#request.url), context) : null;
  }

  async #connect(): Promise<Socket | null> {
    const { probe, context, names } = this.#parts;
    const where = this.#proxy ?? this.#request.url;
    const target = await resolveTarget(names, hostOf(where), probe.family, context);
    this.#phases = { ...this.#phases, resolve_ms: target.resolveMs };
    if (target.failure) return this.#fail(target.failure);
    const dialled = await dial(target.addresses, portOf(where), context);
    this.#ip = dialled.ip;
    this.#address = formatEndpoint(dialled.ip, portOf(where));
    this.#addConnect(dialled.connectMs);
    if (dialled.failure) return this.#fail(dialled.failure);
    this.#connected = true;
    return this.#proxy ? await this.#passProxy(dialled.socket, this.#proxy) : dialled.socket;
  }

  /** What a proxy takes until it leads to the target is time of connecting. */
  async #passProxy(plain: Socket, proxy: URL): Promise<Socket | null> {
    const { probe, context, trust } = this.#parts;
    let socket = plain;
    if (proxy.protocol === 'https:') {
      const secured = await startTls(plain, { ...context, name: hostOf(proxy), verify: probe.verify, trust });
      this.#addConnect(secured.tlsMs);
      if (!secured.socket) return this.#fail({ ...secured.failure!, phase: 'connect' });
      socket = secured.socket;
    }
    if (this.#request.url.protocol === 'http:') return socket;
    const began = performance.now();
    const failure = await openTunnel(socket, proxy, this.#request.url, context);
    this.#addConnect(performance.now() - began);
    return failure ? this.#fail(failure) : socket;
  }

  async #secure(socket: Socket): Promise<Socket | null> {
    const { url } = this.#request;
    if (url.protocol === 'http:') return socket;
    const { probe, context, trust } = this.#parts;
    const alpn = { auto: ['h2', 'http/1.1'], '1.1': ['http/1.1'], '2': ['h2'] }[probe.version];
    const secured = await startTls(socket, {
      ...context,
      name: hostOf(url),
      alpn,
      verify: probe.verify,
      trust,
    });
    this.#phases = { ...this.#phases, tls_ms: secured.tlsMs };
    this.#tls = secured;
    if (!secured.socket) return this.#fail(secured.failure!);
    if (probe.version !== '2' || secured.detail.alpn === 'h2') return secured.socket;
    secured.socket.destroy();
    return this.#fail(makeReason('PROTOCOL', `${hostOf(url)}: the server does not speak HTTP/2`, 'tls'));
  }

  async #exchange(socket: Socket): Promise<void> {
    const { probe, context } = this.#parts;
    const { url } = this.#request;
    const isSecure = url.protocol === 'https:';
    const usesHttp2 = isSecure ? this.#tls.detail.alpn === 'h2' : probe.version === '2';
    const wantsBody = context.wanted.has('BODY') || context.wanted.has('BODY_JSON');
    const viaProxy = this.#proxy && !isSecure ? this.#proxy : null;
    const request = viaProxy
      ? { ...this.#request, headers: { ...this.#request.headers, ...proxyHeaders(viaProxy) } }
      : this.#request;
    const exchange = usesHttp2
      ? await exchangeHttp2(socket, request, { ...context, wantsBody })
      : await exchangeHttp1(socket, request, {
          ...context,
          wantsBody,
          ...(viaProxy && { target: url.href }),
        });
    const { processingMs, transferMs, failure, answer } = exchange;
    this.#phases = { ...this.#phases, processing_ms: processingMs, transfer_ms: transferMs };
    this.#answer = answer;
    if (failure) this.#fail({ ...failure, message: `${showUrl(url)}: ${failure.message}`.slice(0, 512) });
  }

  #addConnect(ms: number): void {
    this.#phases = { ...this.#phases, connect_ms: roundMs((this.#phases.connect_ms ?? 0) + ms) };
  }

  #fail(failure: Reason): null {
    this.#failure = failure;
    return null;
  }
}
