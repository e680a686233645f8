import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeReporter } from '../../platform/reporter.ts';
import { StoreGuard } from './store-guard.ts';

/** A store that can be made to fail, and what was said of it. */
function makeGuard() {
  const state = { problem: null as string | null };
  const lines: string[] = [];
  const reporter = makeReporter({ format: 'json', write: (line) => void lines.push(line) });
  const stats = () => ({ rows: 0, bytes: 0, expired: 0, ...state });
  return { state, lines, guard: new StoreGuard({ stats }, reporter) };
}

describe('writing what agents sent', () => {
  it('lets others have their turn after each frame, in the order in which they came', async () => {
    const { guard } = makeGuard();
    const happened: string[] = [];
    const write = (name: string) => async () => void happened.push(name);
    const all = ['a', 'b', 'c'].map((name) => guard.insist(write(name), () => true));
    let open = true;
    const others = (): void => {
      happened.push('others');
      if (open) setImmediate(others);
    };
    others();
    await Promise.all(all);
    open = false;
    assert.deepEqual(
      happened.filter((name) => name !== 'others'),
      ['a', 'b', 'c'],
    );
    assert.ok(happened.indexOf('b') - happened.indexOf('a') > 1, happened.join(' '));
    assert.ok(happened.indexOf('c') - happened.indexOf('b') > 1, happened.join(' '));
  });

  it('is tried until it can be done, which is said once, and once when it is over', async () => {
    const { state, lines, guard } = makeGuard();
    let tries = 0;
    const write = (result: string) => async () => {
      state.problem = ++tries < 4 ? 'the disk is full' : null;
      if (state.problem !== null) throw new Error('full');
      return result;
    };
    const results = ['a', 'b'].map((name) => guard.insist(write(name), () => true));
    assert.deepEqual(await Promise.all(results), ['a', 'b']);
    assert.equal(tries, 5);
    assert.equal(lines.length, 2);
    assert.match(lines[0], /"error".*unable to write to the database.*the disk is full/);
    assert.match(lines[1], /can be written again/);
  });

  it('is given up for what will not pass, and when nobody wants it any more', async () => {
    const { state, guard } = makeGuard();
    let tries = 0;
    const fail = async () => {
      tries++;
      throw new Error('no');
    };
    await assert.rejects(
      guard.insist(fail, () => true),
      /no/,
    );
    assert.equal(tries, 1);
    state.problem = 'the disk is full';
    await assert.rejects(
      guard.insist(fail, () => tries < 3),
      /no/,
    );
    assert.equal(tries, 3);
    state.problem = null;
    assert.equal(
      await guard.insist(
        async () => 'the next',
        () => true,
      ),
      'the next',
    );
  });
});
