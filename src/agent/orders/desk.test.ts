import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID, sign, verify } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { makeReporter } from '../../platform/reporter.ts';
import { orderTypeNames } from '../../wire/names.ts';
import { maxOrderMs, type Order, type OrderAnswer, type OrderType, orderTypes } from '../../wire/orders.ts';
import { OrderDesk } from './desk.ts';
import type { OrderHandler } from './handler.ts';
import { SeenOrders } from './seen.ts';

const at = Date.parse('2026-03-01T12:00:00.000Z');
const source = { owner: 'server', from: 'test' } as const;
const list: Order = { type: 'monitors.list' };
const keys = generateKeyPairSync('ed25519');

interface BodyFields {
  id?: string;
  agent?: string;
  issuedAt?: number;
  expiresAt?: number;
  order?: unknown;
}

function makeBody({
  id = randomUUID(),
  agent = 'box',
  issuedAt = at,
  expiresAt,
  order = list,
}: BodyFields): string {
  return JSON.stringify({
    id,
    agent,
    issued_at: new Date(issuedAt).toISOString(),
    expires_at: new Date(expiresAt ?? issuedAt + 10_000).toISOString(),
    order,
  });
}

/** A desk whose clock is `clock.now`, and what it had carried out. */
function makeDesk(
  options: { forbidden?: OrderType[]; signed?: boolean; handler?: OrderHandler; maxIds?: number } = {},
) {
  const clock = { now: at, monotonic: 0 };
  const done: Order[] = [];
  const logged: string[] = [];
  const reporter = makeReporter({ format: 'json', write: (line) => void logged.push(line) });
  const handler: OrderHandler = options.handler ?? {
    handle: async (order) => {
      done.push(order);
      return { type: 'done' };
    },
  };
  const seen = new SeenOrders({
    path: null,
    maxIds: options.maxIds ?? 10_000,
    monotonic: () => clock.monotonic,
  });
  const desk = new OrderDesk(
    {
      agent: 'box',
      forbidden: new Set(options.forbidden),
      seen,
      now: () => clock.now,
      ...(options.signed && {
        verify: (body, signature) =>
          signature !== null &&
          verify(null, Buffer.from(body), keys.publicKey, Buffer.from(signature, 'base64')),
      }),
    },
    handler,
    reporter,
  );
  const give = async (body: string, signature: string | null = null): Promise<OrderAnswer | null> => {
    const text = await desk.take({ kind: 'order', body, signature }, source);
    return text === null ? null : JSON.parse(text).answer;
  };
  return { desk, give, clock, done, logged, reporter };
}

const code = (answer: OrderAnswer | null): string | null => (answer?.type === 'refused' ? answer.code : null);

it('names of orders are the same with and without their schemas', () => {
  assert.deepEqual([...orderTypeNames], orderTypes);
});

