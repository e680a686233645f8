import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assignTones } from './tones.ts';

describe('assignTones', () => {
  const own = { http: 'blue', dns: 'yellow' };

  it('gives each name its own tone, and none of those to another', () => {
    const tones = assignTones(['websocket', 'dns', 'ssh', 'http'], own, ['yellow', 'red', 'green']);
    assert.deepEqual(Object.fromEntries(tones), {
      dns: 'yellow',
      http: 'blue',
      websocket: 'red',
      ssh: 'green',
    });
  });

  it('gives tones again when there are more names', () => {
    assert.deepEqual(
      [...assignTones(['a', 'b', 'c'], own, ['red', 'green']).values()],
      ['red', 'green', 'red'],
    );
    assert.equal(assignTones(['dns', 'a'], own, ['yellow']).get('a'), 'yellow');
  });

  it('takes a name like those that objects have by themselves for any other', () => {
    assert.equal(assignTones(['constructor'], own, ['red']).get('constructor'), 'red');
  });
});
