import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { processSchema, sampleSchema } from '../../wire/machine.ts';
import { ProcessEntry } from './entry.ts';
import { ProcessTotals } from './totals.ts';

function makeEntry(): ProcessEntry {
  const entry = new ProcessEntry('1-1', 1, 1, new Date(0).toISOString());
  entry.process_name = 'a';
  return entry;
}

describe('process totals', () => {
  it('gives rates over half a second, samples each tick, and zero when it is over', () => {
    const totals = new ProcessTotals();
    const entry = makeEntry();
    totals.opened(entry);
    totals.tick(1000);
    for (let at = 1100; at <= 1500; at += 100) {
      totals.account(entry, 60, 10);
      totals.account(entry, 40, 0);
      totals.tick(at);
    }
    const first = totals.take(false, 1500, []);
    assert.equal(first.processes[0].upload_speed, 1000);
    assert.equal(first.processes[0].download_speed, 100);
    assert.deepEqual(first.process_samples['1-1'].at(-1), [1500, 1000, 100]);
    assert.equal(first.process_samples['1-1'].length, 5);
    for (let at = 1600; at <= 2500; at += 100) totals.tick(at);
    const last = totals.take(false, 2500, []);
    assert.equal(last.processes[0].upload_speed, 0);
    assert.equal(last.processes[0].bytes_sent, 500);
    assert.deepEqual(last.process_samples['1-1'].at(-1), [2000, 0, 0]);
    processSchema.parse(last.processes[0]);
    for (const sample of last.process_samples['1-1']) sampleSchema.parse(sample);
    totals.tick(2600);
    assert.deepEqual(totals.take(false, 2600, []), {
      processes: [],
      processes_gone: [],
      process_samples: {},
    });
  });

  it('gives the rate of the last tick alone where ticks are slow', () => {
    const totals = new ProcessTotals();
    const entry = makeEntry();
    totals.tick(0);
    totals.account(entry, 3000, 0);
    totals.tick(1500);
    assert.equal(entry.uploadSpeed, 2000);
    totals.tick(3000);
    assert.equal(entry.uploadSpeed, 0);
  });

  it('tells of rates twice a second, of connections at once', () => {
    const totals = new ProcessTotals();
    const entry = makeEntry();
    totals.opened(entry);
    const told: number[] = [];
    for (let at = 100_000; at < 102_000; at += 100) {
      totals.account(entry, 1, 1);
      if (at === 100_700) totals.failed(entry, 2);
      totals.tick(at);
      if (totals.take(false, at, []).processes.length > 0) told.push(at - 100_000);
    }
    assert.deepEqual(told, [0, 500, 700, 1200, 1700]);
  });

  it('keeps a bounded number of samples that nobody takes', () => {
    const totals = new ProcessTotals();
    const entry = makeEntry();
    totals.opened(entry);
    for (let at = 0; at < 100_000; at += 100) {
      totals.account(entry, 1, 1);
      totals.tick(at);
    }
    assert.equal(totals.take(false, 1e6, []).process_samples['1-1'].length, 100);
  });
});
