import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DnsAnswer, DnsRecord } from '../wire/traffic.ts';
import { PassiveNames } from './passive-names.ts';

const client = '192.0.2.10';
const server = '198.51.100.1';
const hour = 60 * 60_000;

function answer(
  query: string,
  addresses: readonly string[],
  record: Partial<DnsRecord> = {},
  ttl = 60,
): DnsRecord {
  const answers: DnsAnswer[] = addresses.map((data) => ({
    name: 'alias.example',
    type: data.includes(':') ? 'AAAA' : 'A',
    ttl,
    data,
  }));
  return {
    type: 'dns',
    ts: '2026-01-01T00:00:00.000Z',
    src: `${client}:40000`,
    dst: '192.0.2.53:53',
    transport: 'udp',
    id: 1,
    query,
    qtype: 'A',
    rcode: 'NOERROR',
    answers,
    duration_ms: 1,
    ...record,
  };
}

function named(...records: readonly DnsRecord[]): PassiveNames {
  const names = new PassiveNames();
  for (const [i, record] of records.entries()) names.add(record, i);
  return names;
}

describe('passive names', () => {
  it('name an address as it was asked for, with the time of the answer', () => {
    const names = named(answer('www.example', [server, '2001:db8::1']));
    assert.deepEqual(names.find(server, client, 5), { name: 'www.example', answeredMs: 0, expired: false });
    assert.equal(names.find('2001:db8::1', client, 5)?.name, 'www.example');
    assert.equal(names.find('198.51.100.2', client, 5), null);
  });

  it('prefer the newest of several names of one address', () => {
    const names = named(
      answer('a.example', [server]),
      answer('b.example', [server]),
      answer('a.example', [server]),
    );
    assert.equal(names.find(server, client, 5)?.name, 'a.example');
    assert.equal(names.find(server, client, 5)?.answeredMs, 2);
  });

  it('give a client the name that it asked for itself, then one from this machine, then any', () => {
    const mine = answer('mine.example', [server]);
    const local = answer('local.example', [server], { src: '127.0.0.1:40000', dst: '127.0.0.53:53' });
    const other = answer('other.example', [server], { src: '192.0.2.11:40000' });
    assert.equal(named(mine, local, other).find(server, client, 5)?.name, 'mine.example');
    assert.equal(named(local, other).find(server, client, 5)?.name, 'local.example');
    assert.equal(named(other).find(server, client, 5)?.name, 'other.example');
  });

  it('say when an answer is no longer valid, and forget it an hour later', () => {
    const names = named(answer('www.example', [server]));
    assert.equal(names.find(server, client, 60_001)?.expired, true);
    assert.equal(names.find(server, client, 60_000 + hour)?.name, 'www.example');
    assert.equal(names.find(server, client, 60_001 + hour), null);
  });

  it('take announcements of mDNS by the name of each address', () => {
    const names = named(answer('_ipp._tcp.local', [server], { transport: 'mdns', src: '192.0.2.9:5353' }));
    assert.equal(names.find(server, client, 5)?.name, 'alias.example');
  });

  it('ignore errors, questions without answer, blocked names and what is no name', () => {
    const names = named(
      answer('a', [server], { rcode: 'NXDOMAIN' }),
      answer('a', [server], { rcode: null }),
      answer('a', ['0.0.0.0', '::', '127.0.0.1', '::1']),
      answer('.', [server]),
      answer('<Name too long>', [server]),
      answer('a'.repeat(254), [server]),
    );
    assert.equal(names.size, 0);
  });

  it('keep a bounded number, the longest unanswered going first', () => {
    const names = new PassiveNames({ maxAddresses: 2 });
    for (const [i, address] of ['198.51.100.1', '198.51.100.2', '198.51.100.1', '198.51.100.3'].entries())
      names.add(answer(`n${i}`, [address]), i);
    assert.deepEqual([names.size, names.evicted], [2, 1]);
    assert.equal(names.find('198.51.100.2', client, 5), null);
    for (let i = 0; i < 100; i++) names.add(answer(`x${i}`, [server]), i);
    assert.equal(names.find(server, client, 100)?.name, 'x99');
  });
});
