// For every errno a real failure of a real process, over IPv4 and IPv6, blocking and not: the failing program says
// what it saw, and netmon must say the same of it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { splitEndpoint } from '../support/endpoints.ts';
import { buildGenerator, generate, startGenerator } from '../support/generator.ts';
import { absentAddress, farAddress, type Link, makeLink, Namespace } from '../support/namespaces.ts';
import { missing } from '../support/needs.ts';
import { type Netmon, runNetmon } from '../support/netmon.ts';
import type { FailureReport, StepReport } from '../support/reports.ts';

type Family = 4 | 6;
const families: readonly Family[] = [4, 6];
const waits = ['blocking', 'poll', 'epoll'] as const;
const loopback = { 4: '127.0.0.1', 6: '::1' } as const;
/** Nobody routes there: there is no default route in a fresh namespace. */
const unrouted = { 4: '10.99.0.1', 6: 'fd99::1' } as const;
const routes = {
  unreachable: { 4: '10.72.0.1', 6: 'fd72::1' },
  prohibit: { 4: '10.73.0.1', 6: 'fd73::1' },
  blackhole: { 4: '10.74.0.1', 6: 'fd74::1' },
} as const;
/** Ports of `far` and what its firewall does with them; nothing listens on any. */
const ports = {
  drop: 7001,
  reset: 7002,
  host: 7003,
  net: 7004,
  prohibited: 7005,
  portUnreachable: 7006,
} as const;

const skip = missing('root', 'gcc', 'namespaces', 'nft', 'bpf', 'socketDestroy');

