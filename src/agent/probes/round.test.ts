import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ProbeResult, probeResultSchema, probeSchema } from '../../wire/probe.ts';
import type { ProbeContext, ProbeRun, ProbeType } from './probe.ts';
import { makeRound } from './round.ts';

const phases = { resolve_ms: null, connect_ms: 1, tls_ms: null, processing_ms: null, transfer_ms: null };
const good: ProbeRun = {
  failure: null,
  address: '192.0.2.1:80',
  responseMs: 4,
  phases,
  echoes: [],
  facts: { STATUS: 200 },
  detail: { status: 200 },
};
const refused: ProbeRun = {
  ...good,
  failure: { code: 'ECONNREFUSED', message: 'refused', phase: 'connect' },
  responseMs: null,
};
const probe = probeSchema.parse({ kind: 'http', url: 'http://me:s3cret-pass@example.org/' });
const order = { probe, assertions: [], timeout_ms: 50, retries: 0 };

type Answer = ProbeRun | Error | ((context: ProbeContext) => Promise<ProbeRun>);

/** A round whose tries find these, one after the other; the last again and again. */
function prepare(answers: readonly Answer[], extra: object = {}) {
  let tries = 0;
  const type: ProbeType<'http'> = {
    kind: 'http',
    facts: [],
    run: async (_, context) => {
      const answer = answers[Math.min(tries++, answers.length - 1)];
      if (answer instanceof Error) throw answer;
      return typeof answer === 'function' ? answer(context) : answer;
    },
  };
  const round = makeRound(
    { ...order, ...extra },
    {
      types: { http: type },
      policy: { refuse: () => null },
      now: () => Date.UTC(2026, 0, 1),
      monotonic: () => 7,
    },
  );
  return { round, tries: () => tries };
}

async function runOnce(answers: readonly Answer[], extra: object = {}): Promise<ProbeResult> {
  const result = await prepare(answers, extra).round.run(new AbortController().signal);
  assert.ok(result);
  probeResultSchema.parse(result);
  return result;
}

