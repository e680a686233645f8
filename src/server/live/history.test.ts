import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Sample } from '../../wire/machine.ts';
import { bandwidthPoints } from '../../wire/names.ts';
import { SampleRing, SampleRings } from './history.ts';

describe('SampleRing', () => {
  it('keeps the newest samples in order and numbers all', () => {
    const ring = new SampleRing();
    for (let i = 0; i < 1000; i++) ring.add(i * 100, i, 2 * i);
    const samples = ring.from(0);
    assert.equal(ring.end, 1000);
    assert.equal(samples.length, bandwidthPoints);
    assert.deepEqual(samples[0], [(1000 - bandwidthPoints) * 100, 1000 - bandwidthPoints, 2000 - 600]);
    assert.deepEqual(ring.from(998), [
      [99_800, 998, 1996],
      [99_900, 999, 1998],
    ]);
    assert.deepEqual(ring.from(1000), []);
  });

  it('leaves out a sample that is not newer than the last', () => {
    const ring = new SampleRing();
    ring.add(100, 1, 1);
    ring.add(100, 2, 2);
    ring.add(50, 3, 3);
    assert.deepEqual(ring.from(0), [[100, 1, 1]]);
  });

  it('adds what it held at the time of each sample, whatever the phase of its own clock', () => {
    const ring = new SampleRing();
    for (let at = 1037; at < 2000; at += 100) ring.add(at, 10, 20);
    const samples: Sample[] = [];
    for (let at = 1100; at <= 1900; at += 100) samples.push([at, 1, 1]);
    ring.addTo(samples);
    for (const sample of samples) assert.deepEqual(sample.slice(1), [11, 21]);
  });

  it('adds nothing from before its first sample or long after its last', () => {
    const ring = new SampleRing();
    ring.add(5000, 10, 10);
    const samples: Sample[] = [
      [4000, 1, 1],
      [5000, 1, 1],
      [9000, 1, 1],
    ];
    ring.addTo(samples);
    assert.deepEqual(
      samples.map(([, upload]) => upload),
      [1, 11, 1],
    );
  });
});

describe('SampleRings', () => {
  it('forgets the ring that was longest without a sample', () => {
    const rings = new SampleRings();
    for (let i = 0; i < 600; i++) {
      rings.add(`eth${i}`, [[i, 1, 1]], 0);
      rings.add('eth0', [[1000 + i, 1, 1]], 0);
    }
    assert.ok(rings.get('eth0'));
    assert.ok(rings.get('eth599'));
    assert.equal(rings.get('eth1'), undefined);
  });
});