describe('every failure is recorded with its errno and its process', { skip, concurrency: 16 }, () => {
  let link: Link;
  let alone: Namespace;
  let netmon: Netmon;

  before(async () => {
    buildGenerator();
    link = makeLink();
    alone = new Namespace();
    setUpRoutes(link);
    netmon = await runNetmon();
  });
  after(async () => {
    await netmon?.[Symbol.asyncDispose]();
    link?.[Symbol.dispose]();
    alone?.[Symbol.dispose]();
  });

  /** The failing program's report against netmon's row of it. */
  async function expectRecorded(report: FailureReport, error: string, network: Namespace): Promise<void> {
    assert.equal(report.error, error, 'the program itself met that errno');
    const row = await netmon.find(
      `${error} of process ${report.pid}`,
      { error, pid: report.pid },
      (one) => one.remote_addr === report.remote,
    );
    assert.equal(row.error, error);
    assert.equal(row.process_id, report.pid);
    assert.equal(row.process_name, 'generate');
    assert.equal(row.process_path, buildGenerator());
    assert.equal(row.network_namespace, network.inode);
    assert.equal(row.phase, report.phase);
    assert.equal(row.count, 1);
    assert.equal(row.bytes_sent, report.sent);
    assert.equal(row.bytes_received, report.received);
    const reported = splitEndpoint(report.local);
    if (reported.port !== 0) assert.equal(row.local_addr, report.local);
    const all = await netmon.connections({ pid: report.pid, error: 'any' });
    assert.equal(all.length, 1, 'one failure is one row');
  }

  const connects: readonly {
    readonly error: string | Readonly<Record<Family, string>>;
    readonly cause: string;
    readonly to: Readonly<Record<Family, string>>;
    readonly more?: readonly (string | number)[];
    readonly mapped?: string;
  }[] = [
    { error: 'ECONNREFUSED', cause: 'a closed port', to: loopback, mapped: '::ffff:127.0.0.1' },
    { error: 'ECONNREFUSED', cause: 'a closed UDP port', to: loopback, more: ['--protocol', 'udp'] },
    {
      error: 'ECONNREFUSED',
      cause: 'a closed UDP port of another host',
      to: farAddress,
      more: ['--protocol', 'udp', '--port', 7999],
    },
    { error: 'ECONNREFUSED', cause: 'a closed port of another host', to: farAddress, more: ['--port', 7999] },
    { error: 'ECONNREFUSED', cause: 'a RST while connecting', to: farAddress, more: ['--port', ports.reset] },
    {
      error: 'ECONNREFUSED',
      cause: 'ICMP port unreachable',
      to: farAddress,
      more: ['--port', ports.portUnreachable],
    },
    {
      error: 'EHOSTUNREACH',
      cause: 'an address without a neighbour',
      to: absentAddress,
      more: ['--port', 80],
    },
    {
      error: { 4: 'EHOSTUNREACH', 6: 'EHOSTUNREACH' },
      cause: 'an unreachable route',
      to: routes.unreachable,
      more: ['--port', 80],
    },
    { error: 'EHOSTUNREACH', cause: 'ICMP host unreachable', to: farAddress, more: ['--port', ports.host] },
    { error: 'ENETUNREACH', cause: 'no route', to: unrouted, more: ['--port', 80] },
    {
      error: 'ENETUNREACH',
      cause: 'no route for UDP',
      to: unrouted,
      more: ['--port', 53, '--protocol', 'udp'],
    },
    { error: 'ENETUNREACH', cause: 'ICMP net unreachable', to: farAddress, more: ['--port', ports.net] },
    {
      error: { 4: 'EHOSTUNREACH', 6: 'EACCES' },
      cause: 'ICMP administratively prohibited',
      to: farAddress,
      more: ['--port', ports.prohibited],
    },
    { error: 'EACCES', cause: 'a prohibiting route', to: routes.prohibit, more: ['--port', 80] },
    { error: 'EINVAL', cause: 'a blackhole route', to: routes.blackhole, more: ['--port', 80] },
    {
      error: 'ETIMEDOUT',
      cause: 'SYNs without an answer',
      to: farAddress,
      more: ['--port', ports.drop, '--syn-retries', 1],
    },
  ];

  for (const one of connects)
    for (const family of families)
      for (const wait of waits) {
        const error = typeof one.error === 'string' ? one.error : one.error[family];
        it(`${error} by ${one.cause}, IPv${family}, ${wait}`, async () => {
          const args = ['failure', '--wait', wait, '--address', one.to[family], ...(one.more ?? [])];
          const report = await generate<FailureReport>(args, { namespace: link.near });
          await expectRecorded(report, error, link.near);
        });
      }

  it('ECONNREFUSED through an IPv6 socket to a mapped address is shown as IPv4', async () => {
    const report = await generate<FailureReport>(
      ['failure', '--address', '::ffff:127.0.0.1', '--wait', 'poll'],
      { namespace: link.near },
    );
    assert.match(report.remote, /^127\.0\.0\.1:/);
    await expectRecorded(report, 'ECONNREFUSED', link.near);
  });

  for (const family of families)
    it(`ETIMEDOUT says how often the SYN was sent again, IPv${family}`, async () => {
      const args = ['failure', '--wait', 'poll', '--address', farAddress[family], '--port', ports.drop];
      const report = await generate<FailureReport>([...args, '--syn-retries', 2], { namespace: link.near });
      const row = await netmon.find('the timeout', { pid: report.pid, error: 'ETIMEDOUT' }, () => true);
      assert.ok(report.retries >= 2);
      assert.equal(row.syn_retries, report.retries);
      // Three SYNs, 1, 2 and 4 s apart; the program may be told of the end late.
      assert.ok((row.duration_ms ?? 0) > 6000, `${row.duration_ms} ms`);
      assert.ok((row.duration_ms ?? 0) < report.elapsed_ms + 1000, `${row.duration_ms} ms`);
    });

  const breaks = [
    { error: 'ECONNRESET', kind: 'reset', cause: 'an abort of the peer' },
    { error: 'ECONNRESET', kind: 'unread', cause: 'a close of the peer with data unread' },
    { error: 'EPIPE', kind: 'pipe', cause: 'sending after the end of the peer' },
  ] as const;
  for (const one of breaks)
    for (const family of families)
      for (const wait of waits)
        for (const side of ['connected', 'accepted'] as const)
          it(`${one.error} by ${one.cause}, IPv${family}, ${wait}, the ${side} end`, async () => {
            const args = ['failure', '--kind', one.kind, '--wait', wait, '--side', side];
            const report = await generate<FailureReport>([...args, '--address', loopback[family]], {
              namespace: alone,
            });
            await expectRecorded(report, one.error, alone);
            const [row] = await netmon.connections({ pid: report.pid, error: 'any' });
            assert.equal(row?.reset_by, 'remote');
            const peer = await netmon.connections({ pid: report.peer_pid, error: 'any' });
            assert.deepEqual(peer, [], 'the end that sent the RST did not fail');
          });

  for (const family of families)
    for (const wait of waits) {
      it(`ECONNABORTED by a socket that is destroyed, IPv${family}, ${wait}`, async () => {
        const args = [
          'failure',
          '--kind',
          'stalled',
          '--wait',
          wait,
          '--step',
          '--address',
          loopback[family],
        ];
        await using generator = startGenerator(args, { namespace: alone });
        const { local_port } = await generator.next<StepReport>();
        await alone.run(`ss -K -t sport = :${local_port} >/dev/null`);
        generator.go();
        await expectRecorded(await generator.next<FailureReport>(), 'ECONNABORTED', alone);
      });

      it(`ETIMEDOUT of an established connection, IPv${family}, ${wait}`, async () => {
        const args = ['failure', '--kind', 'stalled', '--wait', wait, '--step', '--user-timeout', 400];
        await using generator = startGenerator([...args, '--address', loopback[family]], {
          namespace: alone,
        });
        const { local_port, remote_port } = await generator.next<StepReport>();
        await alone.run(`
          nft add table inet silent
          nft 'add chain inet silent input { type filter hook input priority 0; }'
          nft add rule inet silent input tcp sport ${local_port} tcp dport ${remote_port} drop`);
        generator.go();
        await expectRecorded(await generator.next<FailureReport>(), 'ETIMEDOUT', alone);
      });
    }

  for (const family of families)
    it(`EADDRNOTAVAIL when the port range is used up, IPv${family}`, async () => {
      using narrow = new Namespace();
      narrow.shell('echo "40000 40001" > /proc/sys/net/ipv4/ip_local_port_range');
      await using server = startGenerator(['serve', '--address', loopback[family], '--port', 7100], {
        namespace: narrow,
      });
      await server.next();
      const args = ['failure', '--address', loopback[family], '--port', 7100, '--first', 2];
      const report = await generate<FailureReport>(args, { namespace: narrow });
      await expectRecorded(report, 'EADDRNOTAVAIL', narrow);
    });
});

function setUpRoutes({ near, far }: Link): void {
  for (const [kind, to] of Object.entries(routes))
    near.shell(`ip route add ${kind} ${to[4]}; ip -6 route add ${kind} ${to[6]}`);
  far.shell(`
    echo 0 > /proc/sys/net/ipv4/icmp_ratelimit
    echo 0 > /proc/sys/net/ipv6/icmp/ratelimit
    nft add table inet answers
    nft 'add chain inet answers input { type filter hook input priority 0; }'
    rule() { nft add rule inet answers input "$@"; }
    rule tcp dport ${ports.drop} drop
    rule tcp dport ${ports.reset} reject with tcp reset
    rule meta nfproto ipv4 tcp dport ${ports.host} reject with icmp host-unreachable
    rule meta nfproto ipv6 tcp dport ${ports.host} reject with icmpv6 addr-unreachable
    rule meta nfproto ipv4 tcp dport ${ports.net} reject with icmp net-unreachable
    rule meta nfproto ipv6 tcp dport ${ports.net} reject with icmpv6 no-route
    rule tcp dport ${ports.prohibited} reject with icmpx admin-prohibited
    rule tcp dport ${ports.portUnreachable} reject with icmpx port-unreachable`);
}
