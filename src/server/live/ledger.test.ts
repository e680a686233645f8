import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeConnection as connection } from '../../rules/connection.fixture.ts';
import { otherName } from '../../wire/rollup.ts';
import { TrafficLedger } from './ledger.ts';

const start = Date.parse('2026-01-01T00:00:00.000Z');
const opened_at = '2026-01-01T00:00:01.000Z';
const tls = {
  agent: 'a',
  application: 'tls',
  application_by: 'payload',
  sni: 'Shop.Example',
  opened_at,
} as const;

describe('TrafficLedger', () => {
  it('counts each byte of a connection once, while it is open and when it ends', () => {
    const ledger = new TrafficLedger(start);
    ledger.look([connection({ id: 1, ...tls, bytes_sent: 10, bytes_received: 100 })]);
    ledger.look([connection({ id: 1, ...tls, bytes_sent: 15, bytes_received: 100 })]);
    ledger.end(1, connection({ id: 1, ...tls, bytes_sent: 20, bytes_received: 130 }));
    ledger.end(2, connection({ id: 2, ...tls, bytes_sent: 1, bytes_received: 1, count: 3 }));
    const [{ applications, encrypted }] = ledger.take();
    const sums = { connections: 4, bytes_sent: 21, bytes_received: 131 };
    assert.deepEqual(applications, [{ application: 'tls', decided_by: 'payload', ...sums }]);
    assert.deepEqual(
      encrypted.map(({ process, ...row }) => row),
      [{ site: 'shop.example', transport: 'tls', ...sums }],
    );
    assert.deepEqual(ledger.take(), []);
  });

  it('leaves out what passed before it began, and listening sockets', () => {
    const ledger = new TrafficLedger(start);
    const old = { agent: 'a', application: 'ssh', opened_at: '2025-12-31T00:00:00.000Z' } as const;
    ledger.look([connection({ id: 1, ...old, bytes_sent: 1000, bytes_received: 0 })]);
    ledger.look([
      connection({ id: 1, ...old, bytes_sent: 1005, bytes_received: 0 }),
      connection({ id: 2, direction: 'listening' }),
    ]);
    assert.deepEqual(
      ledger
        .take()
        .flatMap(({ applications }) => applications.map((row) => [row.connections, row.bytes_sent])),
      [[1, 5]],
    );
  });

  it('waits a look for the application of a new connection', () => {
    const ledger = new TrafficLedger(start);
    ledger.look([connection({ id: 1, agent: 'a', application: null, opened_at, bytes_sent: 5 })]);
    assert.deepEqual(ledger.take(), []);
    ledger.look([connection({ id: 1, agent: 'a', application: 'http', opened_at, bytes_sent: 5 })]);
    assert.equal(ledger.take()[0].applications[0].application, 'http');
  });

  it('counts a connection between two ends of this machine once', () => {
    const ledger = new TrafficLedger(start);
    const client = { local_addr: '127.0.0.1:40000', remote_addr: '127.0.0.1:443', process_name: 'curl' };
    const server = { local_addr: '127.0.0.1:443', remote_addr: '127.0.0.1:40000', process_name: 'nginx' };
    const rows = [
      connection({ id: 1, ...tls, ...client, direction: 'local', bytes_sent: 10, bytes_received: 100 }),
      connection({ id: 2, ...tls, ...server, direction: 'local', bytes_sent: 100, bytes_received: 10 }),
    ];
    ledger.look(rows);
    for (const row of rows) ledger.end(row.id, row);
    const [{ applications, encrypted }] = ledger.take();
    const sums = { connections: 1, bytes_sent: 10, bytes_received: 100 };
    assert.deepEqual(applications, [{ application: 'tls', decided_by: 'payload', ...sums }]);
    assert.deepEqual(encrypted, [{ site: 'shop.example', transport: 'tls', process: 'curl', ...sums }]);
  });

  it('bounds a flood of sites', () => {
    const ledger = new TrafficLedger(start);
    for (let id = 0; id < 2000; id++) {
      ledger.end(id, connection({ id, ...tls, sni: `${id}.example`, bytes_sent: 1, bytes_received: 0 }));
    }
    const [{ encrypted }] = ledger.take();
    assert.equal(encrypted.length, 501);
    assert.equal(encrypted.find(({ site }) => site === otherName)?.connections, 1500);
  });
});
