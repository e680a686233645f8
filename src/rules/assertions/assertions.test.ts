import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { NetmonError } from '../../base/errors.ts';
import { type ProbeKind, probeKinds } from '../../wire/probe.ts';
import { checkAssertion, parseAssertion } from './assertions.ts';
import type { Facts } from './facts.ts';
import { placeholders } from './placeholders.ts';

const body = {
  status: 'up',
  'odd key.': 1,
  version: '1.20',
  ttl: 300,
  ready: true,
  nothing: null,
  items: [{ name: 'a' }, { name: 'b' }],
  tags: ['red', 'green'],
};
const facts: Facts = {
  STATUS: 503,
  RESPONSE_TIME: 412.34,
  CONNECTED: true,
  IP: '192.0.2.7',
  HEADER: { 'content-type': 'text/html; charset=utf-8', age: '61', 'x-api-key': 'abcdefgh' },
  BODY: JSON.stringify(body),
  BODY_JSON: body,
  CERTIFICATE_EXPIRATION: 3 * 86_400_000,
  CERTIFICATE_NAMES: ['example.org', 'www.example.org'],
  ANSWERS: ['192.0.2.1', '192.0.2.2'],
  LOSS: 12.5,
  OFFSET: 3.2,
  RCODE: 'NOERROR',
  TTL: 60,
};

const check = (text: string, of: Facts = facts): string | null => checkAssertion(parseAssertion(text), of);

const holding = [
  '[STATUS] == 503',
  '[STATUS]==503',
  '503 == [STATUS]',
  '[STATUS] != 200',
  '[STATUS] >= 500',
  '600 > [STATUS]',
  '[STATUS] == any(200, 503)',
  '[STATUS] != any(200, 201)',
  '[STATUS] == pat(5*)',
  '[RESPONSE_TIME] < 500',
  '[RESPONSE_TIME] < 500ms',
  '[RESPONSE_TIME] < 0.5s',
  '[RESPONSE_TIME] > 400000us',
  '[CERTIFICATE_EXPIRATION] > 48h',
  '[CERTIFICATE_EXPIRATION] <= 3d',
  '[CERTIFICATE_EXPIRATION] > 2d1h30m',
  '[LOSS] < 13',
  '[LOSS] < 13%',
  '[CONNECTED] == true',
  '[IP] == pat(192.0.2.*)',
  '[IP] == 192.0.2.7',
  '[RCODE] == NOERROR',
  '[RCODE] == any(NOERROR, NXDOMAIN)',
  '[ANSWERS] == 192.0.2.2',
  '[ANSWERS][0] == 192.0.2.1',
  '[ANSWERS] != 192.0.2.3',
  'len([ANSWERS]) == 2',
  '[CERTIFICATE_NAMES] == pat(www.*)',
  '[HEADER].content-type == text/html; charset=utf-8',
  '[HEADER].Content-Type == pat(text/html*)',
  '[HEADER]["content-type"] == "text/html; charset=utf-8"',
  '[HEADER].age < 90',
  'has([HEADER].age)',
  'has([HEADER].x-cache) == false',
  '[BODY] == pat(*"status":"up"*)',
  '[BODY].status == up',
  '[BODY].status == "up"',
  "[BODY].status == 'up'",
  '[BODY]["odd key."] == 1',
  '[BODY].version == 1.20',
  '[BODY].version == 1.2',
  '[BODY].version != "1.2"',
  '[BODY].ttl == 300',
  '[BODY].ttl == 300ms',
  '[BODY].ttl >= 299.5',
  '[BODY].ready == true',
  '[BODY].nothing == null',
  '[BODY].items[1].name == b',
  '[BODY].items[0].name != [BODY].items[1].name',
  '[BODY].tags == green',
  'len([BODY].tags) == 2',
  'len([BODY].items) < 3',
  'len([BODY].status) == 2',
  'len([BODY].items) == len([BODY].tags)',
  'has([BODY].nothing) == true',
  '[BODY] == any(pat(*(nothing)*), pat(*green*))',
  '[BODY].status == pat("u*")',
];

for (const text of holding) {
  test(`${text} holds`, () => assert.equal(check(text), null));
}

