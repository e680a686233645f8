import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { decodeQuestion, encodeAnswer, type Question, questionTypes, type Rcode } from './dns-message.ts';
import { type Listening, loopback } from './web-servers.ts';

/** What the resolver does about a name; `silent` leaves it without an answer. */
interface Behaviour {
  readonly rcode: Rcode | 'silent';
  readonly latencyMs: number;
}

const known: Behaviour = { rcode: 'NOERROR', latencyMs: 2 };

/** The names that are looked up, each as often as the others. */
export const zone: Readonly<Record<string, Behaviour>> = {
  'shop.example': known,
  'api.example': known,
  'docs.example': known,
  'secure.shop.example': known,
  'accounts.example': known,
  'far.example': { rcode: 'NOERROR', latencyMs: 350 },
  'old.shop.example': { rcode: 'NXDOMAIN', latencyMs: 4 },
  'broken.example': { rcode: 'SERVFAIL', latencyMs: 80 },
  'silent.example': { rcode: 'silent', latencyMs: 0 },
};

const ttl = 60;
const addresses: Readonly<Record<number, Uint8Array>> = {
  [questionTypes.A]: Buffer.from([127, 0, 0, 1]),
  [questionTypes.AAAA]: Buffer.from('00000000000000000000000000000001', 'hex'),
};

/** A resolver of the zone on UDP; what is not in the zone does not exist. */
export async function startDnsServer(): Promise<Listening> {
  const socket = createSocket('udp4');
  const timers = new Set<NodeJS.Timeout>();
  socket.on('error', () => {});
  socket.on('message', (message, { port, address }) => {
    const question = decodeQuestion(message);
    if (!question) return;
    const { rcode, latencyMs } = findBehaviour(question);
    if (rcode === 'silent') return;
    const answer = encodeAnswer(question, rcode, listData(question, rcode), ttl);
    const timer = setTimeout(() => {
      timers.delete(timer);
      socket.send(answer, port, address);
    }, latencyMs);
    timers.add(timer);
  });
  socket.bind(0, loopback);
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    async close() {
      for (const timer of timers) clearTimeout(timer);
      socket.close();
      await once(socket, 'close');
    },
  };
}

function findBehaviour({ name }: Question): Behaviour {
  return Object.hasOwn(zone, name) ? zone[name] : { rcode: 'NXDOMAIN', latencyMs: 2 };
}

function listData({ type }: Question, rcode: Rcode): readonly Uint8Array[] {
  const address = addresses[type];
  return rcode === 'NOERROR' && address !== undefined ? [address] : [];
}
