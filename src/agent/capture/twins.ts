import { AgingMap } from '../../base/aging-map.ts';
import type { Flow } from '../../decode/flows/flow.ts';

/** Conversations that are remembered, and sightings of one. */
const maxConversations = 8_192;
const maxSightings = 4;
/** Time between the first packets of two sightings: a router's, with what it may have queued. */
const tcpApartMs = 1_000;
const udpApartMs = 100;

interface Sighting {
  readonly flow: number;
  readonly namespace: number;
  readonly src: string;
  readonly dst: string;
  readonly firstMs: number;
  client: number;
  server: number;
}

/** What is to be said of a flow: whether it is the one of its conversation that counts, and whose sockets are at its ends. */
export interface TwinAnswer {
  readonly counts: boolean;
  readonly cookies: readonly [number, number];
}

/**
 * Finds flows that are the same conversation, seen before and behind a router that changes addresses, or in two network
 * namespaces. TCP shows that by the client's first sequence number, UDP by both ports, one address and the time. The one
 * with a socket of this machine counts, otherwise the first.
 */
export class Twins {
  readonly #conversations = new AgingMap<string, Sighting[]>();

  /** To be asked when something is told of a flow of a namespace. */
  ask(flow: Flow, namespace: number): TwinAnswer {
    const cookies = [flow.clientCookie, flow.serverCookie] as const;
    const key = keyOf(flow);
    // Both sockets are here: nothing lies between them.
    if (key === null || (cookies[0] !== 0 && cookies[1] !== 0)) return { counts: true, cookies };
    const sightings = this.#conversations.get(key) ?? this.#begin(key);
    const own = note(sightings, flow, namespace);
    const same = sightings.filter((one) => isSame(flow.transport, one, own));
    const first = same.find((one) => one.client !== 0 || one.server !== 0) ?? same[0];
    const client = same.find((one) => one.client !== 0)?.client ?? 0;
    const server = same.find((one) => one.server !== 0)?.server ?? 0;
    return { counts: first === own, cookies: [client, server] };
  }

  #begin(key: string): Sighting[] {
    const sightings: Sighting[] = [];
    this.#conversations.set(key, sightings);
    if (this.#conversations.size > maxConversations) this.#conversations.removeOldest();
    return sightings;
  }
}

/** Null for a flow whose beginning was not seen, and for what is neither. */
function keyOf(flow: Flow): string | null {
  if (flow.transport === 'udp') return `udp ${flow.ports}`;
  return flow.transport === 'tcp' && flow.synMs >= 0 ? `tcp ${flow.synSequence}` : null;
}

function note(sightings: Sighting[], flow: Flow, namespace: number): Sighting {
  const { id, src, dst, firstMs, clientCookie, serverCookie } = flow;
  let own = sightings.find((one) => one.flow === id && one.namespace === namespace);
  if (!own) {
    own = { flow: id, namespace, src, dst, firstMs, client: 0, server: 0 };
    sightings.push(own);
    if (sightings.length > maxSightings) sightings.shift();
  }
  own.client = clientCookie;
  own.server = serverCookie;
  return own;
}

function isSame(transport: Flow['transport'], one: Sighting, other: Sighting): boolean {
  if (one === other) return true;
  if (one.namespace === other.namespace && one.src === other.src && one.dst === other.dst) return false;
  const apartMs = Math.abs(one.firstMs - other.firstMs);
  const oneEnd = one.src === other.src || one.dst === other.dst;
  if (transport === 'udp') return apartMs <= udpApartMs && oneEnd;
  const ports = portOf(one.src) === portOf(other.src) || portOf(one.dst) === portOf(other.dst);
  return apartMs <= tcpApartMs && ports;
}

const portOf = (endpoint: string): string => endpoint.slice(endpoint.lastIndexOf(':'));
