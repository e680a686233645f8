import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Outcome, type Probe, type ProbeResult, probeSchema, type Reason } from '../../wire/probe.ts';
import { Connectivity, type NetworkView, type OtherWitness } from './connectivity.ts';
import { goodNetwork } from './monitors.fixture.ts';

const timeout: Reason = { code: 'TIMEOUT', message: 'no answer within 100 ms', phase: 'connect' };
const refusedReason: Reason = { code: 'ECONNREFUSED', message: 'refused', phase: 'connect' };
const echo = (ip: string): Probe => probeSchema.parse({ kind: 'icmp', host: ip });

/** A machine and what it can reach; a round comes each second. */
class World {
  #ms = 0;
  view: NetworkView = goodNetwork;
  readonly alive = new Set<string>();
  isCut = false;
  others: OtherWitness[] = [];
  readonly asked: Probe[] = [];
  readonly #connectivity = new Connectivity({
    look: () => this.view,
    monotonic: () => this.#ms,
    ask: async (probe) => {
      this.asked.push(probe);
      return this.reaches('host' in probe ? probe.host : '');
    },
    others: () => this.others,
  });

  constructor(...alive: readonly string[]) {
    for (const ip of alive) this.alive.add(ip);
  }

  reaches(ip: string): boolean {
    return this.alive.has(ip) && !this.isCut;
  }

  /** A round that found what is said. */
  find(
    address: string | null,
    reason: Reason | null,
    echoes: (number | null)[] = reason ? [] : [1],
    probe: Probe = echo(address!),
  ): Promise<ProbeResult> {
    this.#ms += 1_000;
    const result: ProbeResult = {
      at: new Date(this.#ms).toISOString(),
      outcome: reason ? 'down' : 'up',
      duration_ms: 1,
      reason,
      attempts: 1,
      address,
      phases: { resolve_ms: null, connect_ms: null, tls_ms: null, processing_ms: null, transfer_ms: null },
      echoes,
      detail: {},
    };
    return this.#connectivity.check(result, probe);
  }

  /** A round as it would go. */
  async round(ip: string): Promise<Outcome> {
    return (await this.find(ip, this.reaches(ip) ? null : timeout)).outcome;
  }

  async rounds(...ips: readonly string[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const ip of ips) outcomes.push(await this.round(ip));
    return outcomes;
  }
}

const [a, b, c] = ['198.51.100.1', '203.0.113.1', '192.0.2.77'];

