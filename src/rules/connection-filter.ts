import { cidrContains, parseEndpoint, parseIp } from '../base/ip.ts';
import type { Connection } from '../wire/connection.ts';
import {
  type AddressTest,
  type ResolvedFilter,
  resolveConnectionFilter,
  searchedFields,
  splitAgents,
} from '../wire/filter.ts';
import type { ConnectionFilter } from '../wire/query.ts';

export type ConnectionMatcher = (connection: Connection) => boolean;

/**
 * A predicate that holds for the connections that a filter asks for, as the store's SQL does. `now` (Unix
 * milliseconds) is what durations in `since` and `until` count from. Addresses and times of the connections must be
 * in canonical text. Throws NM_BAD_FILTER.
 */
export function makeConnectionMatcher(filter: ConnectionFilter, now: number): ConnectionMatcher {
  const tests = listTests(resolveConnectionFilter(filter, now));
  if (tests.length === 0) return () => true;
  if (tests.length === 1) return tests[0];
  return (connection) => {
    for (const test of tests) if (!test(connection)) return false;
    return true;
  };
}

function listTests(filter: ResolvedFilter): ConnectionMatcher[] {
  const tests: ConnectionMatcher[] = [];
  const { active, pid, agent, user, since, until, protocol, state, direction } = filter;
  if (active !== undefined) tests.push((c) => c.active === active);
  if (pid !== undefined) tests.push((c) => c.process_id === pid);
  if (agent !== undefined) {
    const agents = splitAgents(agent);
    tests.push((c) => c.agent !== null && agents.includes(c.agent));
  }
  if (user !== undefined) tests.push((c) => c.user === user);
  if (protocol) tests.push((c) => c.protocol !== null && protocol.includes(c.protocol));
  if (state) tests.push((c) => c.state !== null && state.includes(c.state));
  if (direction) tests.push((c) => c.direction !== null && direction.includes(c.direction));
  if (since !== undefined) tests.push((c) => c.timestamp >= since);
  if (until !== undefined) tests.push((c) => c.timestamp <= until);
  if (filter.error) tests.push(makeErrorTest(filter.error));
  if (filter.port !== undefined) tests.push(makePortTest(filter.port));
  if (filter.local) tests.push(makeAddressTest(filter.local, 'local_addr'));
  if (filter.remote) tests.push(makeAddressTest(filter.remote, 'remote_addr'));
  if (filter.process !== undefined) tests.push(makePartTest(filter.process, ['process_name']));
  if (filter.path !== undefined) tests.push(makePartTest(filter.path, ['process_path']));
  if (filter.container !== undefined) tests.push(makePartTest(filter.container, ['container']));
  if (filter.application !== undefined) tests.push((c) => c.application === filter.application);
  if (filter.site !== undefined) tests.push(makePartTest(filter.site, ['site', 'sni']));
  if (filter.text !== undefined) tests.push(makePartTest(filter.text, searchedFields));
  return tests;
}

function makeErrorTest(names: readonly string[]): ConnectionMatcher {
  const any = names.includes('any');
  const none = names.includes('none');
  return ({ error }) => (error === null ? none : any || names.includes(error));
}

function makePortTest(port: number): ConnectionMatcher {
  const ending = `:${port}`;
  return (connection) => connection.local_addr.endsWith(ending) || connection.remote_addr.endsWith(ending);
}

function makeAddressTest(test: AddressTest, field: 'local_addr' | 'remote_addr'): ConnectionMatcher {
  if (test.kind === 'endpoint') return (connection) => connection[field] === test.text;
  if (test.kind === 'name') return makePartTest(test.part, ['remote_name']);
  return (connection) => {
    const endpoint = parseEndpoint(connection[field]);
    const bytes = endpoint && parseIp(endpoint.ip);
    return bytes !== null && cidrContains(test.cidr, bytes);
  };
}

/**
 * Whether any of the fields contains the text, where ASCII letters match in either case and others only themselves,
 * as in SQLite. The expression is literal characters only, so it cannot backtrack.
 */
function makePartTest(part: string, fields: readonly (keyof Connection)[]): ConnectionMatcher {
  const source = Array.from({ length: part.length }, (_, i) => matchUnit(part[i])).join('');
  const expression = new RegExp(source);
  return (connection) => {
    for (const field of fields) {
      const value = connection[field];
      if (value !== null && expression.test(String(value))) return true;
    }
    return false;
  };
}

/** The expression that matches one UTF-16 unit. */
function matchUnit(unit: string): string {
  if (/[A-Za-z]/.test(unit)) return `[${unit.toLowerCase()}${unit.toUpperCase()}]`;
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
