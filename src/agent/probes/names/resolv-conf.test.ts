import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listCandidates, parseResolvConf, type ResolverSettings } from './resolv-conf.ts';

const usual: ResolverSettings = {
  servers: ['127.0.0.1'],
  search: [],
  ndots: 1,
  timeoutMs: 5000,
  attempts: 2,
};

test('the resolvers are those of the lines nameserver, at most three', () => {
  const text =
    '# nameserver 1.1.1.1\nnameserver 192.0.2.1\nnameserver\tfe80::1%eth0\n nameserver 192.0.2.9\nnameserver x\nnameserver ::1\nnameserver 192.0.2.4\n';
  assert.deepEqual(parseResolvConf(text, 'host').servers, ['192.0.2.1', 'fe80::1%eth0', '::1']);
});

test('where nothing is said all is as resolv.conf(5) has it, the domain that of the host', () => {
  assert.deepEqual(parseResolvConf('', 'host'), usual);
  assert.deepEqual(parseResolvConf('', 'host.lab.test').search, ['lab.test']);
});

test('the last line of search or domain counts', () => {
  assert.deepEqual(parseResolvConf('search a.test b.test.\n', 'h.x').search, ['a.test', 'b.test']);
  assert.deepEqual(parseResolvConf('search a.test\ndomain c.test d.test\n', 'h.x').search, ['c.test']);
  assert.deepEqual(parseResolvConf('search\n', 'h.x').search, []);
});

test('options are taken within their bounds, what is none is passed over', () => {
  const { ndots, timeoutMs, attempts } = parseResolvConf(
    'options ndots:5 timeout:1 rotate edns0\noptions attempts:99 ndots:x ndots:\n',
    'h',
  );
  assert.deepEqual([ndots, timeoutMs, attempts], [5, 1000, 5]);
  assert.equal(parseResolvConf('options timeout:0 ndots:0', 'h').timeoutMs, 1000);
  assert.equal(parseResolvConf('options ndots:0', 'h').ndots, 0);
});

test('a name is asked for as getaddrinfo would', () => {
  const settings = { ...usual, search: ['a.test', 'b.test'] };
  assert.deepEqual(listCandidates('db', settings), ['db.a.test', 'db.b.test', 'db']);
  assert.deepEqual(listCandidates('db.x', settings), ['db.x', 'db.x.a.test', 'db.x.b.test']);
  assert.deepEqual(listCandidates('db.x', { ...settings, ndots: 2 }), ['db.x.a.test', 'db.x.b.test', 'db.x']);
  assert.deepEqual(listCandidates('db.', settings), ['db']);
  assert.deepEqual(listCandidates('x'.repeat(250), settings), ['x'.repeat(250)]);
});
