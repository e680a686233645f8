import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  maxOrderMs,
  type Order,
  type OrderBody,
  type OrderMessage,
  orderBodySchema,
} from '../../wire/orders.ts';
import { OrderBook } from './order-book.ts';

const now = Date.parse('2026-03-01T12:00:00.000Z');
const list: Order = { type: 'monitors.list' };

function makeBook(sign?: (body: string) => string) {
  const sent: OrderMessage[] = [];
  const book = new OrderBook({
    agent: 'box',
    send: (message) => sent.push(message),
    now: () => now,
    ...(sign && { sign }),
  });
  book.open();
  const body = (i: number): OrderBody => orderBodySchema.parse(JSON.parse(sent[i].body));
  const answer = (i: number): void =>
    book.answer({ kind: 'answer', id: body(i).id, answer: { type: 'done' } });
  return { book, sent, body, answer };
}

describe('the orders to one agent', () => {
  it('name it, live for a while and are signed; an answer goes to whom it belongs', async () => {
    const { book, sent, body, answer } = makeBook((text) => `signature of ${text.length}`);
    const first = book.give(list);
    const second = book.give({ type: 'agent.describe' });
    assert.equal(sent.length, 2);
    assert.deepEqual([body(0).agent, body(0).order, body(1).order.type], ['box', list, 'agent.describe']);
    assert.equal(Date.parse(body(0).expires_at) - Date.parse(body(0).issued_at), 10_000);
    assert.equal(sent[0].signature, `signature of ${sent[0].body.length}`);
    book.answer({
      kind: 'answer',
      id: body(1).id,
      answer: { type: 'refused', code: 'NM_FORBIDDEN', message: '' },
    });
    assert.equal((await second).type, 'refused');
    answer(0);
    assert.equal((await first).type, 'done');
    answer(0);
  });

  it('wait until the book is opened', async () => {
    const sent: OrderMessage[] = [];
    const book = new OrderBook({ agent: 'box', send: (message) => sent.push(message), now: () => now });
    void book.give(list);
    assert.equal(sent.length, 0);
    book.open();
    assert.equal(sent.length, 1);
    book.end();
  });

  it('are 32 at once, the next when one is answered', async () => {
    const { book, sent, answer } = makeBook();
    const answers = Array.from({ length: 40 }, () => book.give(list));
    assert.equal(sent.length, 32);
    for (let i = 0; i < 40; i++) answer(i);
    assert.deepEqual(new Set((await Promise.all(answers)).map(({ type }) => type)), new Set(['done']));
  });

  it('have a bound on what waits, in number and in length', async () => {
    const { book, sent } = makeBook();
    const long: Order = {
      type: 'probe.run',
      probe: {
        kind: 'udp',
        host: 'a',
        port: 1,
        payload: 'x'.repeat(8192),
        encoding: 'text',
        expect: null,
        reply: true,
        family: null,
      },
      assertions: Array.from({ length: 32 }, () => ({ test: 'y'.repeat(512), severity: 'down' as const })),
      timeout_ms: 1000,
      retries: 0,
    };
    const answers = Array.from({ length: 1100 }, () => book.give(long));
    assert.equal(sent.length, 32);
    book.end();
    const codes = (await Promise.all(answers)).map((answer) =>
      answer.type === 'refused' ? answer.code : '',
    );
    const refused = codes.filter((code) => code === 'NM_RATE').length;
    assert.ok(refused > 100 && codes.filter((code) => code === 'NM_UNAVAILABLE').length === 1100 - refused);
  });

  it('that the agent does not answer are refused in time, and so make room', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { book, sent } = makeBook();
    const slow = book.give({
      type: 'probe.run',
      probe: { kind: 'icmp', host: 'a', echoes: 1, gap_ms: 1, size: 56, ttl: 64, family: null },
      assertions: [],
      timeout_ms: 60_000,
      retries: 5,
    });
    const quick = Array.from({ length: 32 }, () => book.give(list));
    assert.equal(sent.length, 32);
    t.mock.timers.tick(10_000);
    for (const answer of await Promise.all(quick.slice(0, 31))) {
      assert.ok(answer.type === 'refused' && answer.code === 'NM_TIMEOUT');
    }
    assert.equal(sent.length, 33);
    t.mock.timers.tick(maxOrderMs - 10_000);
    const late = await slow;
    assert.ok(late.type === 'refused' && late.code === 'NM_TIMEOUT');
  });

  it('that no agent would take are not sent', async () => {
    const { book, sent } = makeBook();
    const bad = { type: 'results.list', monitor: '../../etc', limit: 1 } as const;
    const answer = await book.give(bad);
    assert.ok(answer.type === 'refused' && answer.code === 'NM_VALIDATION');
    const huge: Order = {
      type: 'monitors.set',
      revision: 1,
      part: 0,
      parts: 1,
      monitors: Array.from({ length: 20 }, (_, i) => ({
        id: `m${i}`,
        revision: 1,
        name: 'n',
        probe: {
          kind: 'http',
          url: 'http://a',
          method: 'POST',
          headers: {},
          body: 'b'.repeat(65_000),
          version: 'auto',
          redirects: 0,
          proxy: null,
          verify: true,
          family: null,
        },
        interval_ms: 1000,
        timeout_ms: 1000,
        retries: 0,
        assertions: [],
        thresholds: { failures: 1, successes: 1, share: null },
        labels: {},
      })),
    };
    const tooLong = await book.give(huge);
    assert.ok(tooLong.type === 'refused' && tooLong.code === 'NM_TOO_LARGE');
    assert.equal(sent.length, 0);
  });
});
