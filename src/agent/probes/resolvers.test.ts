import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseResolvers } from './resolvers.ts';

test('the resolvers are those of the lines nameserver, at most three', () => {
  const text =
    '# nameserver 1.1.1.1\nsearch test\nnameserver 192.0.2.1\nnameserver\tfe80::1%eth0\n nameserver 192.0.2.9\nnameserver x\nnameserver ::1\nnameserver 192.0.2.4\n';
  assert.deepEqual(parseResolvers(text), ['192.0.2.1', 'fe80::1%eth0', '::1']);
});

test('where none is named it is this machine', () => {
  assert.deepEqual(parseResolvers('options edns0\n'), ['127.0.0.1']);
});
