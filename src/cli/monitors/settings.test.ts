import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NetmonError } from '../../base/errors.ts';
import { monitorSettingsSchema } from '../../wire/monitor.ts';
import { kindForms, kindNames, nameKind, writeTarget } from './probe-fields.ts';
import {
  type Answers,
  changeSettings,
  findProblem,
  findTargetProblem,
  listChosen,
  listFields,
  makeSettings,
  readKind,
  startDraft,
  writeField,
} from './settings.ts';

const examples: readonly (readonly [string, string, Answers, unknown])[] = [
  [
    'https',
    'example.org/a',
    { header: ['Accept: text/html', 'X-Key: a: b'], method: ['HEAD'], verify: ['no'], 'http-version': ['2'] },
    {
      kind: 'http',
      url: 'https://example.org/a',
      method: 'HEAD',
      headers: { Accept: 'text/html', 'X-Key': 'a: b' },
      verify: false,
      version: '2',
    },
  ],
  ['http', 'http://h:1/', { body: ['a\\r\\n'] }, { kind: 'http', url: 'http://h:1/', body: 'a\r\n' }],
  [
    'icmp',
    '[fe80::1%eth0]',
    { echoes: ['20'], gap: ['50ms'], family: ['6'] },
    { kind: 'icmp', host: 'fe80::1%eth0', echoes: 20, gap_ms: 50, family: 6 },
  ],
  [
    'dns',
    'example.org',
    { type: ['MX'], resolver: ['127.0.0.1'], port: ['5353'], dnssec: ['yes'] },
    { kind: 'dns', name: 'example.org', type: 'MX', server: '127.0.0.1', port: 5353, dnssec: true },
  ],
  ['ntp', '[::1]:1123', { samples: ['1'] }, { kind: 'ntp', host: '::1', port: 1123, samples: 1 }],
  ['ntp', 'fd00::1', {}, { kind: 'ntp', host: 'fd00::1', port: 123 }],
  [
    'tcp',
    'mail:25',
    { tls: ['starttls'], starttls: ['smtp'], step: ['expect 220*', 'send EHLO a\\r\\n', 'send-hex 00ff'] },
    {
      kind: 'tcp',
      host: 'mail',
      port: 25,
      tls: 'starttls',
      starttls: 'smtp',
      steps: [
        { expect: '220*' },
        { send: 'EHLO a\r\n', encoding: 'text' },
        { send: '00ff', encoding: 'hex' },
      ],
    },
  ],
  [
    'udp',
    'h:9',
    { payload: ['ping'], expect: ['pong*'] },
    { kind: 'udp', host: 'h', port: 9, payload: 'ping', expect: 'pong*' },
  ],
  ['udp', 'h:9', {}, { kind: 'udp', host: 'h', port: 9, payload: '' }],
  [
    'traceroute',
    'h',
    { method: ['tcp'], port: ['80'] },
    { kind: 'traceroute', host: 'h', method: 'tcp', port: 80 },
  ],
];

const common: Answers = {
  name: ['the shop'],
  interval: ['90s'],
  timeout: ['1.5s'],
  retries: ['2'],
  assert: ['[CONNECTED] == true', 'degraded: [RESPONSE_TIME] < 300'],
  agents: ['a, b', 'c'],
  quorum: ['2'],
  failures: ['3'],
  share: ['20:50:20'],
  label: ['team=web', 'tier='],
  parent: ['router'],
  maintenance: ['2026-12-24T18:00:00Z/2026-12-24T20:00:00Z new disks', 'sat,sun 03:00 2h'],
  public: ['yes'],
};

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof NetmonError && error.code === 'NM_BAD_FLAG', String(error));
    return error.message;
  }
  return assert.fail('nothing was refused');
}

