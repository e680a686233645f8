import assert from 'node:assert/strict';
import { test } from 'node:test';
import { orderAddresses } from './address-order.ts';

const routed = (): boolean => true;

test('IPv6 comes first where there is a way to it, and last where there is none', () => {
  const both = ['192.0.2.1', '2001:db8::1', '192.0.2.2'];
  assert.deepEqual(orderAddresses(both, routed), ['2001:db8::1', '192.0.2.1', '192.0.2.2']);
  const onlyFour = (ip: string): boolean => !ip.includes(':');
  assert.deepEqual(orderAddresses(both, onlyFour), ['192.0.2.1', '192.0.2.2', '2001:db8::1']);
});

test('addresses of IPv6 that lead nowhere as a rule come after IPv4', () => {
  for (const ip of ['2002:a00:1::1', '2001:0:1::1', 'fd00::1'])
    assert.deepEqual(orderAddresses([ip, '192.0.2.1'], routed), ['192.0.2.1', ip]);
  assert.deepEqual(orderAddresses(['127.0.0.1', '::1'], routed), ['::1', '127.0.0.1']);
});

test('addresses of one family stay as they came, and no route is asked for', () => {
  const ask = (): never => assert.fail();
  assert.deepEqual(orderAddresses(['192.0.2.9', '192.0.2.1'], ask), ['192.0.2.9', '192.0.2.1']);
  assert.deepEqual(orderAddresses([], ask), []);
});
