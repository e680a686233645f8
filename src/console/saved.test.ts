import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { makeSettings } from '../cli/monitors/settings.ts';
import { readSaved, Saved } from './saved.ts';

const root = mkdtempSync(join(tmpdir(), 'netmon-saved-'));
after(() => rmSync(root, { recursive: true }));

describe('what a console keeps', () => {
  it('is there the next time, for its user alone', () => {
    const folder = join(root, 'a', 'netmon');
    const saved = new Saved(folder);
    const settings = makeSettings('tcp', 'mail:25', {
      name: ['mail'],
      step: ['send A\\r\\n', 'expect 250*'],
      interval: ['5s'],
      label: ['a=b'],
    });
    saved.keepConnection({ address: '127.0.0.1:1', kind: 'agent' });
    saved.keepConnection({ address: 'http://h', kind: 'server', token_file: '/t' });
    saved.keepConnection({ address: '127.0.0.1:1', kind: 'agent' });
    saved.keepMonitor(settings);
    saved.keepMonitor({ ...settings, agents: ['x'], stopped_on: ['y'], parents: ['z'] });
    saved.keepHistory(['list', 'show a']);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    for (const name of readdirSync(folder))
      assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
    const again = new Saved(folder);
    assert.deepEqual(
      again.connections.map(({ address }) => address),
      ['http://h', '127.0.0.1:1'],
    );
    assert.deepEqual(again.monitors.map(readSaved), [settings]);
    assert.deepEqual(again.history(), ['list', 'show a']);
    again.forgetConnection('http://h');
    assert.equal(new Saved(folder).connections.length, 1);
  });

  it('can be read by people', () => {
    const folder = join(root, 'b');
    new Saved(folder).keepMonitor(makeSettings('https', 'https://h/', { assert: ['[STATUS] == 200'] }));
    const text = readFileSync(join(folder, 'console.toml'), 'utf8');
    assert.match(
      text,
      /\[\[monitors\]\]\nkind = "https"\ntarget = "https:\/\/h\/"\nname = "https:\/\/h\/"\nassert = /,
    );
  });

  it('is refused with the file and the place when somebody has damaged it', () => {
    writeFileSync(join(root, 'console.toml'), '[[connections]]\naddress = 5\n');
    assert.throws(() => new Saved(root), /console\.toml: connections\.0\.address: /);
    writeFileSync(join(root, 'console.toml'), '=');
    assert.throws(() => new Saved(root), /console\.toml is no TOML/);
  });
});