describe('a round that was silent', () => {
  it("is the target's own at once while another answers, however often", async () => {
    const world = new World(a, b);
    await world.rounds(a, b);
    world.alive.delete(a);
    for (let i = 0; i < 5; i++) assert.deepEqual(await world.rounds(a, b), ['down', 'up']);
    world.alive.delete(b);
    world.alive.add(a);
    assert.deepEqual(await world.rounds(a, b), ['up', 'down']);
  });

  it('says nothing of any target when none answers any more, from the first one on', async () => {
    const world = new World(a, b, c);
    await world.rounds(a, b, c);
    world.isCut = true;
    assert.deepEqual(await world.rounds(a, b, c, a, b, c), new Array(6).fill('unknown'));
    const { reason } = await world.find(a, timeout);
    assert.deepEqual(reason, {
      code: 'NO_CONNECTIVITY',
      message: 'none of 3 targets beyond 192.0.2.254 (eth0) answers; no answer within 100 ms',
      phase: 'agent',
    });
    world.isCut = false;
    world.alive.delete(a);
    assert.deepEqual(await world.rounds(a, b, a), ['down', 'up', 'down']);
  });

  it('asks with a connection, an echo or a question, and sends nothing else', async () => {
    const world = new World(a, b, c);
    const url = 'https://shop.example/pay?token=x';
    const http = probeSchema.parse({ kind: 'http', url, method: 'POST', body: 'buy' });
    await world.find(`${a}:8443`, null, [3], http);
    await world.find(b, null, [1], probeSchema.parse({ kind: 'udp', host: b, port: 9, payload: 'x' }));
    await world.find(c, timeout);
    assert.deepEqual(world.asked, [probeSchema.parse({ kind: 'tcp', host: a, port: 8443, verify: false })]);
  });

  it('is not explained by what was proved to be down before', async () => {
    const world = new World(a, b, c);
    await world.rounds(a, b, c);
    world.alive.delete(a);
    world.alive.delete(b);
    assert.deepEqual(await world.rounds(a, b), ['down', 'down']);
    world.alive.delete(c);
    assert.deepEqual(await world.rounds(c, a, b, c), new Array(4).fill('down'));
  });

  it("is the target's own when there is nobody to ask", async () => {
    const world = new World(a);
    await world.round(a);
    world.alive.delete(a);
    assert.deepEqual(await world.rounds(a, a), ['down', 'down']);
  });

  it('says nothing once while nothing was ever heard, and nothing at all where several are silent', async () => {
    assert.deepEqual(await new World().rounds(a, a), ['unknown', 'down']);
    assert.deepEqual(await new World().rounds(a, b, a, b), new Array(4).fill('unknown'));
  });

  it('is judged by the server at the other end of the link', async () => {
    const world = new World(a);
    let answers: boolean | null = true;
    world.others = [{ name: 'the server', ip: b, ask: async () => answers }];
    await world.round(a);
    world.alive.delete(a);
    assert.equal(await world.round(a), 'down');
    world.alive.add(a);
    await world.round(a);
    world.isCut = true;
    answers = false;
    assert.equal(await world.round(a), 'unknown');
    world.others = [];
    assert.equal(await world.round(a), 'unknown', 'the link is given up, and nothing was heard since');
    world.isCut = false;
    assert.deepEqual(await world.rounds(a), ['up']);
    world.alive.delete(a);
    world.others = [{ name: 'the server', ip: '127.0.0.1', ask: async () => true }];
    assert.equal(await world.round(a), 'down');
  });

  it('goes by other services of the same machine where they answer, and not where they do not', async () => {
    const world = new World(a);
    const tcp = probeSchema.parse({ kind: 'tcp', host: a, port: 80 });
    await world.find(`${a}:80`, null, [1], tcp);
    await world.round(a);
    assert.equal((await world.find(`${a}:80`, timeout, [], tcp)).outcome, 'down');
    world.alive.delete(a);
    assert.equal(await world.round(a), 'down');
  });

  it('goes by the way that leads there: family, interface and gateway', async () => {
    const world = new World(a, b, '2001:db8::1');
    world.view = {
      ...goodNetwork,
      interfaces: new Set(['eth0', 'eth1']),
      findWay: (ip) => ({ interface: ip === b ? 'eth1' : 'eth0', gateway: '192.0.2.254' }),
    };
    await world.rounds(a, b, '2001:db8::1');
    world.alive.delete(b);
    world.alive.delete('2001:db8::1');
    assert.deepEqual(await world.rounds(b, '2001:db8::1'), ['down', 'down']);
    assert.deepEqual(
      world.asked.filter((probe) => 'host' in probe && probe.host === a),
      [],
    );
  });

  it('on the link is judged by what lies beyond it too', async () => {
    const world = new World(a, b);
    world.view = {
      ...goodNetwork,
      findWay: (ip) => ({ interface: 'eth0', gateway: ip === a ? null : '192.0.2.254' }),
    };
    await world.rounds(a, b);
    world.alive.delete(a);
    assert.equal(await world.round(a), 'down');
    world.alive.add(a);
    await world.round(a);
    world.alive.delete(b);
    assert.equal(await world.round(b), 'down', 'a neighbour says nothing of what is beyond the gateway');
  });

  it("is the agent's when the gateway is gone, even of a single target", async () => {
    const world = new World(a);
    await world.round(a);
    world.alive.delete(a);
    world.view = { ...goodNetwork, isLost: (ip, name) => ip === '192.0.2.254' && name === 'eth0' };
    assert.match(
      (await world.find(a, timeout)).reason?.message ?? '',
      /^the gateway 192\.0\.2\.254 does not/,
    );
  });

  it("is the agent's when no interface is up, or the one that leads there is not", async () => {
    const world = new World(a);
    world.view = { ...goodNetwork, interfaces: new Set() };
    assert.match((await world.find(a, timeout)).reason?.message ?? '', /^no network interface/);
    world.view = { ...goodNetwork, findWay: () => ({ interface: 'wlan0', gateway: null }) };
    assert.match((await world.find(a, timeout)).reason?.message ?? '', /^the interface wlan0 is down/);
  });

  it("is the agent's when the kernel has no route, and the target's when a router says so", async () => {
    const unreachable: Reason = { code: 'ENETUNREACH', message: 'unreachable', phase: 'connect' };
    const world = new World(a, b);
    await world.rounds(a, b);
    assert.equal((await world.find(a, unreachable)).outcome, 'down');
    world.view = { ...goodNetwork, findWay: () => null };
    assert.equal((await world.find(a, unreachable)).outcome, 'unknown');
    assert.equal((await world.find(a, refusedReason)).outcome, 'down');
  });

  it("is always the target's on this machine, which is no evidence for others", async () => {
    const world = new World(a, b, '192.0.2.5');
    world.view = { ...goodNetwork, interfaces: new Set(), isOwnAddress: (ip) => ip === '192.0.2.5' };
    assert.equal((await world.find('127.0.0.1', timeout)).outcome, 'down');
    assert.equal((await world.find('192.0.2.5', timeout)).outcome, 'down');
    world.view = { ...goodNetwork, isOwnAddress: (ip) => ip === '192.0.2.5' };
    await world.rounds(a, b);
    world.isCut = true;
    await world.find('192.0.2.5', null);
    await world.find('::1', null);
    assert.equal(await world.round(a), 'unknown');
  });

  it('of a name that cannot be resolved is judged by where the target was', async () => {
    const again: Reason = { code: 'EAI_AGAIN', message: 'no answer of the resolver', phase: 'resolve' };
    const named = probeSchema.parse({ kind: 'icmp', host: 'shop.example' });
    const world = new World(a, b);
    await world.find(a, null, [1], named);
    await world.round(b);
    assert.equal((await world.find(null, again, [], named)).outcome, 'down');
    world.isCut = true;
    assert.equal((await world.find(null, again, [], named)).outcome, 'unknown');
    const other = probeSchema.parse({ kind: 'icmp', host: 'other.example' });
    assert.equal((await world.find(null, again, [], other)).outcome, 'unknown');
  });

  it('of a target that should be silent says nothing when the network is gone', async () => {
    const world = new World(a, b);
    assert.equal((await world.find(a, null, [])).outcome, 'unknown', 'nothing was heard yet');
    await world.round(b);
    assert.equal((await world.find(a, null, [])).outcome, 'up');
    world.isCut = true;
    const { outcome, reason } = await world.find(a, null, []);
    assert.equal(outcome, 'unknown');
    assert.match(reason?.message ?? '', /; nothing was heard$/);
  });

  it('is one whose echoes were all lost, but not one whose answer was not as it should be', async () => {
    const world = new World();
    world.view = { ...goodNetwork, interfaces: new Set() };
    const loss: Reason = { code: 'ASSERTION', message: '[LOSS] < 5', phase: 'assertion' };
    assert.equal((await world.find(a, loss, [null, null])).outcome, 'unknown');
    assert.equal((await world.find(a, loss, [null, 4])).outcome, 'down');
  });

  it('shares what is asked with those that fail together', async () => {
    const ips = Array.from({ length: 50 }, (_, i) => `198.51.${i}.1`);
    const world = new World(...ips);
    await world.rounds(...ips);
    world.isCut = true;
    const results = await Promise.all(ips.map((ip) => world.find(ip, timeout)));
    assert.ok(results.every(({ outcome }) => outcome === 'unknown'));
    assert.ok(world.asked.length <= 8, String(world.asked.length));
  });
});

