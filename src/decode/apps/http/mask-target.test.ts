import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hideCredentials, maskTarget } from './mask-target.ts';

describe('masking of targets', () => {
  const cases: readonly [string, string][] = [
    ['/', '/'],
    ['/shop/cart?id=7&q=shoes&empty=', '/shop/cart?id=***&q=***&empty='],
    ['/search?shoes', '/search?shoes'],
    ['/x?0123456789abcdef0123456789', '/x?***'],
    ['/x#fragment', '/x'],
    ['/reset/4f2a99c1d0e1', '/reset/***'],
    ['/reset/password', '/reset/password'],
    ['/verify/abcdefghij1/next', '/verify/***/next'],
    ['/api/9f86d081884c7d659a2feaa0c55ad015/items', '/api/***/items'],
    ['/users/123e4567-e89b-12d3-a456-426614174000', '/users/***'],
    ['/bot123456:AAE_abcdefghijklmnopqrstuv/sendMessage', '/***/sendMessage'],
    ['/a/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', '/a/***'],
    ['/app;jsessionid=1A2B3C/list', '/app;jsessionid=***/list'],
    ['/assets/main-chunk.0f3a.js', '/assets/main-chunk.0f3a.js'],
    ['/2026/11/21/a-long-title-of-an-article-in-words', '/2026/11/21/a-long-title-of-an-article-in-words'],
    ['*', '*'],
    ['', ''],
  ];
  for (const [target, masked] of cases)
    it(`makes ${masked || 'nothing'} of ${target || 'nothing'}`, () =>
      assert.equal(maskTarget(target), masked));

  it('never lets credentials through', () => {
    assert.equal(hideCredentials('http://me:pass@example.org/a@b'), 'http://***@example.org/a@b');
    assert.equal(hideCredentials('http://me@example.org'), 'http://***@example.org');
    assert.equal(hideCredentials('/login?next=http://a@b/'), '/login?next=http://a@b/');
    assert.equal(hideCredentials('http://example.org/@x'), 'http://example.org/@x');
  });
});
