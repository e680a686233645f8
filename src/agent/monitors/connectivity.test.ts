import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Outcome, type ProbeResult, probeSchema, type Reason } from '../../wire/probe.ts';
import { Connectivity, type NetworkView } from './connectivity.ts';
import { goodNetwork } from './monitors.fixture.ts';

const timeout: Reason = { code: 'TIMEOUT', message: 'no answer within 100 ms', phase: 'connect' };
const refusedReason: Reason = { code: 'ECONNREFUSED', message: 'refused', phase: 'connect' };

/** A machine whose rounds find what is said, one second after the other. */
class Rounds {
  #ms = 0;
  view: NetworkView = goodNetwork;
  readonly #connectivity = new Connectivity(
    () => this.view,
    () => this.#ms,
  );

  wait(ms: number): void {
    this.#ms += ms;
  }

  find(ip: string, reason: Reason | null, echoes: (number | null)[] = reason ? [] : [1]): ProbeResult {
    this.#ms += 1_000;
    const result: ProbeResult = {
      at: new Date(this.#ms).toISOString(),
      outcome: reason ? 'down' : 'up',
      duration_ms: 1,
      reason,
      attempts: 1,
      address: ip,
      phases: { resolve_ms: null, connect_ms: null, tls_ms: null, processing_ms: null, transfer_ms: null },
      echoes,
      detail: {},
    };
    return this.#connectivity.check(result, probeSchema.parse({ kind: 'icmp', host: ip }));
  }

  /** The outcomes of one round of each. */
  all(ips: readonly string[], reason: Reason | null): Outcome[] {
    return ips.map((ip) => this.find(ip, reason).outcome);
  }
}

const far = ['198.51.100.1', '203.0.113.1', '192.0.2.77'];
const near = ['198.51.100.1', '198.51.100.2'];

describe('a round that failed', () => {
  it("is the target's own while others answer, however often it fails", () => {
    const rounds = new Rounds();
    rounds.view = { ...goodNetwork, lostGateway: '192.0.2.1' };
    rounds.all(far, null);
    for (let i = 0; i < 20; i++) {
      assert.equal(rounds.find(far[0], timeout).outcome, 'down');
      rounds.all(far.slice(1), null);
    }
  });

  it("is the target's own when there is only one", () => {
    const rounds = new Rounds();
    rounds.view = { ...goodNetwork, lostGateway: '192.0.2.1' };
    rounds.find(far[0], null);
    for (let i = 0; i < 20; i++) assert.equal(rounds.find(far[0], timeout).outcome, 'down');
  });

  it("is the agent's when the gateway and every target are gone at once", () => {
    const rounds = new Rounds();
    rounds.all(near, null);
    assert.deepEqual(rounds.all(near, timeout), ['down', 'down']);
    rounds.view = { ...goodNetwork, lostGateway: '192.0.2.1' };
    const { outcome, reason } = rounds.find(near[0], timeout);
    assert.deepEqual(
      [outcome, reason],
      [
        'unknown',
        {
          code: 'NO_CONNECTIVITY',
          message: 'neither the gateway 192.0.2.1 nor any of 2 targets answers; no answer within 100 ms',
          phase: 'agent',
        },
      ],
    );
  });

  it("is the agent's when no target of three networks answers any more, and its own again when one does", () => {
    const rounds = new Rounds();
    rounds.all(far, null);
    assert.deepEqual(rounds.all(far, timeout), ['down', 'down', 'unknown']);
    assert.deepEqual(rounds.all(far, timeout), ['unknown', 'unknown', 'unknown']);
    assert.equal(rounds.find(far[1], refusedReason).outcome, 'down');
    assert.equal(rounds.find(far[0], timeout).outcome, 'down');
  });

  it('is not explained by targets that never answered, or long ago', () => {
    const never = new Rounds();
    assert.deepEqual(never.all([...far, ...far], timeout), new Array(6).fill('down'));
    const old = new Rounds();
    old.all(far, null);
    old.all(far.slice(1), timeout);
    old.wait(400_000);
    assert.equal(old.find(far[0], timeout).outcome, 'down');
  });

  it("is the agent's when no interface is up, or the one that leads there is not", () => {
    const rounds = new Rounds();
    rounds.view = { ...goodNetwork, interfaces: new Set() };
    assert.match(rounds.find(far[0], timeout).reason?.message ?? '', /^no network interface/);
    rounds.view = { ...goodNetwork, findInterface: () => 'wlan0' };
    assert.match(rounds.find(far[0], timeout).reason?.message ?? '', /^the interface wlan0 is down/);
  });

  it("is the agent's when the kernel has no route, and the target's when a router says so", () => {
    const unreachable: Reason = { code: 'ENETUNREACH', message: 'unreachable', phase: 'connect' };
    const rounds = new Rounds();
    assert.equal(rounds.find(far[0], unreachable).outcome, 'down');
    rounds.view = { ...goodNetwork, findInterface: () => null };
    assert.equal(rounds.find(far[0], unreachable).outcome, 'unknown');
    assert.equal(rounds.find(far[0], refusedReason).outcome, 'down');
  });

  it("is always the target's on this machine, which is no evidence for others", () => {
    const rounds = new Rounds();
    rounds.view = { ...goodNetwork, interfaces: new Set(), isOwnAddress: (ip) => ip === '192.0.2.5' };
    assert.equal(rounds.find('127.0.0.1', timeout).outcome, 'down');
    assert.equal(rounds.find('192.0.2.5', timeout).outcome, 'down');
    rounds.view = { ...goodNetwork, isOwnAddress: (ip) => ip === '192.0.2.5' };
    rounds.all(far, null);
    rounds.all(far, timeout);
    rounds.find('192.0.2.5', null);
    rounds.find('::1', null);
    assert.equal(rounds.find(far[0], timeout).outcome, 'unknown');
  });

  it('says nothing of a target that should be silent, and is, when the network is gone', () => {
    const rounds = new Rounds();
    assert.equal(rounds.find(far[0], null, []).outcome, 'up');
    rounds.view = { ...goodNetwork, findInterface: () => null };
    const { outcome, reason } = rounds.find(far[0], null, []);
    assert.deepEqual(
      [outcome, reason?.message],
      ['unknown', `this machine has no route to ${far[0]}; nothing was heard`],
    );
    rounds.view = goodNetwork;
    rounds.all(far, null);
    rounds.all(far, timeout);
    assert.equal(rounds.find('198.51.100.200', null, []).outcome, 'unknown');
    assert.equal(rounds.find(far[0], timeout).outcome, 'unknown');
  });

  it('counts echoes that were all lost as silence, and an assertion on an answer not', () => {
    const rounds = new Rounds();
    rounds.view = { ...goodNetwork, interfaces: new Set() };
    const loss: Reason = { code: 'ASSERTION', message: '[LOSS] < 5', phase: 'assertion' };
    assert.equal(rounds.find(far[0], loss, [null, null]).outcome, 'unknown');
    assert.equal(rounds.find(far[0], loss, [null, 4]).outcome, 'down');
  });
});
