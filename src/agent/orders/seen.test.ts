import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { SeenOrders } from './seen.ts';

const folder = mkdtempSync(join(tmpdir(), 'netmon-seen-'));
after(() => rmSync(folder, { recursive: true }));

describe('the ids of orders that were accepted', () => {
  it('are known after a restart, from a file of which only its owner knows', () => {
    const path = join(folder, 'restart');
    const id = randomUUID();
    assert.equal(new SeenOrders({ path }).add(id), true);
    const next = new SeenOrders({ path });
    assert.equal(next.has(id), true);
    assert.equal(next.has(randomUUID()), false);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('are only forgotten for want of room and when no clock would take their orders', () => {
    let now = 0;
    const seen = new SeenOrders({ path: null, maxIds: 2, monotonic: () => now });
    const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()];
    assert.ok(seen.add(first) && seen.add(second));
    now = 180_000;
    assert.equal(seen.add(third), false);
    now++;
    assert.equal(seen.add(third), true);
    assert.deepEqual(
      [first, second, third].map((id) => seen.has(id)),
      [false, true, true],
    );
  });

  it('leave room for as many others after each restart', () => {
    const path = join(folder, 'full');
    let now = 0;
    const options = { path, maxIds: 3, monotonic: () => now };
    const first = new SeenOrders(options);
    const ids = [randomUUID(), randomUUID(), randomUUID()];
    for (const id of ids) assert.equal(first.add(id), true);
    const second = new SeenOrders(options);
    for (let i = 0; i < 3; i++) assert.equal(second.add(randomUUID()), true);
    assert.equal(second.add(randomUUID()), false);
    assert.deepEqual(
      ids.map((id) => second.has(id)),
      [true, true, true],
    );
    now = 180_001;
    for (let i = 0; i < 20; i++) second.add(randomUUID());
    assert.ok(readFileSync(path).length <= 6 * 37);
  });

  it('take a file that does not grow without bound', () => {
    const path = join(folder, 'long');
    let now = 0;
    const seen = new SeenOrders({ path, maxIds: 10, monotonic: () => now });
    for (let i = 0; i < 1000; i++) {
      now += 100_000;
      assert.equal(seen.add(randomUUID()), true);
    }
    assert.ok(readFileSync(path).length <= 20 * 37);
  });

  it('begin anew when the file is damaged, or none of this program', () => {
    const path = join(folder, 'damaged');
    const id = randomUUID();
    writeFileSync(path, `\0\0garbage\n${id}\n${id.slice(0, 10)}`);
    assert.equal(new SeenOrders({ path }).has(id), true);
    writeFileSync(path, 'x'.repeat(2_000_000));
    assert.equal(new SeenOrders({ path }).has(id), false);
  });

  it('are remembered by the process alone when the file cannot be written, which is told', () => {
    const failures: unknown[] = [];
    const path = join(folder, 'missing', 'file');
    const seen = new SeenOrders({ path, onFailure: (error) => failures.push(error) });
    const id = randomUUID();
    assert.equal(seen.add(id), true);
    assert.equal(seen.has(id), true);
    assert.ok(failures.length > 0);
  });
});