const failing: readonly (readonly [string, string])[] = [
  ['[STATUS] == 200', 'it is 503'],
  ['[RESPONSE_TIME] < 300', 'it is 412.3 ms'],
  ['[CERTIFICATE_EXPIRATION] > 7d', 'it is 3 d'],
  ['[LOSS] < 5', 'it is 12.5 %'],
  ['[BODY].status == "down"', 'it is "up"'],
  ['[BODY].status < 5', 'it is "up"'],
  ['[BODY].missing == 1', 'there is no [BODY].missing'],
  ['[BODY].missing != 1', 'there is no [BODY].missing'],
  ['[BODY].items.length == 2', 'there is no [BODY].items.length'],
  ['[BODY].status.length == 2', 'there is no [BODY].status.length'],
  ['[BODY].__proto__ != 1', 'there is no [BODY].__proto__'],
  ['[BODY].constructor.name == Object', 'there is no [BODY].constructor.name'],
  ['[BODY].items == 1', 'it is a list of 2'],
  ['[BODY].items[0] == a', 'it is an object with 1 members'],
  ['[BODY].tags == blue', 'it is "red", "green"'],
  ['has([BODY].items[2])', 'it is false'],
  ['len([BODY].tags) == 3', 'it is 2'],
  ['len([BODY].ready) == 3', '[BODY].ready has no length'],
  [
    '[BODY].items[0].name == [BODY].items[1].name',
    '[BODY].items[0].name is "a", [BODY].items[1].name is "b"',
  ],
  ['[HEADER].x-api-key == other', 'it is ***'],
  ['[HEADER].__proto__ == x', 'there is no [HEADER].__proto__'],
  ['[ANSWERS] == 192.0.2.9', 'it is "192.0.2.1", "192.0.2.2"'],
];

for (const [text, seen] of failing) {
  test(`${text} fails and says what there was`, () => assert.equal(check(text), `${text}: ${seen}`));
}

test('a fact that the probe knows nothing of is as absent', () => {
  assert.equal(
    check('[RESPONSE_TIME] < 5', { RESPONSE_TIME: null }),
    '[RESPONSE_TIME] < 5: there is no [RESPONSE_TIME]',
  );
});

test('a fact that is absent fails what compares it, whichever way', () => {
  assert.equal(check('[STATUS] != 200', {}), '[STATUS] != 200: there is no [STATUS]');
  assert.equal(check('[BODY].a == 1', {}), '[BODY].a == 1: there is no body');
  assert.equal(check('[BODY].a == 1', { STATUS: 200 }), '[BODY].a == 1: the body is not JSON');
});

test('the length of a body is that of its list, or of its text', () => {
  assert.equal(check('len([BODY]) == 3', { BODY: '[1,2,3]', BODY_JSON: [1, 2, 3] }), null);
  assert.equal(check('len([BODY]) == 4', { BODY: 'a😀bc' }), null);
  assert.equal(check('[BODY][2] == 3', { BODY_JSON: [1, 2, 3] }), null);
});

test('members that objects of JavaScript inherit are no facts, own ones of the same name are', () => {
  const own = JSON.parse('{"__proto__": {"a": 1}}') as Facts;
  assert.equal(check('[BODY].__proto__.a == 1', { BODY_JSON: own }), null);
  assert.equal(check('has([BODY].toString) == false', { BODY_JSON: {} }), null);
});

test('a message shows a piece of a long text, and no secret in it', () => {
  const message = check('[BODY] == ok', { BODY: `password=hunter2hunter2 ${'x'.repeat(5000)}\n` });
  assert.match(message ?? '', /^\[BODY\] == ok: it is "password=\*\*\* x+"… \(5025 characters\)$/);
  assert.ok((message ?? '').length < 200);
});

