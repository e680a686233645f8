import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { NetmonError } from '../base/errors.ts';
import { dumpConfig, readConfig } from './config.ts';
import { type SettingName, settings } from './settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'netmon-config-'));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'netmon.toml');

function failure(
  names: readonly SettingName[],
  sources: { toml?: string; flags?: object; env?: object },
): NetmonError {
  if (sources.toml !== undefined) writeFileSync(file, sources.toml);
  try {
    readConfig(names, {
      flags: { ...sources.flags },
      env: { ...sources.env },
      ...(sources.toml !== undefined && { file }),
    });
  } catch (error) {
    assert.ok(error instanceof NetmonError);
    return error;
  }
  throw new Error('was accepted');
}

describe('config', () => {
  it('takes flags before the environment, that before the file, and that before the fallback', () => {
    writeFileSync(file, 'port = 1\nhost = "::1"\ndb-limit = "1GiB"\nallow-host = ["a", "b"]\n');
    const { values, origins } = readConfig(
      ['port', 'host', 'db-limit', 'allow-host', 'retention-days', 'db'],
      {
        flags: { port: '3' },
        env: { NETMON_PORT: '2', NETMON_HOST: '127.0.0.2' },
        file,
      },
    );
    assert.deepEqual(values, {
      port: 3,
      host: '127.0.0.2',
      'db-limit': 2 ** 30,
      'allow-host': ['a', 'b'],
      'retention-days': 7,
    });
    assert.deepEqual(
      [...origins.values()].map(({ from }) => from),
      ['flag --port', 'environment NETMON_HOST', `${file}: db-limit`, `${file}: allow-host`, 'default'],
    );
  });

  it('dumps a file that sets the same again', () => {
    const names = Object.keys(settings) as SettingName[];
    const first = readConfig(names, {
      flags: { port: '81', 'allow-host': 'a,b', 'reverse-dns': 'no' },
      env: {},
    });
    const dumped = dumpConfig(first.origins);
    assert.match(dumped, /^port = 81 {2}# flag --port$/m);
    assert.match(dumped, /^interval = "100ms" {2}# default$/m);
    assert.match(dumped, /^allow-host = \["a", "b"\] {2}# flag --allow-host$/m);
    writeFileSync(file, dumped);
    assert.deepEqual(readConfig(names, { flags: {}, env: {}, file }).values, first.values);
  });

  it('names the file, the key, the value and what is allowed', () => {
    const error = failure(['port'], { toml: 'port = 99999' });
    assert.equal(
      error.message,
      `${file}: port = "99999": expected a port from 0 to 65535 (0 for any free one)`,
    );
    assert.equal(error.code, 'NM_BAD_CONFIG');
  });

  it('names the environment variable and the flag', () => {
    assert.equal(
      failure(['interval'], { env: { NETMON_INTERVAL: 'soon' } }).message,
      'environment NETMON_INTERVAL = "soon": expected a duration from 100ms to 1m, such as 500ms, 2s or 5m',
    );
    const flag = failure(['log-level'], { flags: { 'log-level': 'loud' } });
    assert.equal(flag.message, '--log-level = "loud": expected one of debug, info, warn, error');
    assert.equal(flag.code, 'NM_BAD_FLAG');
    assert.equal(flag.exit, 2);
  });

  it('refuses an unknown key, a table and what is not TOML', () => {
    assert.match(
      failure([], { toml: 'prot = 1' }).message,
      /netmon\.toml: prot: no such setting; known are port, host,/,
    );
    assert.match(
      failure([], { toml: '[port]\na = 1' }).message,
      /netmon\.toml: port: expected a port from 0/,
    );
    assert.match(failure([], { toml: '__proto__ = 1' }).message, /__proto__/);
    assert.match(failure([], { toml: 'a = 1\nport = ' }).message, /netmon\.toml:2:\d+: not TOML: /);
    assert.match(failure([], { toml: 'port = "a\\u0000"' }).message, /port: expected/);
  });

  it('says that a file cannot be read', () => {
    assert.throws(() => readConfig([], { flags: {}, env: {}, file: join(folder, 'none') }), {
      message: `${join(folder, 'none')}: unable to read the configuration file`,
    });
  });

  const values: readonly (readonly [SettingName, string, unknown])[] = [
    ['interval', '2s', 2000],
    ['interval', '1.5s', 1500],
    ['interval', '2', undefined],
    ['interval', '61s', undefined],
    ['db-limit', '500MB', 5e8],
    ['db-limit', '1024', 1024],
    ['db-limit', '-1', undefined],
    ['port', '0', 0],
    ['port', '65536', undefined],
    ['port', '8080x', undefined],
    ['retention-days', '0', undefined],
    ['retention-days', '0.5', 0.5],
    ['reverse-dns', 'off', false],
    ['reverse-dns', 'constructor', undefined],
    ['max-sockets', '65536', 65_536],
    ['max-sockets', '65537', 131_072],
    ['max-sockets', '1023', undefined],
    ['max-sockets', '1048577', undefined],
    ['max-sockets', '1e4', undefined],
    ['server', 'http://h:1/', 'http://h:1'],
    ['server', 'ftp://h', undefined],
    ['server', 'h:80', undefined],
    ['allow-host', 'a, b,', ['a', 'b']],
    ['listen', '127.0.0.1:65240', { host: '127.0.0.1', port: 65_240 }],
    ['listen', '65241', { host: '127.0.0.1', port: 65_241 }],
    ['listen', '[::1]:1', { host: '::1', port: 1 }],
    ['listen', 'box.example:1', { host: 'box.example', port: 1 }],
    ['listen', '::1:1', undefined],
    ['listen', '127.0.0.1', undefined],
    ['listen', 'a:65536', undefined],
    ['forbid-orders', 'probe.run, monitor.put', ['probe.run', 'monitor.put']],
    ['forbid-orders', 'exec', undefined],
    ['forbid-orders', '', []],
    ['user', '', undefined],
  ];
  for (const [name, text, value] of values)
    it(`reads ${name} "${text}" as ${JSON.stringify(value)}`, () =>
      assert.deepEqual(settings[name].kind.parse(text), value));
});
