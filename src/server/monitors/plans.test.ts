import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeMonitor } from '../../store/monitors-contract.ts';
import type { MonitorInput } from '../../wire/monitor.ts';
import { Plans } from './plans.ts';

const time = (text: string): number => Date.parse(`2026-01-${text}:00.000Z`);
const once = { from: '2026-01-05T10:00:00.000Z', to: '2026-01-05T11:00:00.000Z', note: '' };
/** Sundays; the 4th and the 11th are some. */
const sundays = { weekdays: [0], at: '02:00', minutes: 60, note: '' };

function put(plans: Plans, day: string, maintenance: MonitorInput['maintenance']): void {
  plans.put({ ...makeMonitor('m', { maintenance }), changed_at: new Date(time(day)).toISOString() });
}

describe('the maintenance of a monitor', () => {
  it('is nothing where there was never any', () => {
    const plans = new Plans();
    put(plans, '01T00:00', []);
    assert.equal(plans.of('m'), undefined);
    assert.equal(plans.of('other'), undefined);
  });

  it('has a window of one time as it is written now, whenever that was', () => {
    const plans = new Plans();
    put(plans, '01T00:00', []);
    put(plans, '09T00:00', [once]);
    assert.deepEqual(
      ['05T09:59', '05T10:00', '05T11:00'].map((at) => plans.of('m')?.(time(at))),
      [false, true, false],
    );
    put(plans, '10T00:00', []);
    assert.equal(plans.of('m'), undefined);
  });

  it('has weekly windows for as long as they were in force', () => {
    const plans = new Plans();
    put(plans, '01T00:00', [sundays]);
    put(plans, '06T00:00', [sundays, once]);
    put(plans, '07T00:00', [once]);
    const isPlanned = plans.of('m');
    assert.deepEqual(
      ['04T02:30', '05T10:30', '11T02:30'].map((at) => isPlanned?.(time(at))),
      [true, true, false],
    );
    const again = new Plans();
    again.load('m', [
      { since: 0, windows: [sundays] },
      { since: time('07T00:00'), windows: [] },
    ]);
    put(again, '07T00:00', []);
    assert.deepEqual(
      ['04T02:30', '11T02:30'].map((at) => again.of('m')?.(time(at))),
      [true, false],
    );
  });
});
