import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NetmonError } from '../base/errors.ts';
import { connectionFilterSchema } from '../wire/query.ts';
import { makeConnection } from './connection.fixture.ts';
import { makeConnectionMatcher } from './connection-filter.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const connection = makeConnection({
  process_id: 1234,
  process_name: 'Nginx (worker)',
  process_path: '/usr/sbin/nginx',
  local_addr: '10.1.2.3:443',
  remote_addr: '[2001:db8::7]:51000',
  remote_name: 'client.example.org',
  error: 'ECONNRESET',
  direction: 'inbound',
  user: 'www-data',
  agent: 'host-1',
});

describe('connection filter', () => {
  const cases: ReadonlyArray<readonly [Record<string, unknown>, boolean]> = [
    [{}, true],
    [{ error: 'ECONNRESET' }, true],
    [{ error: 'any' }, true],
    [{ error: 'none' }, false],
    [{ error: 'none,ECONNRESET' }, true],
    [{ error: ['ECONNREFUSED', 'EPIPE'] }, false],
    [{ error: '' }, true],
    [{ process: 'nGINX (w' }, true],
    [{ process: 'nginx.' }, false],
    [{ pid: '1234' }, true],
    [{ pid: '123' }, false],
    [{ path: '/sbin' }, true],
    [{ local: '10.1.2.3' }, true],
    [{ local: '10.1.2.3:443' }, true],
    [{ local: '10.1.2.3:44' }, false],
    [{ local: '10.1.0.0/16' }, true],
    [{ local: '::ffff:10.1.2.3' }, true],
    [{ remote: '2001:db8::/32' }, true],
    [{ remote: '[2001:db8::7]:51000' }, true],
    [{ remote: '[2001:DB8:0::7]' }, true],
    [{ remote: '2001:db9::/32' }, false],
    [{ remote: 'Example.ORG' }, true],
    [{ remote: 'example_org' }, false],
    [{ port: '443' }, true],
    [{ port: '51000' }, true],
    [{ port: '43' }, false],
    [{ protocol: 'tcp,udp' }, true],
    [{ protocol: 'udp' }, false],
    [{ state: 'LISTEN' }, false],
    [{ direction: 'inbound' }, true],
    [{ active: 'true' }, false],
    [{ active: '0' }, true],
    [{ agent: 'host-1', user: 'www-data' }, true],
    [{ agent: 'host-1', user: 'root' }, false],
    [{ since: '1h' }, true],
    [{ since: '59m' }, false],
    [{ until: '2026-01-01T01:00:00+01:00' }, true],
    [{ until: '61m' }, false],
    [{ text: 'CLIENT.example' }, true],
    [{ text: '1234' }, true],
    [{ text: '%' }, false],
  ];
  for (const [input, expected] of cases) {
    it(`${expected ? 'keeps' : 'drops'} it by ${JSON.stringify(input)}`, () => {
      assert.equal(makeConnectionMatcher(connectionFilterSchema.parse(input), now)(connection), expected);
    });
  }

  const bad: ReadonlyArray<readonly [Record<string, unknown>, string]> = [
    [{ local: 'example.org' }, 'local'],
    [{ remote: '10.0.0.0/33' }, 'remote'],
    [{ since: 'yesterday' }, 'since'],
    [{ until: '2026-13-01T00:00:00Z' }, 'until'],
    [{ error: "' OR 1=1--" }, 'error'],
  ];
  for (const [input, field] of bad) {
    it(`refuses ${JSON.stringify(input)} and names the field`, () => {
      assert.throws(
        () => makeConnectionMatcher(connectionFilterSchema.parse(input), now),
        (thrown) =>
          thrown instanceof NetmonError &&
          thrown.code === 'NM_BAD_FILTER' &&
          thrown.fields.map((problem) => problem.field).join() === field,
      );
    });
  }
});