describe('whatever happens to targets and network', () => {
  const ips = Array.from({ length: 4 }, (_, i) => `198.51.${100 + i}.1`);
  const step = fc.oneof(
    fc.record({ kind: fc.constantFrom('round', 'round', 'round', 'kill', 'revive'), i: fc.nat(3) }),
    fc.record({ kind: fc.constantFrom('cut', 'join'), i: fc.constant(0) }),
  );

  it('an agent that is cut off finds nothing down, and otherwise what is gone is down with the next round', async () => {
    const run = async (steps: readonly { kind: string; i: number }[]): Promise<void> => {
      const world = new World(...ips);
      await world.rounds(...ips);
      /** Those whose last round was up. */
      const fresh = new Set(ips);
      for (const { kind, i } of steps) {
        const ip = ips[i];
        if (kind === 'kill') world.alive.delete(ip);
        else if (kind === 'revive') world.alive.add(ip);
        else if (kind === 'cut' || kind === 'join') world.isCut = kind === 'cut';
        else {
          const outcome = await world.round(ip);
          const others = [...fresh].filter((other) => other !== ip);
          if (world.reaches(ip)) assert.equal(outcome, 'up');
          else if (others.some((other) => world.reaches(other))) assert.equal(outcome, 'down');
          else if (world.isCut && others.length > 0) assert.equal(outcome, 'unknown');
          if (outcome === 'up') fresh.add(ip);
          else fresh.delete(ip);
        }
      }
    };
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 30 }), run), { numRuns: 150 });
  });
});
