import assert from 'node:assert/strict';
import { test } from 'node:test';
import { burstSite, fillPath, findPages, pickByWeight, plainSites, secureSites } from './sites.ts';

test('every page is found under the path that a visitor asks for', () => {
  for (const { host, pages } of [...plainSites, ...secureSites, burstSite])
    for (const page of pages) {
      const found = findPages(host, page.method, fillPath(page.path, 123, 'abc123'));
      assert.ok(found.includes(page), `${page.method} ${host}${page.path}`);
    }
});

test('what no site has is not found', () => {
  assert.deepEqual(findPages('shop.example', 'GET', '/products/1/x'), []);
  assert.deepEqual(findPages('shop.example', 'DELETE', '/products/1'), []);
  assert.deepEqual(findPages('other.example', 'GET', '/'), []);
});

test('pages are picked by their weights', () => {
  const list = [
    { weight: 1, name: 'a' },
    { weight: 3, name: 'b' },
  ];
  const picked = [0, 0.24, 0.26, 0.99, 1].map((random) => pickByWeight(list, random).name);
  assert.deepEqual(picked, ['a', 'a', 'b', 'b', 'b']);
});
