// Byte totals per connection and per process against what the generator moved, by every kind of call, and after the
// processes have exited.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Connection } from '../../src/wire/connection.ts';
import type { ProcessRow } from '../../src/wire/machine.ts';
import { generate, startGenerator } from '../support/generator.ts';
import { Namespace } from '../support/namespaces.ts';
import { missing } from '../support/needs.ts';
import { hasEnded, type Netmon, runNetmon } from '../support/netmon.ts';
import type { Account, PeersReport, ServedReport, ServeReport, TransferReport } from '../support/reports.ts';
import { until } from '../support/until.ts';

const sends = ['send', 'write', 'writev', 'sendmsg', 'sendmmsg', 'sendfile', 'splice', 'zerocopy', 'uring'];
const recvs = ['recv', 'read', 'readv', 'recvfrom', 'recvmsg', 'recvmmsg', 'peek', 'splice', 'uring'];
const addresses = { IPv4: '127.0.0.1', IPv6: '::1', 'IPv4 mapped into IPv6': '::ffff:127.0.0.1' } as const;

const skip = missing('root', 'gcc', 'namespaces', 'bpf');

describe('bytes are counted exactly', { skip, concurrency: 12 }, () => {
  let space: Namespace;
  let netmon: Netmon;

  before(async () => {
    space = new Namespace();
    netmon = await runNetmon();
  });
  after(async () => {
    await netmon?.[Symbol.asyncDispose]();
    space?.[Symbol.dispose]();
  });

  async function expectCounted(account: Account): Promise<void> {
    // A UDP socket that connects after its first datagram has a row of that and one of what came later.
    let counted = { sent: 0, received: 0 };
    await until(`the end of ${account.local} with all bytes`, async () => {
      const rows = (await netmon.ended({ pid: account.pid })).filter(
        (one) => one.remote_addr === account.remote,
      );
      counted = { sent: total(rows, 'bytes_sent'), received: total(rows, 'bytes_received') };
      const isOver = rows.some((one) => one.local_addr === account.local);
      return (isOver && counted.sent >= account.sent && counted.received >= account.received) || undefined;
    }).catch(() => {});
    assert.deepEqual(counted, { sent: account.sent, received: account.received });
    const process = await until('its process with all bytes', async () => {
      const all = await netmon.get<{ processes: ProcessRow[] }>(`/api/processes?pid=${account.pid}`);
      return all.processes.find((one) => one.process_id === account.pid && one.exited_at !== null);
    });
    assert.deepEqual(
      { sent: process.bytes_sent, received: process.bytes_received },
      { sent: account.sent, received: account.received },
    );
  }

  async function transfer(args: readonly (string | number)[]): Promise<void> {
    const report = await generate<TransferReport>(['transfer', ...args], { namespace: space });
    await expectCounted(report.client);
    await expectCounted(report.server);
  }

  for (const protocol of ['tcp', 'udp'])
    for (const [family, address] of Object.entries(addresses)) {
      for (const send of sends)
        it(`${protocol} over ${family} sent by ${send}`, () =>
          transfer(['--protocol', protocol, '--address', address, '--send', send, '--bytes', 1_234_567]));
      for (const recv of recvs)
        it(`${protocol} over ${family} received by ${recv}`, () =>
          transfer(['--protocol', protocol, '--address', address, '--recv', recv, '--bytes', 1_234_567]));
    }

  it('a hundred megabytes over TCP, spliced at both ends', () =>
    transfer(['--bytes', 100_000_000, '--chunk', 65_536, '--send', 'splice', '--recv', 'splice']));

  for (const address of Object.values(addresses))
    it(`each peer of an unconnected UDP socket has its own count, ${address}`, async () => {
      const report = await generate<PeersReport>(['peers', '--address', address, '--count', 8], {
        namespace: space,
      });
      for (const peer of report.peers) {
        const row = await netmon.find(
          `the peer ${peer.remote}`,
          { pid: report.pid },
          (one) => hasEnded(one) && one.remote_addr === peer.remote,
        );
        assert.equal(row.protocol, 'udp');
        assert.equal(row.bytes_sent, peer.sent);
        assert.equal(row.bytes_received, peer.received);
        assert.equal(row.packets_sent, peer.datagrams);
        assert.equal(row.packets_received, peer.datagrams);
      }
    });

  it('connections that are open show their bytes, and keep exact count of ten a second on many', async () => {
    await using server = startGenerator(['serve'], { namespace: space });
    const { port, pid } = await server.next<ServeReport>();
    await using holder = startGenerator(
      ['hold', '--port', port, '--count', 200, '--active', 50, '--rate', 20, '--bytes', 1000],
      { namespace: space },
    );
    await holder.next();
    await netmon.find('live bytes', { pid, active: 'true' }, (row) => (row.bytes_received ?? 0) > 10_000);
    holder.finish();
    const { sent, pid: client } = await holder.next<{ pid: number; sent: number }>();
    server.finish();
    const served = await server.next<ServedReport>();
    assert.equal(served.received, sent);
    await until('all their bytes', async () => {
      const [own, theirs] = await Promise.all([netmon.ended({ pid: client }), netmon.ended({ pid })]);
      const whole = total(own, 'bytes_sent') === sent && total(theirs, 'bytes_received') === sent;
      return whole || undefined;
    });
  });
});

function total(rows: readonly Connection[], field: 'bytes_sent' | 'bytes_received'): number {
  return rows.reduce((sum, row) => sum + (row[field] ?? 0), 0);
}
