import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Maintenance, MonitorState } from '../../wire/monitor.ts';
import { maintenanceAt } from './maintenance.ts';
import { judgeTarget } from './target.ts';

const seen = (...states: readonly MonitorState[]) =>
  states.map((state, i) => ({
    agent: `a${i + 1}`,
    state,
    reason: state === 'down' || state === 'degraded' ? `why ${i + 1}` : null,
  }));

describe('a target seen from several agents', () => {
  for (const [states, quorum, state, reason] of [
    [['up', 'up', 'up'], 2, 'up', null],
    [['up', 'down', 'up'], 2, 'partial', 'partially down: down at a2 (1 of 3 agents): why 2'],
    [['down', 'down', 'up'], 2, 'down', 'down at a1, a2 (2 of 3 agents): why 1'],
    [['down', 'up', 'up'], 1, 'down', 'down at a1 (1 of 3 agents): why 1'],
    [['down', 'down'], 5, 'down', 'down at a1, a2: why 1'],
    [['down', 'up'], 5, 'partial', 'partially down: down at a1 (1 of 2 agents): why 1'],
    [['down', 'unknown', 'unknown'], 2, 'down', 'down at a1: why 1'],
    [['up', 'unknown', 'pending'], 1, 'up', null],
    [['unknown', 'unknown'], 1, 'unknown', 'nothing known at a1, a2'],
    [['unknown', 'pending'], 1, 'unknown', 'nothing known at a1 (1 of 2 agents)'],
    [['pending', 'pending'], 1, 'pending', null],
    [['degraded', 'up'], 2, 'degraded', 'degraded at a1 (1 of 2 agents): why 1'],
    [['degraded', 'down', 'down'], 2, 'down', 'down at a2, a3 (2 of 3 agents): why 2'],
    [['stopped', 'down'], 1, 'down', 'down at a2: why 2'],
    [['stopped', 'stopped'], 1, 'stopped', null],
    [[], 1, 'stopped', null],
  ] as const) {
    it(`that say ${states.join(', ') || 'nothing'} with a quorum of ${quorum} is ${state}`, () => {
      const judgement = judgeTarget(seen(...states), quorum);
      assert.deepEqual([judgement.state, judgement.reason], [state, reason]);
    });
  }

  it('is the judgement of a count by hand, whoever says it', () => {
    const states = fc.array(fc.constantFrom('up', 'degraded', 'down', 'unknown', 'pending', 'stopped'), {
      maxLength: 12,
    }) as fc.Arbitrary<MonitorState[]>;
    fc.assert(
      fc.property(states, fc.integer({ min: 1, max: 14 }), (all, quorum) => {
        const count = (...wanted: MonitorState[]) => all.filter((state) => wanted.includes(state)).length;
        const known = count('up', 'degraded', 'down');
        const down = count('down');
        const { state, agents } = judgeTarget(seen(...all), quorum);
        if (down > 0) assert.equal(state, down >= quorum || down === known ? 'down' : 'partial');
        else if (known > 0) assert.equal(state, count('degraded') > 0 ? 'degraded' : 'up');
        else if (count('unknown') > 0) assert.equal(state, 'unknown');
        else assert.equal(state, count('pending') > 0 ? 'pending' : 'stopped');
        if (down > 0) assert.equal(agents.length, down);
        assert.equal(judgeTarget(seen(...all.toReversed()), quorum).state, state);
      }),
      { seed: 9, numRuns: 500 },
    );
  });

  it('names five agents and counts the others', () => {
    const { reason } = judgeTarget(seen(...new Array<MonitorState>(8).fill('down')), 8);
    assert.equal(reason, 'down at a1, a2, a3, a4, a5 and 3 more: why 1');
  });

  it('has a reason that ends somewhere', () => {
    const long = [{ agent: 'a', state: 'down', reason: '\u{1f600}'.repeat(2000) } as const];
    const { reason } = judgeTarget(long, 1);
    assert.equal(reason?.length, 1024);
    assert.ok(reason.isWellFormed());
  });
});

describe('a maintenance window', () => {
  const at = (text: string): number => Date.parse(text);
  const once: Maintenance = { from: '2026-01-05T10:00:00Z', to: '2026-01-05T11:00:00Z', note: 'new disks' };
  const weekly: Maintenance = { weekdays: [6], at: '23:30', minutes: 120, note: '' };

  it('holds from its beginning to before its end', () => {
    assert.equal(maintenanceAt([once], at('2026-01-05T09:59:59.999Z')), null);
    assert.equal(maintenanceAt([once], at('2026-01-05T10:00:00Z')), 'new disks');
    assert.equal(maintenanceAt([once], at('2026-01-05T11:00:00Z')), null);
  });

  it('comes back each week, also over midnight', () => {
    assert.equal(maintenanceAt([weekly], at('2026-01-10T23:29:59Z')), null);
    assert.equal(maintenanceAt([once, weekly], at('2026-01-10T23:30:00Z')), 'maintenance');
    assert.equal(maintenanceAt([weekly], at('2026-01-11T01:29:59Z')), 'maintenance');
    assert.equal(maintenanceAt([weekly], at('2026-01-11T01:30:00Z')), null);
    assert.equal(maintenanceAt([weekly], at('2026-01-12T00:00:00Z')), null);
  });
});
