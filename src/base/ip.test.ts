import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  cidrContains,
  formatEndpoint,
  formatIp,
  isLoopback,
  parseCidr,
  parseEndpoint,
  parseIp,
  readEndpoint4,
} from './ip.ts';

describe('ip', () => {
  const canonical: ReadonlyArray<readonly [string, string | null]> = [
    ['1.2.3.4', '1.2.3.4'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::', '::'],
    ['::1', '::1'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['fe80::1:2', 'fe80::1:2'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['1.2.3', null],
    ['1.2.3.256', null],
    ['01.2.3.4', null],
    ['1::2::3', null],
    ['1:2:3:4:5:6:7:8:9', null],
    ['12345::', null],
    ['1:2:3:4:5:6:7', null],
    ['::1.2.3.4:1', null],
    ['fe80::1%eth0', null],
    ['', null],
  ];
  for (const [text, expected] of canonical) {
    it(`reads "${text}" as ${expected}`, () => {
      const bytes = parseIp(text);
      assert.equal(bytes && formatIp(bytes), expected);
    });
  }

  it('reads and writes endpoints of both families', () => {
    assert.deepEqual(parseEndpoint('127.0.0.1:80'), { ip: '127.0.0.1', port: 80 });
    assert.deepEqual(parseEndpoint('[::1]:65535'), { ip: '::1', port: 65535 });
    assert.deepEqual(parseEndpoint('[::ffff:10.0.0.1]:1'), { ip: '10.0.0.1', port: 1 });
    assert.equal(formatEndpoint('::1', 53), '[::1]:53');
    assert.equal(formatEndpoint('10.0.0.1', 53), '10.0.0.1:53');
  });

  for (const bad of [
    '127.0.0.1',
    '::1:80',
    '[127.0.0.1]:80',
    '1.2.3.4:65536',
    '1.2.3.4:',
    'host:80',
    '[::1]',
    '',
  ]) {
    it(`refuses "${bad}" as an endpoint`, () => assert.equal(parseEndpoint(bad), null));
  }

  it('reads IPv4 endpoints into bytes just as the slower way does, and nothing else', () => {
    const part = fc.oneof(
      fc.nat(300).map(String),
      fc.constantFrom('', '0', '00', '01', '255', '256', '-1', 'x', ' 1', '1e1'),
    );
    const port = fc.oneof(part, fc.constantFrom('65535', '65536', '00080', '000080', '80 '));
    const joint = fc.constantFrom('.', '.', '.', '.', '..', ':', '');
    const text = fc.tuple(
      part,
      joint,
      part,
      joint,
      part,
      joint,
      part,
      fc.constantFrom(':', ':', ':', ''),
      port,
    );
    const bytes = new Uint8Array(18).fill(7);
    fc.assert(
      fc.property(text, (parts) => {
        const endpoint = parseEndpoint(parts.join(''));
        assert.equal(readEndpoint4(parts.join(''), bytes), endpoint !== null, parts.join(''));
        if (!endpoint) return;
        assert.equal(formatIp(bytes), endpoint.ip);
        assert.equal((bytes[16] << 8) | bytes[17], endpoint.port);
      }),
      { numRuns: 2000 },
    );
    assert.equal(readEndpoint4('[::1]:80', bytes), false);
  });

  it('tells which addresses a network holds, at prefix lengths off a byte boundary too', () => {
    const inside = (net: string, ip: string): boolean => cidrContains(parseCidr(net)!, parseIp(ip)!);
    assert.equal(inside('10.0.0.0/8', '10.255.0.1'), true);
    assert.equal(inside('10.0.0.0/8', '11.0.0.1'), false);
    assert.equal(inside('192.168.4.0/22', '192.168.7.255'), true);
    assert.equal(inside('192.168.4.0/22', '192.168.8.0'), false);
    assert.equal(inside('2001:db8::/33', '2001:db8:7fff::1'), true);
    assert.equal(inside('2001:db8::/33', '2001:db8:8000::1'), false);
    assert.equal(inside('0.0.0.0/0', '2001:db8::1'), false);
    assert.equal(inside('::/0', '2001:db8::1'), true);
    for (const bad of ['10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/8/8', 'x/8'])
      assert.equal(parseCidr(bad), null);
  });

  it('knows loopback', () => {
    assert.equal(isLoopback('127.8.8.8'), true);
    assert.equal(isLoopback('::1'), true);
    assert.equal(isLoopback('128.0.0.1'), false);
  });
});
