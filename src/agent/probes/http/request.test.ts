import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ProbeOf, probeSchema } from '../../../wire/probe.ts';
import { followRedirect, type HttpRequest, makeRequest, showUrl } from './request.ts';

const make = (probe: object): HttpRequest =>
  makeRequest(probeSchema.parse({ kind: 'http', url: 'https://a.test/x', ...probe }) as ProbeOf<'http'>);
const follow = (request: HttpRequest, status: number, location: string): HttpRequest => {
  const next = followRedirect(request, status, location);
  assert.ok(next && !('wrong' in next));
  return next;
};

/** Status, method, and the method after it; with the body only where it stays. */
const methods: readonly (readonly [number, string, string])[] = [
  [301, 'GET', 'GET'],
  [301, 'HEAD', 'HEAD'],
  [301, 'POST', 'GET'],
  [302, 'POST', 'GET'],
  [302, 'PUT', 'PUT'],
  [303, 'POST', 'GET'],
  [303, 'PUT', 'GET'],
  [303, 'HEAD', 'HEAD'],
  [307, 'POST', 'POST'],
  [308, 'DELETE', 'DELETE'],
];
for (const [status, method, after] of methods) {
  test(`${method} is ${after} after ${status}`, () => {
    const request = make({ method, body: 'b', headers: { 'Content-Type': 'text/plain', 'X-A': '1' } });
    const next = follow(request, status, '/y');
    assert.equal(next.method, after);
    assert.equal(next.body === null, after !== method);
    assert.equal(next.headers['content-type'] === undefined, after !== method);
    assert.equal(next.headers['x-a'], '1');
  });
}

test('what is no redirect is not followed', () => {
  const request = make({});
  for (const status of [200, 300, 304, 305, 399, 404])
    assert.equal(followRedirect(request, status, '/y'), null);
  assert.equal(followRedirect(request, 302, undefined), null);
});

test('a location is taken as relative, and what is no URL is not followed', () => {
  const request = make({ url: 'https://a.test/x/y?z' });
  assert.equal(follow(request, 302, '../w?q').url.href, 'https://a.test/w?q');
  assert.equal(follow(request, 302, '//b.test').url.href, 'https://b.test/');
  assert.deepEqual(followRedirect(request, 302, 'http://['), { wrong: 'redirects to what is no URL' });
  assert.deepEqual(followRedirect(request, 302, `/${'x'.repeat(9000)}`), {
    wrong: 'redirects to what is no URL',
  });
});

for (const location of [
  'http://a.test/x',
  'https://a.test:444/x',
  'https://b.test/x',
  'https://a.test.b.test/x',
]) {
  test(`${location} is another origin than https://a.test, and gets no credentials`, () => {
    const headers = {
      Authorization: 'x',
      Cookie: 'x',
      'X-Auth-Token': 'x',
      'X-Api-Key': 'x',
      Host: 'h.test',
      Accept: 'a',
    };
    const next = follow(make({ url: 'https://u:p@a.test/', headers }), 307, location);
    assert.deepEqual(Object.keys(next.headers).sort(), ['accept', 'accept-encoding', 'user-agent']);
  });
}

test('a URL is shown without what may be a secret', () => {
  const { url } = make({ url: 'https://user:pass@a.test:444/path?token=1#part' });
  assert.equal(showUrl(url), 'https://a.test:444/path?***');
  assert.equal(make({ url: 'https://u%zz:p@a.test/' }).headers.authorization, `Basic ${btoa('u%zz:p')}`);
});
