import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LinkCounters } from '../../decode/rtnetlink.ts';
import { advance, LinkMeter } from './counters.ts';

function counters(bytesSent: number, bytesReceived = 0): LinkCounters {
  return {
    bytesSent,
    bytesReceived,
    packetsSent: 0,
    packetsReceived: 0,
    errorsSent: 0,
    errorsReceived: 0,
    dropsSent: 0,
    dropsReceived: 0,
  };
}

describe('counters of an interface', () => {
  const table: ReadonlyArray<readonly [string, number, number, number]> = [
    ['advance', 100, 150, 50],
    ['stand still', 100, 100, 0],
    ['wrap at 32 bits', 2 ** 32 - 10, 5, 15],
    ['are reset', 1000, 40, 40],
    ['are reset from above 32 bits', 2 ** 40, 40, 40],
    ['advance beyond 32 bits', 2 ** 32 - 10, 2 ** 32 + 5, 15],
  ];
  for (const [what, before, now, by] of table) {
    it(`${what}: from ${before} to ${now} is ${by}`, () => assert.equal(advance(before, now), by));
  }

  it('give totals that never fall', () => {
    const meter = new LinkMeter(counters(2 ** 32 - 100), 0);
    meter.read(counters(100), 100);
    assert.equal(meter.totals.bytesSent, 2 ** 32 + 100);
    meter.read(counters(30), 200);
    assert.equal(meter.totals.bytesSent, 2 ** 32 + 130);
  });

  it('give rates over half a second when read often, over the last second when read slowly', () => {
    const meter = new LinkMeter(counters(0), 0);
    for (let at = 100; at <= 1000; at += 100) meter.read(counters(at <= 500 ? 0 : at - 500), at);
    assert.equal(meter.rates.upload, 1000);
    assert.deepEqual(meter.latest(), [1000, 0]);
    meter.read(counters(4500), 2000);
    assert.equal(meter.rates.upload, 4000);
    assert.equal(meter.read(counters(4500), 3000), true);
    assert.equal(meter.rates.upload, 0);
    assert.equal(meter.read(counters(4500), 4000), false);
  });
});
