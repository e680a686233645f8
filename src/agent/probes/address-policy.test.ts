import assert from 'node:assert/strict';
import { test } from 'node:test';
import { probeNetworksValue } from '../../platform/probe-networks.ts';
import { settings } from '../../platform/settings.ts';
import { allowAll, makeAddressPolicy } from './address-policy.ts';
import type { AddressPolicy } from './probe.ts';

function policyOf(text: string): AddressPolicy {
  const rules = probeNetworksValue.parse(text);
  assert.ok(rules, text);
  return makeAddressPolicy(rules);
}

const byDefault = policyOf(settings['probe-networks'].fallback);

const allowed =
  '8.8.8.8 1.1.1.1 10.0.0.1 172.31.255.255 192.168.1.1 100.64.0.1 172.32.0.1 2606:4700::1111 2a00:1450:4001::1 ' +
  'fd12:3456::1 ::ffff:8.8.8.8 ::ffff:10.0.0.1 64:ff9b::8.8.8.8 2002:808:808::1 2001:4860:4860::8888';
for (const ip of allowed.split(' ')) {
  test(`${ip} may be probed by default`, () => assert.equal(byDefault.refuse(ip), null));
}

/** With what is needed in --probe-networks for it. */
const refused: readonly (readonly [string, string, string?])[] = [
  ['169.254.169.254', 'a link-local address'],
  ['::ffff:169.254.169.254', 'a link-local address'],
  ['::ffff:a9fe:a9fe', 'a link-local address'],
  ['0:0:0:0:0:FFFF:A9FE:A9FE', 'a link-local address'],
  ['64:ff9b::169.254.169.254', 'a link-local address (169.254.169.254)'],
  ['2002:a9fe:a9fe::1', 'a link-local address (169.254.169.254)'],
  ['::169.254.169.254', 'a link-local address (169.254.169.254)'],
  ['fe80::1', 'a link-local address'],
  ['fe80::1%eth0', 'a link-local address'],
  ['127.0.0.1', 'a loopback address'],
  ['127.255.0.1', 'a loopback address'],
  ['::1', 'a loopback address'],
  ['::ffff:127.0.0.1', 'a loopback address'],
  ['64:ff9b::7f00:1', 'a loopback address (127.0.0.1)'],
  ['2002:7f00:1::', 'a loopback address (127.0.0.1)'],
  ['::127.0.0.1', 'a loopback address (127.0.0.1)'],
  ['0.0.0.0', 'a special address', '0.0.0.0'],
  ['::', 'a special address', '::'],
  ['::ffff:0.0.0.0', 'a special address', '0.0.0.0'],
  ['255.255.255.255', 'a special address', '255.255.255.255'],
  ['224.0.0.1', 'a special address', '224.0.0.1'],
  ['ff02::1', 'a special address', 'ff02::1'],
  ['2001::1', 'a special address', '2001::1'],
  ['64:ff9b:1::a00:1', 'a special address', '64:ff9b:1::a00:1'],
  ['fd00:ec2::254', 'an address of a metadata service', 'fd00:ec2::254'],
  ['100.100.100.200', 'an address of a metadata service', '100.100.100.200'],
  ['168.63.129.16', 'an address of a metadata service', '168.63.129.16'],
];
for (const [ip, what, own] of refused) {
  test(`${ip} is refused by default as ${what}`, () => {
    const needed = own ?? (what.split(' ')[1] === 'loopback' ? 'loopback' : 'link-local');
    const message = `it is ${what}, which is not probed without ${needed} in --probe-networks`;
    assert.equal(byDefault.refuse(ip), message);
  });
}

test('what is no address is refused', () => {
  for (const text of ['', 'localhost', '127.1', '0x7f.1', '2852039166', '/run/docker.sock', '[::1]']) {
    assert.equal(byDefault.refuse(text), 'it is not an address', text);
  }
});

test('a network that is forbidden stays so whatever else is listed, in every form of its addresses', () => {
  const policy = policyOf('public,private,!10.1.0.0/16,10.1.2.3');
  assert.equal(policy.refuse('10.2.0.1'), null);
  for (const ip of ['10.1.2.3', '::ffff:10.1.2.3', '64:ff9b::10.1.2.3', '2002:a01:203::1']) {
    assert.equal(policy.refuse(ip), 'the rule !10.1.0.0/16 of --probe-networks forbids it', ip);
  }
  assert.equal(
    policyOf('public,!public').refuse('8.8.8.8'),
    'the rule !public of --probe-networks forbids it',
  );
});

test('loopback, link-local and single addresses can be listed', () => {
  assert.equal(policyOf('loopback').refuse('127.0.0.1'), null);
  assert.equal(policyOf('loopback').refuse('::1'), null);
  assert.equal(policyOf('link-local').refuse('169.254.169.254'), null);
  assert.equal(policyOf('fd00:ec2::254').refuse('fd00:ec2::254'), null);
  assert.equal(policyOf('192.0.2.0/24').refuse('192.0.2.9'), null);
  assert.notEqual(policyOf('192.0.2.0/24').refuse('8.8.8.8'), null);
  assert.notEqual(policyOf('').refuse('8.8.8.8'), null);
});

test('a rule that is none is refused as a setting', () => {
  for (const text of ['publik', '10.0.0.0/33', '!', '!!private', 'public,1.2.3', 'localhost']) {
    assert.equal(probeNetworksValue.parse(text), undefined, text);
  }
});

test('a probe from the shell reaches everything', () => {
  assert.equal(allowAll.refuse('169.254.169.254'), null);
});
