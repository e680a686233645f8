import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findRoute, parseRoutes, parseRoutes6 } from './routes.ts';

const ipv4 = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
tun0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0
*\t0000A8C0\t00000000\t0201\t0\t0\t0\t0000FFFF\t0\t0\t0
lo\t0000007F\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0
nonsense
`;
const zero = '0'.repeat(32);
const ipv6 = `fd000000000000000000000000000000 40 ${zero} 00 ${zero} 00000100 00000001 00000000 00000001     eth0
${zero} 00 ${zero} 00 fd000000000000000000000000000001 00000400 00000003 00000000 00000003     eth1
${zero} 00 ${zero} 00 ${zero} ffffffff 00000001 00000000 00200200       lo
ff000000000000000000000000000000 08 ${zero} 00 ${zero} 00000100 00000001 00000000 00000001     eth2
x
`;

describe('the routes of a machine', () => {
  const routes = [...parseRoutes(ipv4), ...parseRoutes6(ipv6)];

  for (const [ip, name, gateway] of [
    ['192.0.2.9', 'eth0', null],
    ['198.51.100.1', 'eth0', '192.0.2.1'],
    ['10.1.2.3', 'tun0', null],
    ['fd00::9', 'eth0', null],
    ['2001:db8::1', 'eth1', 'fd00::1'],
    ['fe80::1%eth1', 'eth1', 'fd00::1'],
  ] as const) {
    it(`lead to ${ip} by ${name}`, () => {
      const route = findRoute(routes, ip);
      assert.deepEqual([route?.interface, route?.gateway], [name, gateway]);
    });
  }

  it('lead nowhere without one, of that family', () => {
    const only4 = parseRoutes(ipv4);
    assert.equal(findRoute(only4, '2001:db8::1'), null);
    assert.equal(findRoute(parseRoutes6(ipv6), '198.51.100.1'), null);
    assert.equal(findRoute(routes, 'example.org'), null);
    assert.deepEqual(parseRoutes(''), []);
    assert.deepEqual(parseRoutes6('\n\u{0}\n'), []);
  });
});