const wrong: readonly (readonly [string, ProbeKind | undefined, RegExp])[] = [
  ['', undefined, /^column 1: expected a placeholder such as \[STATUS\], or a value$/],
  ['STATUS == 200', undefined, /^column 1: expected a placeholder such as \[STATUS\]$/],
  ['[STATUS]', undefined, /^column 9: expected one of == != <= >= < >$/],
  ['[STATUS] = 200', undefined, /^column 10: expected one of/],
  ['[STATUS] == ', undefined, /^column 13: expected a placeholder/],
  ['[status] == 200', undefined, /^column 1: expected a placeholder in capitals/],
  ['[STATUS] == ok', undefined, /^column 13: expected a number$/],
  ['[STATUS] == any(200, ok)', undefined, /^column 22: expected a number$/],
  ['[RESPONSE_TIME] < soon', undefined, /^column 19: expected a number or a duration such as 300ms or 48h$/],
  ['[RESPONSE_TIME] == soon', undefined, /^column 20: expected a duration/],
  ['[CONNECTED] == yes', undefined, /^column 16: expected true or false$/],
  ['[CONNECTED] < 1', undefined, /^column 1: only == and != go with \[CONNECTED\]$/],
  ['[STATUS] < any(1, 2)', undefined, /^column 12: only == and != go with pat, any and has$/],
  [
    '[STATUS] == 200 && [BODY] == ok',
    undefined,
    /^column 17: expected the end, or the whole text in quotes$/,
  ],
  ['[BODY] == "a" b', undefined, /^column 15: expected the end/],
  ['[BODY] == "a', undefined, /^column 11: expected a text that ends with the same quote$/],
  ['[BODY] == pat(a', undefined, /^column 15: expected a pattern with a closing parenthesis$/],
  ['[BODY].items[x] == 1', undefined, /^column 14: expected an index such as \[0\], or a key in quotes$/],
  ['[BODY]..a == 1', undefined, /^column 8: expected a key$/],
  ['len(5) == 1', undefined, /^column 5: expected a placeholder in capitals/],
  ['len([BODY] == 1', undefined, /^column 12: expected a closing parenthesis$/],
  ['[STATUS].a == 1', undefined, /^column 1: \[STATUS\] has no parts$/],
  ['[HEADER] == 1', undefined, /^column 1: expected the name of a header/],
  [
    '[LOSS] < 5',
    'http',
    /^column 1: no placeholder of a http probe is called \[LOSS\]; there are RESPONSE_TIME, IP, .*STATUS/,
  ],
  ['[NOPE] < 5', undefined, /^column 1: no placeholder is called \[NOPE\]; there are /],
  ['[BODY_JSON] == 5', 'http', /no placeholder of a http probe is called \[BODY_JSON\]/],
];

for (const [text, kind, message] of wrong) {
  test(`${JSON.stringify(text)}${kind ? ` of ${kind}` : ''} is refused with its column`, () => {
    assert.throws(
      () => parseAssertion(text, kind),
      (thrown) =>
        thrown instanceof NetmonError && thrown.code === 'NM_VALIDATION' && message.test(thrown.message),
    );
  });
}

test('the facts that an assertion reads are named', () => {
  assert.deepEqual(parseAssertion('[STATUS] == 200').facts, ['STATUS']);
  assert.deepEqual(parseAssertion('[BODY] == ok').facts, ['BODY']);
  assert.deepEqual(parseAssertion('[BODY].a == [HEADER].b').facts, ['BODY_JSON', 'HEADER']);
  assert.deepEqual(parseAssertion('len([BODY]) > 0').facts, ['BODY', 'BODY_JSON']);
});

test('random text is an assertion or refused, and never anything else', () => {
  const pieces = [
    '[STATUS]',
    '[BODY]',
    '.a',
    '[0]',
    '"x"',
    "'",
    '==',
    '<',
    'any(',
    'pat(',
    ')',
    ',',
    '5',
    ' ',
    '\\',
    'len(',
    '\0',
  ];
  let seed = 7;
  const next = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  for (let round = 0; round < 5000; round++) {
    const text = Array.from({ length: 1 + next(8) }, () => pieces[next(pieces.length)]).join('');
    try {
      const parsed = parseAssertion(text);
      const seen = checkAssertion(parsed, facts);
      assert.ok(seen === null || typeof seen === 'string');
    } catch (thrown) {
      assert.ok(thrown instanceof NetmonError, `${text}: ${String(thrown)}`);
    }
  }
});

test('the documentation has a row for each placeholder, as the code has them', () => {
  const page = readFileSync(new URL('../../../docs/assertions.md', import.meta.url), 'utf8');
  const rows = page.slice(page.indexOf('## Placeholders')).match(/^\| `\[.*$/gm) ?? [];
  const types = {
    number: 'number',
    time: 'time',
    text: 'text',
    'yes-no': 'yes or no',
    list: 'list',
    tree: 'with parts',
  };
  const expected = placeholders.map(({ name, type, unit, kinds, help }) => {
    const written = type === 'number' && unit !== null ? (unit === '%' ? 'percent' : unit) : types[type];
    return `| \`[${name}]\` | ${written} | ${kinds.length === probeKinds.length ? 'all' : kinds.join(', ')} | ${help} |`;
  });
  assert.deepEqual(rows, expected);
});
