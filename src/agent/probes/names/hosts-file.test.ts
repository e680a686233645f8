import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHosts } from './hosts-file.ts';

test('a line has an address and its names, and a name may be on several', () => {
  const { addresses, names } = parseHosts(
    '127.0.0.1\tlocalhost\n192.0.2.1 Web.test. web # web2\n2001:DB8::0:1 web.test\nfe80::1%eth0 near\n',
  );
  assert.deepEqual(addresses.get('web.test'), ['192.0.2.1', '2001:db8::1']);
  assert.deepEqual(addresses.get('web'), ['192.0.2.1']);
  assert.deepEqual(addresses.get('near'), ['fe80::1%eth0']);
  assert.equal(addresses.get('web2'), undefined);
  assert.equal(names.get('192.0.2.1'), 'Web.test');
});

test('what is no line of it is passed over', () => {
  const { addresses } = parseHosts('# 192.0.2.1 a\n\n192.0.2.300 b\n192.0.2.1\nc 192.0.2.1\n\0\x1b[31m d\n');
  assert.equal(addresses.size, 0);
});