describe('a round of a probe', () => {
  it('is up when the first try is, and has its time as the one echo', async () => {
    const result = await runOnce([good]);
    assert.deepEqual(result, {
      at: '2026-01-01T00:00:00.000Z',
      outcome: 'up',
      duration_ms: 0,
      reason: null,
      attempts: 1,
      address: '192.0.2.1:80',
      phases,
      echoes: [4],
      detail: { status: 200 },
    });
  });

  it('tries again as often as it may, and is what the last try is', async () => {
    const { outcome, attempts } = await runOnce([refused, refused, good], { retries: 2 });
    assert.deepEqual([outcome, attempts], ['up', 3]);
    const failed = await runOnce([refused], { retries: 3 });
    assert.deepEqual([failed.outcome, failed.attempts, failed.reason?.code], ['down', 4, 'ECONNREFUSED']);
  });

  it('asks probes for the facts that assertions look at', async () => {
    let wanted: ReadonlySet<string> = new Set();
    const look = async (context: ProbeContext) => {
      wanted = context.wanted;
      return good;
    };
    await runOnce([look], { assertions: [{ test: '[BODY] == up', severity: 'down' }] });
    assert.deepEqual([...wanted], ['BODY']);
  });

  it('is down by one assertion, degraded by another, and down goes before degraded', async () => {
    const assertions = (...tests: [string, string][]) => ({
      assertions: tests.map(([test, severity]) => ({ test, severity })),
    });
    const degraded = await runOnce(
      [good],
      assertions(['[STATUS] == 200', 'down'], ['[STATUS] == 201', 'degraded']),
    );
    assert.deepEqual(degraded.reason, {
      code: 'ASSERTION',
      message: '[STATUS] == 201: it is 200',
      phase: 'assertion',
    });
    assert.equal(degraded.outcome, 'degraded');
    const down = await runOnce(
      [good],
      assertions(['[STATUS] == 201', 'degraded'], ['[STATUS] > 400', 'down']),
    );
    assert.deepEqual([down.outcome, down.reason?.message], ['down', '[STATUS] > 400: it is 200']);
    const timed = await runOnce([good], assertions(['[RESPONSE_TIME] < 3', 'down']));
    assert.equal(timed.reason?.message, '[RESPONSE_TIME] < 3: it is 4 ms');
  });

  it('is up without a connection when that is what an assertion asks for, and says why otherwise', async () => {
    const unconnected = { ...refused, facts: { CONNECTED: false } };
    const asserting = (...tests: string[]) => ({
      assertions: tests.map((test) => ({ test, severity: 'down' })),
      retries: 1,
    });
    const closed = asserting('[CONNECTED] == false');
    const up = await runOnce([unconnected], closed);
    assert.deepEqual([up.outcome, up.reason, up.attempts, up.echoes], ['up', null, 1, []]);
    const open = await runOnce([{ ...good, facts: { CONNECTED: true } }], closed);
    assert.deepEqual([open.outcome, open.reason?.message], ['down', '[CONNECTED] == false: it is true']);
    const down = await runOnce([unconnected], asserting('[CONNECTED] == true'));
    assert.deepEqual([down.outcome, down.reason], ['down', refused.failure]);
    const timed = await runOnce([unconnected], asserting('[CONNECTED] == false', '[RESPONSE_TIME] < 3'));
    assert.equal(timed.reason?.code, 'ASSERTION');
    const late = await runOnce([{ ...refused, facts: { CONNECTED: true } }], closed);
    assert.deepEqual([late.outcome, late.reason], ['down', refused.failure]);
    const failure = { code: 'ENOTFOUND', message: 'no such name', phase: 'resolve' } as const;
    assert.equal((await runOnce([{ ...unconnected, failure }], closed)).outcome, 'down');
    const own = { ...failure, phase: 'agent' } as const;
    assert.equal((await runOnce([{ ...unconnected, failure: own }], closed)).outcome, 'unknown');
  });

  it('says nothing of a target that the agent may not reach, and does not try again', async () => {
    for (const failure of [
      { code: 'FORBIDDEN_ADDRESS', message: 'loopback', phase: 'connect' },
      { code: 'EPERM', message: 'needs root', phase: 'agent' },
    ] as const) {
      const { outcome, attempts } = await runOnce([{ ...good, failure }], { retries: 2 });
      assert.deepEqual([outcome, attempts], ['unknown', 1]);
    }
  });

  it('aborts a try when its time is over, and leaves one behind that does not end', async () => {
    const endsWhenTold = ({ signal }: ProbeContext) =>
      new Promise<ProbeRun>((resolve) => {
        signal.addEventListener('abort', () => resolve(refused), { once: true });
      });
    assert.equal((await runOnce([endsWhenTold])).reason?.code, 'ECONNREFUSED');
    const hangs = () => new Promise<ProbeRun>(() => {});
    assert.equal((await runOnce([hangs])).reason?.code, 'TIMEOUT');
  });

  it('says nothing when it was ended from outside', async () => {
    const controller = new AbortController();
    const { round, tries } = prepare(
      [
        async () => {
          controller.abort();
          return refused;
        },
      ],
      { retries: 5 },
    );
    assert.equal(await round.run(controller.signal), null);
    assert.equal(await round.run(controller.signal), null);
    assert.equal(tries(), 1);
  });

  it('is down when a probe throws', async () => {
    const { reason, outcome } = await runOnce([new Error('oops')]);
    assert.deepEqual([outcome, reason?.code, reason?.message], ['down', 'PROTOCOL', 'oops']);
  });

  it('fits its schema and shows no secret, whatever the probe found', async () => {
    const result = await runOnce([
      {
        ...good,
        failure: { code: 'X'.repeat(99), message: `s3cret-pass ${'\u{1f600}'.repeat(900)}`, phase: 'tls' },
        address: 'a'.repeat(99),
        phases: { ...phases, connect_ms: Number.NaN, tls_ms: -1 },
        echoes: new Array(200).fill(Number.POSITIVE_INFINITY),
        detail: { status: -4, banner: 'hello s3cret-pass', rcode: 'x'.repeat(99), flags: ['AA'] },
      },
    ]);
    assert.deepEqual(result.detail, { banner: 'hello ***', flags: ['AA'] });
    assert.ok(result.reason?.message.startsWith('*** '));
    assert.equal(result.echoes.length, 100);
    assert.equal(result.phases.connect_ms, null);
  });

  const secret = 'Zq"7\\wX-longer-than-shown';
  const echoing: readonly (readonly [string, object, string])[] = [
    ['a header', { headers: { 'X-Api-Key': secret } }, secret],
    ['a second word of a header', { headers: { Authorization: `Token ${secret}` } }, secret],
    ['a URL', { url: `http://me:${encodeURIComponent(secret)}@example.org/` }, secret],
    ['a query', { url: `http://example.org/?token=${encodeURIComponent(secret)}` }, secret],
    ['a body', { method: 'POST', body: 'password=hunter2-and-more&x=1' }, 'hunter2-and-more'],
  ];
  for (const [where, fields, echoed] of echoing) {
    it(`shows nothing of a secret of ${where} that the target sends back, wherever it is cut`, async () => {
      const own = probeSchema.parse({ kind: 'http', url: 'http://example.org/', ...fields });
      for (let before = 0; before < 100; before++) {
        const BODY = `${'.'.repeat(before)}${echoed} and so on${'.'.repeat(200)}`;
        const { reason } = await runOnce([{ ...good, facts: { BODY } }], {
          probe: own,
          assertions: [{ test: '[BODY] == nothing', severity: 'down' }],
        });
        assert.match(reason?.message ?? '', /\*\*\*|\.{70}/);
        const shown = reason!.message.replace('[BODY] == nothing', '');
        for (let length = 4; length <= echoed.length; length++) {
          assert.ok(!shown.includes(echoed.slice(0, length)), `${before}: ${shown}`);
        }
      }
    });
  }

  it('shows nothing of a password that a conversation sent and had sent back', async () => {
    const steps = [{ send: 'USER bob\r\n' }, { send: 'PASS hunter2-and-more\r\n' }];
    const own = probeSchema.parse({ kind: 'tcp', host: 'mail.example', port: 110, steps });
    const reply = `-ERR no such password: hunter2-and-more ${'.'.repeat(600)}`;
    const tcp = { kind: 'tcp', facts: [], run: async () => ({ ...good, detail: { banner: 'bob', reply } }) };
    const round = makeRound(
      { ...order, probe: own },
      { types: { tcp } as never, policy: { refuse: () => null }, now: () => 0, monotonic: () => 0 },
    );
    const result = await round.run(new AbortController().signal);
    assert.doesNotMatch(JSON.stringify(result), /hunter2/);
    assert.equal(result?.detail.banner, 'bob');
  });

  it('takes a bounded time whatever the target answers and however much is compared with it', async () => {
    const tests = [
      `[BODY] == any(${new Array(60).fill('pat(*ab*)').join()})`,
      `[BODY].list == any(${new Array(60).fill('1h30m').join()})`,
      `[BODY].list != any(${new Array(60).fill('pat(x*)').join()})`,
    ];
    const facts = { BODY: 'a'.repeat(1_048_576), BODY_JSON: { list: new Array(500_000).fill(1) } };
    const assertions = new Array(30)
      .fill(tests)
      .flat()
      .slice(0, 32)
      .map((test) => ({ test, severity: 'degraded' as const }));
    const began = process.cpuUsage();
    const { outcome, reason } = await runOnce([{ ...good, facts }], { assertions });
    const { user } = process.cpuUsage(began);
    assert.deepEqual([outcome, reason?.code], ['degraded', 'ASSERTION']);
    assert.match(reason?.message ?? '', /too much to compare/);
    // Without a bound it is half an hour.
    assert.ok(user < 60_000_000, `${user} us`);
  });

  it('cannot be prepared for a kind that is not there', () => {
    const icmp = { ...order, probe: probeSchema.parse({ kind: 'icmp', host: 'example.org' }) };
    assert.throws(() => prepare([good], icmp), /no probe of kind icmp/);
  });
});