describe('settings of monitors as people write them', () => {
  for (const [kind, target, answers, probe] of examples) {
    it(`${kind} ${target} ${JSON.stringify(answers)}`, () => {
      const { name, probe: made } = makeSettings(readKind(kind), target, answers);
      assert.equal(name, target);
      assert.deepEqual(made, monitorSettingsSchema.parse({ name: 'x', probe }).probe);
    });
  }

  it('takes what all kinds have', () => {
    assert.deepEqual(makeSettings('icmp', 'h', common), {
      ...monitorSettingsSchema.parse({ name: 'x', probe: { kind: 'icmp', host: 'h' } }),
      name: 'the shop',
      interval_ms: 90_000,
      timeout_ms: 1500,
      retries: 2,
      assertions: [
        { test: '[CONNECTED] == true', severity: 'down' },
        { test: '[RESPONSE_TIME] < 300', severity: 'degraded' },
      ],
      agents: ['a', 'b', 'c'],
      quorum: 2,
      thresholds: { failures: 3, successes: 1, share: { rounds: 20, raise_percent: 50, clear_percent: 20 } },
      labels: { team: 'web', tier: '' },
      parents: ['router'],
      maintenance: [
        { from: '2026-12-24T18:00:00Z', to: '2026-12-24T20:00:00Z', note: 'new disks' },
        { weekdays: [6, 0], at: '03:00', minutes: 120, note: '' },
      ],
      public: true,
    });
  });

  it('writes every field so that it reads the same again', () => {
    for (const [kind, target, answers] of examples) {
      const settings = makeSettings(readKind(kind), target, { ...answers, ...common });
      const name = nameKind(settings.probe);
      const written = Object.fromEntries(
        listFields(name).map((field) => [field.name, writeField(settings, field)]),
      );
      assert.deepEqual(makeSettings(name, writeTarget(settings.probe), written), settings);
    }
  });

  it('tells what was chosen from what is usual', () => {
    const settings = makeSettings('icmp', 'h', { echoes: ['20'], interval: ['30s'] });
    assert.deepEqual(
      listChosen(settings).map(({ field, texts }) => [field.name, ...texts]),
      [
        ['echoes', '20'],
        ['interval', '30s'],
      ],
    );
  });

  it('changes what was said alone', () => {
    const before = makeSettings('tcp', 'a:1', common);
    assert.deepEqual(changeSettings(before, 'b:2', { interval: ['5s'], label: [''] }), {
      ...before,
      probe: { ...before.probe, host: 'b', port: 2 },
      interval_ms: 5000,
      labels: {},
    });
  });

  it('refuses what no agent could carry out', () => {
    for (const [kind, answers, message] of [
      ['tcp', { tls: ['starttls'] }, /^--starttls: expected the protocol/],
      ['tcp', { step: ['send-hex 0f0'] }, /^--step: expected pairs of hexadecimal digits/],
      ['udp', { encoding: ['hex'], payload: ['70 6'] }, /^--payload: expected pairs/],
    ] as const) {
      assert.match(
        refusal(() => makeSettings(kind, 'h:1', answers)),
        message,
      );
    }
    const draft = {
      ...startDraft('udp', 'h:1'),
      probe: { kind: 'udp', host: 'h', port: 1, payload: '', encoding: 'hex' },
    };
    const payload = listFields('udp').find(({ name }) => name === 'payload')!;
    assert.match(findProblem(draft, payload, ['7']) ?? '', /^expected pairs/);
    assert.equal(findProblem(draft, payload, ['70:69 0A']), null);
  });

  it('has an example of an assertion for every kind that it could have', () => {
    for (const kind of kindNames) {
      const target = kindForms[kind].target.example;
      assert.equal(makeSettings(kind, target, { assert: [kindForms[kind].assertion] }).assertions.length, 1);
    }
  });

  it('says what is wrong, with the flag', () => {
    assert.match(
      refusal(() => readKind('gopher')),
      /^"gopher" is no kind of probe: expected one of http, https/,
    );
    assert.match(
      refusal(() => makeSettings('tcp', 'host', {})),
      /^HOST:PORT = "host": expected HOST:PORT such as/,
    );
    assert.match(
      refusal(() => makeSettings('icmp', '-c1', {})),
      /^HOST: expected a host name or an IP address/,
    );
    assert.match(
      refusal(() => makeSettings('https', 'ftp://x', {})),
      /^URL: expected a URL of http or https/,
    );
    assert.match(
      refusal(() => makeSettings('icmp', 'h', { method: ['GET'] })),
      /^--method: a monitor of ICMP has no/,
    );
    assert.match(
      refusal(() => makeSettings('icmp', 'h', { interval: ['5'] })),
      /^--interval = "5": expected a duration/,
    );
    assert.match(
      refusal(() => makeSettings('icmp', 'h', { interval: ['5ms'] })),
      /^--interval: expected 1s at least$/,
    );
    assert.match(
      refusal(() => makeSettings('icmp', 'h', { share: ['9:10:50'] })),
      /^--share: expected less than raise/,
    );
    assert.match(
      refusal(() => makeSettings('icmp', 'h', { agents: ['a b'] })),
      /^--agents: /,
    );
  });

  it('checks one answer, or a target, by itself', () => {
    const draft = startDraft('icmp', 'h');
    const fields = new Map(listFields('icmp').map((field) => [field.name, field]));
    assert.equal(findProblem(draft, fields.get('echoes')!, ['100']), null);
    assert.equal(findProblem(draft, fields.get('echoes')!, ['101']), 'expected 100 at most');
    assert.equal(
      findProblem(draft, fields.get('gap')!, ['x']),
      'expected a duration such as 500ms, 30s or 5m',
    );
    assert.equal(findTargetProblem('udp', '[::1]:53'), null);
    assert.match(findTargetProblem('udp', 'h:0') ?? '', /1/);
    assert.match(findTargetProblem('icmp', '') ?? '', /expected HOST such as example.org/);
  });

  it('has no two fields of one name in a kind', () => {
    for (const kind of kindNames) {
      const names = listFields(kind).map(({ name }) => name);
      assert.equal(new Set(names).size, names.length, kind);
    }
  });
});