describe('an order', () => {
  it('is carried out once, answered by its id, logged and counted', async () => {
    const { desk, done, logged, reporter } = makeDesk();
    const id = randomUUID();
    const text = await desk.take({ kind: 'order', body: makeBody({ id }), signature: null }, source);
    assert.deepEqual(JSON.parse(text!), { kind: 'answer', id, answer: { type: 'done' } });
    assert.deepEqual(done, [list]);
    assert.match(logged[0], /"carried out an order".*"type":"monitors.list"/);
    assert.match(reporter.metrics.expose(), /netmon_orders_total\{type="monitors.list",outcome="done"\} 1/);
  });

  const refused: Readonly<Record<string, readonly [string, string]>> = {
    'for another agent': [makeBody({ agent: 'other' }), 'NM_FORBIDDEN'],
    'that has expired': [makeBody({ issuedAt: at - 60_000, expiresAt: at - 30_001 }), 'NM_EXPIRED'],
    'from the future': [makeBody({ issuedAt: at + 30_001 }), 'NM_EXPIRED'],
    'that lives too long': [makeBody({ expiresAt: at + maxOrderMs + 1 }), 'NM_VALIDATION'],
    'that ends before it begins': [makeBody({ expiresAt: at - 1 }), 'NM_VALIDATION'],
    'of a type outside the set': [makeBody({ order: { type: 'exec', command: 'id' } }), 'NM_VALIDATION'],
    'to read a file': [makeBody({ order: { type: 'file.read', path: '/etc/shadow' } }), 'NM_VALIDATION'],
    'with a field too many': [makeBody({ order: { ...list, command: 'id' } }), 'NM_VALIDATION'],
    'with a probe of a file': [
      makeBody({
        order: {
          type: 'probe.run',
          probe: { kind: 'http', url: 'file:///etc/passwd' },
          assertions: [],
          timeout_ms: 1000,
        },
      }),
      'NM_VALIDATION',
    ],
    'with a host that is an option': [
      makeBody({
        order: { type: 'probe.run', probe: { kind: 'icmp', host: '-f' }, assertions: [], timeout_ms: 1000 },
      }),
      'NM_VALIDATION',
    ],
    'with a negative count': [
      makeBody({ order: { type: 'results.list', monitor: 'm', limit: -1 } }),
      'NM_VALIDATION',
    ],
  };
  for (const [name, [body, expected]] of Object.entries(refused)) {
    it(`${name} is refused with ${expected}`, async () => {
      const { give, done } = makeDesk();
      assert.equal(code(await give(body)), expected);
      assert.equal(done.length, 0);
    });
  }

  it('that is no order at all has no answer, and costs nothing else', async () => {
    const { give, done, reporter } = makeDesk();
    for (const body of ['', '{', '[]', 'null', '7', '{"id":"x"}', '['.repeat(500_000)]) {
      assert.equal(await give(body), null);
    }
    assert.equal(code(await give(makeBody({}))), null);
    assert.equal(done.length, 1);
    assert.match(reporter.metrics.expose(), /type="unknown",outcome="NM_VALIDATION"\} 7/);
  });

  it('never makes the desk reject, whatever its body is', async () => {
    const { desk } = makeDesk();
    const field = fc.constantFrom(
      'id',
      'agent',
      'issued_at',
      'expires_at',
      'order',
      '__proto__',
      'constructor',
    );
    const body = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc
        .dictionary(field, fc.jsonValue())
        .map((fields) => JSON.stringify({ ...JSON.parse(makeBody({ agent: 'other' })), ...fields })),
    );
    await fc.assert(
      fc.asyncProperty(body, async (text) => {
        const answer = await desk.take({ kind: 'order', body: text, signature: null }, source);
        if (answer !== null) assert.equal(JSON.parse(answer).answer.type, 'refused');
      }),
    );
  });

  it('is taken with a clock that is half a minute off either way', async () => {
    const { give } = makeDesk();
    assert.equal(code(await give(makeBody({ issuedAt: at + 30_000 }))), null);
    assert.equal(code(await give(makeBody({ issuedAt: at - 40_000 }))), null);
  });

  it('that came before is refused, also after the clock was set back', async () => {
    const { give, clock, done } = makeDesk();
    const body = makeBody({});
    assert.equal(code(await give(body)), null);
    assert.equal(code(await give(body)), 'NM_REPLAYED');
    clock.now += 86_400_000;
    clock.monotonic += 1_000;
    assert.equal(code(await give(body)), 'NM_EXPIRED');
    assert.equal(code(await give(makeBody({ issuedAt: clock.now }))), null);
    clock.now = at;
    assert.equal(code(await give(body)), 'NM_REPLAYED');
    assert.equal(code(await give(makeBody({}))), null);
    assert.equal(done.length, 3);
  });

  it('is only taken with the signature of the server where the agent is enrolled', async () => {
    const { give, done } = makeDesk({ signed: true });
    const body = makeBody({});
    const signature = sign(null, Buffer.from(body), keys.privateKey).toString('base64');
    assert.equal(code(await give(body)), 'NM_UNAUTHORIZED');
    assert.equal(code(await give(body, 'AAAA')), 'NM_UNAUTHORIZED');
    assert.equal(code(await give(makeBody({}), signature)), 'NM_UNAUTHORIZED');
    assert.equal(code(await give(body, signature)), null);
    assert.equal(done.length, 1);
  });

  it('that the policy forbids is refused, and its id is not used up', async () => {
    const forbidden = orderTypes.filter((type) => type !== 'monitors.list');
    const { give, done } = makeDesk({ forbidden });
    for (const order of [
      { type: 'monitor.start', monitor: 'm' },
      { type: 'agent.describe' },
      { type: 'results.watch', on: true },
    ]) {
      assert.equal(code(await give(makeBody({ order }))), 'NM_FORBIDDEN');
    }
    assert.equal(code(await give(makeBody({}))), null);
    assert.equal(done.length, 1);
  });

  it('whose handler fails is answered so', async () => {
    const { give } = makeDesk({
      handler: {
        handle: async () => {
          throw new Error('a bug');
        },
      },
    });
    assert.equal(code(await give(makeBody({}))), 'NM_INTERNAL');
  });

  it('is refused while 64 others are under way', async () => {
    const { promise, resolve } = Promise.withResolvers<OrderAnswer>();
    const { give } = makeDesk({ handler: { handle: () => promise } });
    const first = Array.from({ length: 64 }, () => give(makeBody({})));
    assert.equal(code(await give(makeBody({}))), 'NM_RATE');
    resolve({ type: 'done' });
    for (const answer of await Promise.all(first)) assert.equal(code(answer), null);
    assert.equal(code(await give(makeBody({}))), null);
  });

  it('is one of 100,000 from a server gone mad: what is too much is refused, in bounded memory and log', async () => {
    const { give, clock, done, logged } = makeDesk({ maxIds: 1000 });
    let refusals = 0;
    for (let i = 0; i < 100_000; i++) if (code(await give(makeBody({}))) === 'NM_RATE') refusals++;
    assert.equal(done.length, 1000);
    assert.equal(refusals, 99_000);
    assert.ok(logged.length <= 200, `${logged.length} lines`);
    clock.monotonic += 200_000;
    assert.equal(code(await give(makeBody({}))), null);
  });
});
