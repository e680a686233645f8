import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
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

  const head = '[[connections]]\naddress = "127.0.0.1:1"\nkind = "agent"\n\n';
  const monitor = '[[monitors]]\nkind = "tcp"\ntarget = "h:1"\n';
  for (const [what, text, refusal] of [
    [
      'a value of another kind',
      `${head}[[connections]]\nkind = "agent"\naddress = 5\n`,
      /, line 7: connections\.1\.address: /,
    ],
    ['what is no TOML', `${head}[[monitors]\n`, /console\.toml, line 5, column \d+: no TOML: /],
    [
      'a kind that there is not',
      `${head}[[monitors]]\nkind = "exec"\ntarget = "/bin/sh"`,
      /, line 6: monitors\.0\.kind: /,
    ],
    ['a table in place of a text', `${monitor}\n[monitors.name]\na = 1`, /, line 1: monitors\.0\.name/],
    [
      'a target that is none',
      `${head}${monitor.replace('h:1', 'h')}`,
      /, line 5: HOST:PORT = "h": expected HOST:PORT/,
    ],
    [
      'a setting that there is not',
      `${monitor}exec = "sh"\n`,
      /, line 1: --exec: a monitor of TCP has no such setting/,
    ],
    [
      'a value that is none',
      `${monitor}interval = "soon"\n`,
      /, line 1: --interval = "soon": expected a duration/,
    ],
    [
      'a character that a terminal obeys',
      '[[connections]]\naddress = "a\\u001b[2J"\nkind = "agent"',
      /, line 2: connections\.0\.address: expected an address/,
    ],
    [
      'a field too many',
      `${head}[[connections]]\naddress = "a:1"\nkind = "agent"\nrun = "sh"\n`,
      /, line 5: connections\.1: .*run/,
    ],
  ] as const) {
    it(`is refused for ${what}, with the file and the line`, () => {
      writeFileSync(join(root, 'console.toml'), text, { mode: 0o600 });
      assert.throws(() => new Saved(root), refusal);
    });
  }

  it('is refused where others may read or change it, and where it is no file', () => {
    const folder = mkdtempSync(join(root, 'c-'));
    const path = join(folder, 'console.toml');
    writeFileSync(path, head);
    chmodSync(path, 0o640);
    assert.throws(() => new Saved(folder), /others may read or change it.*chmod 600/);
    chmodSync(path, 0o600);
    assert.equal(new Saved(folder).connections.length, 1);
    rmSync(path);
    mkdirSync(path);
    assert.throws(() => new Saved(folder), /is no file of netmon/);
  });

  it('has what another console kept meanwhile, and nothing that a terminal obeys among what was typed', () => {
    const folder = join(root, 'd');
    const [one, other] = [new Saved(folder), new Saved(folder)];
    one.keepConnection({ address: 'a:1', kind: 'agent' });
    other.keepConnection({ address: 'b:1', kind: 'agent' });
    assert.deepEqual(
      new Saved(folder).connections.map(({ address }) => address),
      ['a:1', 'b:1'],
    );
    one.keepHistory(['list', 'show \u001b]0;x\u0007']);
    assert.deepEqual(one.history(), ['list']);
    writeFileSync(join(folder, 'console-history'), 'list\n\u001b[2Jshow\n', { mode: 0o600 });
    assert.deepEqual(one.history(), ['list']);
  });
});
