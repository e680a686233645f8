import { randomBytes, randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { Agent, request as requestPlain } from 'node:http';
import { request as requestSecure, Agent as SecureAgent } from 'node:https';
import { connect } from 'node:net';
import { encodeQuestion, questionTypes } from './dns-message.ts';
import { zone } from './dns-server.ts';
import { fillPath, type Page, pickByWeight, plainSites, type Site, secureSites } from './sites.ts';
import { loopback } from './web-servers.ts';

/** Where the servers of the demonstration listen, all on loopback. */
export interface Places {
  readonly plain: number;
  readonly secure: number;
  readonly dns: number;
  readonly resetting: number;
  readonly closed: number;
  /** The authority that the secure server's certificate is checked against. */
  readonly authority: string;
}

/** What was done, for the last line that the demonstration prints. */
export interface Tally {
  /** Requests without TLS, by the class of the answer's status; `none` for those without one. */
  readonly http: Record<string, number>;
  https: number;
  dns: number;
  dnsUnanswered: number;
  refused: number;
  reset: number;
  timedOut: number;
  /** Visits left out because too many were on their way. */
  skipped: number;
}

/** Most visits on their way at once. */
const maxVisits = 200;
/** Patience of a visitor, and of one that gives up on purpose. */
const patienceMs = 15_000;
const impatienceMs = 60;
const browsers = ['Mozilla/5.0 (X11; Linux x86_64)', 'curl/8.11.0', 'demo-app/2.4', 'python-requests/2.32'];

/** Asks the servers for things, as their users would. Nothing here throws: a visit that fails is counted. */
export class Visitors implements AsyncDisposable {
  readonly tally: Tally = {
    http: {},
    https: 0,
    dns: 0,
    dnsUnanswered: 0,
    refused: 0,
    reset: 0,
    timedOut: 0,
    skipped: 0,
  };
  readonly #places: Places;
  readonly #keeping = new Agent({ keepAlive: true, maxSockets: 16 });
  readonly #secure: SecureAgent;
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  readonly #kinds: readonly { readonly weight: number; readonly visit: () => Promise<void> }[] = [
    { weight: 66, visit: () => this.#visitPlain() },
    { weight: 14, visit: () => this.#visitSecure() },
    { weight: 14, visit: () => this.#lookUp() },
    { weight: 2, visit: () => this.#knock(this.#places.closed) },
    { weight: 2, visit: () => this.#knock(this.#places.resetting) },
    { weight: 2, visit: () => this.#giveUp() },
  ];

  constructor(places: Places) {
    this.#places = places;
    // No session is resumed: each hello is a full one. The server closes.
    this.#secure = new SecureAgent({ ca: places.authority, maxCachedSessions: 0, keepAlive: true });
  }

  /** One visit of any kind. */
  visit(): void {
    this.#begin(() => pickByWeight(this.#kinds, Math.random()).visit());
  }

  /** One request for a page of this site. */
  visitSite(site: Site): void {
    this.#begin(() => this.#ask(site.host, pickByWeight(site.pages, Math.random()), true));
  }

  /** Ends what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#underWay);
    this.#keeping.destroy();
    this.#secure.destroy();
  }

  #begin(visit: () => Promise<void>): void {
    if (this.#underWay.size >= maxVisits) {
      this.tally.skipped++;
      return;
    }
    const done: Promise<void> = visit().finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
  }

  #visitPlain(): Promise<void> {
    const site = pickByWeight(plainSites, Math.random());
    return this.#ask(site.host, pickByWeight(site.pages, Math.random()), Math.random() < 0.7);
  }

  async #ask(host: string, page: Page, keep: boolean): Promise<void> {
    const { status, failure } = await this.#exchange(host, page, keep ? this.#keeping : false);
    const kind = status === null ? 'none' : `${Math.floor(status / 100)}xx`;
    this.tally.http[kind] = (this.tally.http[kind] ?? 0) + 1;
    if (failure === 'ETIMEDOUT') this.tally.timedOut++;
  }

  async #visitSecure(): Promise<void> {
    const site = pickByWeight(secureSites, Math.random());
    const { status } = await this.#exchange(site.host, pickByWeight(site.pages, Math.random()), this.#secure);
    if (status !== null) this.tally.https++;
  }

  /** A request whose visitor is gone before the answer is there. */
  async #giveUp(): Promise<void> {
    const search = plainSites[1].pages[1];
    const { status } = await this.#exchange('api.example', search, false, impatienceMs);
    if (status === null) {
      this.tally.timedOut++;
      this.tally.http.none = (this.tally.http.none ?? 0) + 1;
    }
  }

  #exchange(
    host: string,
    { method, path }: Page,
    agent: Agent | SecureAgent | false,
    timeoutMs = patienceMs,
  ): Promise<{ readonly status: number | null; readonly failure: string | null }> {
    const { promise, resolve } = Promise.withResolvers<{ status: number | null; failure: string | null }>();
    const secure = agent instanceof SecureAgent;
    const body =
      method === 'POST' || method === 'PUT' ? Buffer.alloc(randomInt(40, 900), '{"demo":true}') : null;
    const request = (secure ? requestSecure : requestPlain)({
      host: loopback,
      port: secure ? this.#places.secure : this.#places.plain,
      method,
      path: fillPath(path, randomInt(1, 500), randomBytes(12).toString('hex')),
      agent,
      signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeoutMs)]),
      headers: {
        host,
        'user-agent': browsers[randomInt(browsers.length)],
        accept: '*/*',
        ...(body !== null && { 'content-type': 'application/json', 'content-length': body.length }),
      },
      ...(secure && { servername: host, ALPNProtocols: ['http/1.1'] }),
    });
    let status: number | null = null;
    request.once('response', (response) => {
      status = response.statusCode ?? null;
      response.resume();
      response.once('error', () => {});
      response.once('close', () => resolve({ status, failure: null }));
    });
    request.once('error', (error: NodeJS.ErrnoException) =>
      resolve({ status, failure: error.name === 'TimeoutError' ? 'ETIMEDOUT' : (error.code ?? null) }),
    );
    request.end(body ?? undefined);
    return promise;
  }

  /** Asks the resolver, and waits for two seconds as resolvers' clients do. */
  async #lookUp(): Promise<void> {
    const names = Object.keys(zone);
    const types = Object.values(questionTypes);
    const question = encodeQuestion(
      randomInt(65_536),
      names[randomInt(names.length)],
      types[randomInt(types.length)],
    );
    const socket = createSocket('udp4');
    const answered = await this.#answer(socket, question);
    socket.close();
    this.tally.dns++;
    if (!answered) this.tally.dnsUnanswered++;
  }

  #answer(socket: Socket, question: Buffer): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timeout = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(2000)]);
    timeout.addEventListener('abort', () => resolve(false), { once: true });
    socket.once('message', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.send(question, this.#places.dns, loopback);
    return promise;
  }

  /** A connection that is refused, or reset after its first bytes. */
  #knock(port: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const socket = connect({ host: loopback, port, signal: this.#closing.signal });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') this.tally.refused++;
      if (error.code === 'ECONNRESET') this.tally.reset++;
    });
    socket.once('close', () => resolve());
    socket.once('connect', () => socket.write('HELLO demo\r\n'));
    return promise;
  }
}
