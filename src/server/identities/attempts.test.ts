import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { Attempts } from './attempts.ts';
import { CallerLimit } from './caller-limit.ts';
import { callerNetwork } from './caller-network.ts';

test('a caller is its address of IPv4, or its /64 of IPv6', () => {
  for (const [address, network] of [
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'],
    ['2001:db8:1:2::1', '2001:db8:1:2::'],
    ['2001:db8:1:3::1', '2001:db8:1:3::'],
    ['fe80::1%eth0', 'fe80::'],
    ['', ''],
  ]) {
    assert.equal(callerNetwork(address), network, address);
  }
});

test('a caller with too many wrong tokens waits a minute, and nobody else does', () => {
  let now = 0;
  const attempts = new Attempts(() => now);
  for (let i = 0; i < 20; i++) {
    attempts.check('evil');
    attempts.fail('evil');
  }
  assert.throws(() => attempts.check('evil'), { code: 'NM_RATE' });
  attempts.check('good');
  now = 59_999;
  assert.throws(() => attempts.check('evil'), { code: 'NM_RATE' });
  now = 60_000;
  attempts.check('evil');
});

test('callers without end take no more room than there is, and keep nobody out', () => {
  const attempts = new Attempts(() => 0);
  for (let i = 0; i < 100_000; i++) attempts.fail(`evil ${i}`);
  attempts.check('good');
  for (let i = 0; i < 20; i++) attempts.fail('last');
  assert.throws(() => attempts.check('last'), { code: 'NM_RATE' });
});

test('the connections of one /64 count together', () => {
  const limit = new CallerLimit();
  const call = (remoteAddress: string, remotePort: number): { isLetIn: boolean; socket: Socket } => {
    const socket = Object.assign(new EventEmitter(), { remoteAddress, remotePort, destroy: () => {} });
    return { isLetIn: limit.add(socket as unknown as Socket), socket: socket as unknown as Socket };
  };
  const held = Array.from({ length: 64 }, (_, i) => call(`2001:db8::${(i + 1).toString(16)}`, 1000 + i));
  assert.ok(held.every(({ isLetIn }) => isLetIn));
  assert.equal(call('2001:db8::ffff', 1).isLetIn, false);
  assert.equal(call('2001:db8:0:1::1', 1).isLetIn, true);
  held[0].socket.emit('close');
  assert.equal(call('2001:db8::ffff', 2).isLetIn, true);
  limit.release(held[1].socket);
  assert.equal(call('2001:db8::ffff', 3).isLetIn, true);
});
