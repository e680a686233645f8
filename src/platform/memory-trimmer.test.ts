import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { MemoryTrimmer, type Trimming } from './memory-trimmer.ts';

const mb = 2 ** 20;

/** A process whose memory and clock a test sets. */
class Process implements Trimming {
  anonymous = 40 * mb;
  files = 50 * mb;
  /** What is left of them after a collection, and after letting go. */
  live = 30 * mb;
  needed = 20 * mb;
  nowMs = 1_000_000;
  cpuMs = 0;
  collections = 0;
  releases = 0;

  collect(): void {
    this.collections++;
    this.cpuMs += 200;
    this.anonymous = this.live;
  }
  releaseFiles = (): void => {
    this.releases++;
    this.files = 4 * mb;
  };
  readResident = () => ({ anonymous: this.anonymous, files: this.files });
  readCpuMs = (): number => this.cpuMs;
  now = (): number => this.nowMs;
}

describe('MemoryTrimmer', () => {
  let process: Process;
  let trimmer: MemoryTrimmer;
  const pass = (ms: number): void => {
    for (const end = process.nowMs + ms; process.nowMs < end; ) {
      process.nowMs += 5_000;
      trimmer.check();
    }
  };

  beforeEach(() => {
    process = new Process();
    trimmer = new MemoryTrimmer(process);
    trimmer.start();
  });
  afterEach(() => trimmer.stop());

  it('gives back what the start took', () => {
    pass(5_000);
    assert.deepEqual([process.collections, process.releases], [1, 1]);
  });

  it('leaves a process alone that does not grow', () => {
    pass(5_000);
    process.files = process.needed;
    process.anonymous += 5 * mb;
    pass(3_600_000);
    assert.deepEqual([process.collections, process.releases], [1, 1]);
  });

  it('collects once after a peak', () => {
    pass(60_000);
    process.anonymous = 200 * mb;
    pass(600_000);
    assert.equal(process.collections, 2);
    assert.equal(process.anonymous, process.live);
  });

  it('waits until a busy process has time', () => {
    const busyFor = (ms: number): void => {
      for (let left = ms; left > 0; left -= 5_000) {
        process.cpuMs += 2_500;
        pass(5_000);
      }
    };
    busyFor(60_000);
    assert.equal(process.collections, 0);
    pass(5_000);
    assert.equal(process.collections, 1);
  });

  it('collects ever more seldom what is no garbage', () => {
    pass(5_000);
    for (let step = 0; step < 720; step++) {
      process.anonymous += mb;
      process.live = process.anonymous;
      pass(5_000);
    }
    assert(process.collections <= 25, `${process.collections} collections in an hour`);
  });

  it('takes a two hundredth of a core for a heap that always fills up with a little garbage', () => {
    pass(5_000);
    for (let step = 0; step < 720; step++) {
      process.anonymous = process.live + 12 * mb;
      pass(5_000);
    }
    assert(process.collections * 200 <= 18_000 + 200, `${process.collections} collections in an hour`);
  });

  it('is quicker the more there is to give back', () => {
    pass(5_000);
    process.anonymous = process.live + 24 * mb;
    pass(15_000);
    assert.equal(process.collections, 1);
    pass(5_000);
    assert.equal(process.collections, 2);
  });

  it('takes the pages of files that came back for those in use', () => {
    pass(5_000);
    process.files = process.needed;
    pass(20_000);
    process.files = process.needed + 5 * mb;
    pass(600_000);
    assert.equal(process.releases, 1);
    process.files = process.needed + 15 * mb;
    pass(5_000);
    assert.equal(process.releases, 2);
  });
});
