import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { NetmonError } from '../../base/errors.ts';
import { type RunningServer, startServer } from '../server.fixture.ts';
import { readMonitorsFile } from './yaml.ts';

let server: RunningServer;
before(async () => {
  server = await startServer();
});
after(() => server[Symbol.asyncDispose]());

interface Imported {
  readonly status: number;
  readonly created?: string[];
  readonly changed?: string[];
  readonly unchanged?: number;
  readonly code?: string;
  readonly detail?: string;
  readonly fields?: { readonly field: string; readonly message: string }[];
}

async function load(text: string, query = '', type = 'application/yaml'): Promise<Imported> {
  const answer = await fetch(`${server.url}/api/monitors/import${query}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: text,
  });
  return { ...((await answer.json()) as object), status: answer.status };
}
const save = async (query = ''): Promise<string> =>
  (await fetch(`${server.url}/api/monitors/export${query}`)).text();
const wrong = (text: string): Promise<string[]> =>
  load(text).then(({ status, fields = [] }) => {
    assert.equal(status, 400);
    return fields.map(({ field, message }) => `${field}: ${message}`);
  });

const file = `# What we watch
monitors:
  - id: gateway
    name: "Gateway <b>: #1"
    interval_ms: 20000
    probe: {kind: icmp, host: 192.0.2.1}
  - name: Shop
    parents: [gateway]
    labels: {site: berlin}
    probe:
      kind: http
      url: https://bob:hunter2@shop.example/
      headers:
        Authorization: Bearer abcdefgh
      body: |
        line 1
        line 2
    assertions:
      - test: "[STATUS] == 200"
`;

describe('monitors as a file', () => {
  it('are first only checked where that is asked for, and then made', async () => {
    const planned = await load(file, '?dry_run=true');
    assert.deepEqual(planned, { status: 200, created: ['gateway', 'shop'], changed: [], unchanged: 0 });
    assert.equal(server.monitors.book.size, 0);
    assert.deepEqual((await load(file)).created, ['gateway', 'shop']);
    const shop = server.monitors.book.require('shop');
    assert.equal(shop.probe.kind === 'http' && shop.probe.body, 'line 1\nline 2\n');
    assert.deepEqual(shop.parents, ['gateway']);
  });

  it('come out as they went in, without what is as by default and without secrets', async () => {
    assert.equal(
      await save(),
      `monitors:
  - id: gateway
    name: "Gateway <b>: #1"
    probe:
      kind: icmp
      host: 192.0.2.1
    interval_ms: 20000
  - id: shop
    name: Shop
    probe:
      kind: http
      url: https://***@shop.example/
      headers:
        Authorization: "***"
      body: |
        line 1
        line 2
    assertions:
      - test: "[STATUS] == 200"
        severity: down
    labels:
      site: berlin
    parents:
      - gateway
`,
    );
    assert.match(await save('?secrets=true'), /bob:hunter2@.*\n.*\n.*Bearer abcdefgh/);
  });

  it('change nothing when they are read back, masked or not', async () => {
    for (const query of ['', '?secrets=true']) {
      assert.deepEqual(await load(await save(query)), {
        status: 200,
        created: [],
        changed: [],
        unchanged: 2,
      });
    }
    assert.deepEqual((await load(file.replace('20000', '30000'))).changed, ['gateway']);
    assert.match(await save('?secrets=true'), /hunter2/);
  });

  it('say in which line what is wrong', async () => {
    assert.deepEqual(await wrong(file.replace('192.0.2.1', '"8.8.8.8;id"')), [
      'monitors[0].probe.host: line 6: expected a host name or an IP address',
    ]);
    assert.deepEqual(await wrong(file.replace('labels:', 'lables:')), [
      'monitors[1].lables: line 9: there is no such field',
    ]);
    assert.deepEqual(await wrong(file.replace('name: Shop\n    ', '')), [
      'monitors[1].name: line 7: Invalid input: expected string, received undefined',
    ]);
    assert.deepEqual(
      await wrong(`${file}  - id: new\n    name: n\n    probe: {kind: http, url: "http://***@a.example/"}\n`),
      [
        'monitors[2].probe.url: line 22: expected the value itself: *** stands for a secret only where it was read, for the same host',
      ],
    );
    assert.match((await wrong('monitors: [a: {]')).join(), /line 1: /);
    assert.deepEqual(await wrong('a: 1'), [
      'monitors: line 1: Invalid input: expected array, received undefined',
      'a: line 1: there is no such field',
    ]);
    assert.deepEqual(await wrong(file.replace('id: gateway', 'id: shop')), [
      'monitors[1]: line 7: shop is there twice',
    ]);
  });

  it('are refused where they are more than data', async () => {
    for (const [text, expected] of [
      ['a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n', /anchors are not taken/],
      ['monitors: *x\n', /nresolved alias|aliases are not taken/],
      ['monitors:\n  - __proto__: {polluted: true}\n', /line 2: there is no field __proto__/],
      ['monitors:\n  - constructor: {prototype: {polluted: true}}\n', /no field constructor/],
      ['monitors: !!js/function "x"\n', /tag|js/],
      ['monitors: !evil x\n', /tag !evil|nresolved tag/],
      ['monitors: []\n---\nmonitors: []\n', /expected one document/],
      ['', /empty/],
      ['a: 1\na: 2\n', /line 2: a is there twice/],
      ['monitors: "\\0"\n', /without NUL/],
      [`monitors: ${'['.repeat(2000)}`, /line 1/],
      [`monitors: ${'['.repeat(40)}${']'.repeat(40)}`, /this is too much/],
    ] as const) {
      const { status, detail = '' } = await load(text);
      assert.equal(status, 400, text.slice(0, 40));
      assert.match(detail, expected, text.slice(0, 40));
    }
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  });

  it('are read or refused with a line, whatever they hold', async () => {
    const tokens =
      'monitors|:| |\n|- |  |[|]|{|}|,|&a|*a|!|!!str|"|\'|>|?|%|@|`|#|---|...|<<|\t|\r|0x1|1e999|.inf|~|x|\\|\u2028';
    const part = fc.constantFrom('|', ...tokens.split('|'));
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 60 }), async (parts) => {
        try {
          await readMonitorsFile(parts.join(''), server.monitors);
        } catch (thrown) {
          if (!(thrown instanceof NetmonError) || thrown.code !== 'NM_VALIDATION') throw thrown;
          assert.match(thrown.message, /line \d+: |the document is empty/);
        }
      }),
      { seed: 9, numRuns: 1000 },
    );
  });

  it('are refused where they could not be read bit by bit', async () => {
    for (const text of [
      '# nothing\n'.repeat(200_000),
      '- a\n'.repeat(500_000),
      `monitors:\n${'- a\n'.repeat(500_000)}`,
      `monitors:\n- name: x\n${'  # nothing\n'.repeat(100_000)}`,
      `monitors: [${'x, '.repeat(200_000)}]`,
    ]) {
      const { status, detail = '' } = await load(text);
      assert.equal(status, 413, detail);
      assert.match(detail, / is too long to be read$/);
    }
  });

  it('are taken as YAML alone, of a size that can be read', async () => {
    assert.equal((await load('{"monitors": []}', '', 'application/json')).status, 415);
    assert.equal((await load(file, '', 'text/plain')).status, 415);
    assert.equal((await load('#'.repeat(5 * 1024 * 1024))).status, 413);
    const posted = await fetch(`${server.url}/api/monitors`, {
      method: 'POST',
      headers: { 'content-type': 'application/yaml' },
      body: file,
    });
    assert.equal(posted.status, 415);
    assert.equal((await load('monitors: []', '?dry_run=perhaps')).status, 400);
  });
});
