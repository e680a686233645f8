// What the tc programs copy of packets, in a network of this test's own.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Agent, createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { HookedLink } from '../../src/agent/capture/interface-programs.ts';
import { PacketPrograms } from '../../src/agent/capture/packet-programs.ts';
import { PacketRing, packetFlags } from '../../src/agent/capture/packet-ring.ts';
import { attachClsact } from '../../src/sys/bpf/clsact.ts';
import { enterOwnNetwork } from '../../src/sys/network.fixture.ts';
import { compileDeviceFilter } from '../../src/sys/pcap-filter.ts';
import { missing } from '../support/needs.ts';

const skip = missing('root', 'namespaces', 'bpf');
const ringBytes = 1 << 20;
const loopback: HookedLink = { index: 1, name: 'lo', up: true, loopback: true, ethernet: true };

/** A copied packet of loopback: what was sent in TCP or UDP, as far as it was copied. */
interface Seen {
  readonly text: string;
  readonly flags: number;
  readonly length: number;
  readonly captured: number;
  readonly cookie: number;
  readonly protocol: number;
}

function drain(ring: PacketRing): Seen[] {
  const seen: Seen[] = [];
  ring.drain(({ bytes, start, end, length, flags, cookie }) => {
    const protocol = bytes[start + 14 + 9];
    const headers = 34 + (protocol === 6 ? (bytes[start + 34 + 12] >> 4) * 4 : 8);
    const text = Buffer.from(bytes.subarray(start + headers, end)).toString('latin1');
    seen.push({ text, flags, length, captured: end - start, cookie, protocol });
  });
  return seen;
}

describe('packets are copied as far as there is something to read in', { skip }, () => {
  let server: Server;
  let port = 0;

  before(async () => {
    enterOwnNetwork();
    server = createServer((request, response) => {
      request.resume();
      response.end('x'.repeat(Number(request.url?.slice(1)) || 2));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  after(() => server?.close());

  const request = async (agent: Agent, path: string): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    get({ port, host: '127.0.0.1', path, agent }, (response) => {
      response.resume();
      response.once('end', resolve);
    }).once('error', reject);
    await promise;
  };

  it('each head of a connection, and hardly any of its bulk', async () => {
    using programs = new PacketPrograms(ringBytes);
    programs.follow([loopback]);
    assert.equal(programs.interfaces.failure, null);
    using ring = new PacketRing(programs.ringFd, ringBytes);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < 20; i++) await request(agent, '/1000000');
    agent.destroy();
    const seen = drain(ring);
    const requests = seen.filter(({ text }) => text.startsWith('GET /1000000 HTTP/1.1\r\n'));
    const answers = seen.filter(({ text }) => text.startsWith('HTTP/1.1 200 OK\r\n'));
    assert.equal(requests.length, 20, 'once each, although a packet passes loopback twice');
    assert.equal(answers.length, 20);
    assert.equal(new Set(requests.map(({ cookie }) => cookie)).size, 1);
    assert.ok(requests[0].cookie > 0 && requests[0].cookie !== answers[0].cookie);
    assert.ok(answers.every(({ flags }) => flags === packetFlags.egress));
    const copied = seen.reduce((sum, { captured }) => sum + captured, 0);
    assert.ok(copied < 20 * 6000, `${copied} bytes of 20 MB`);
    assert.deepEqual(programs.counters(), { copied: seen.length, lost: 0, lostRequests: 0, evicted: 0 });
  });

  it('every datagram of the name service, and the first of others', async () => {
    using programs = new PacketPrograms(ringBytes);
    programs.follow([loopback]);
    using ring = new PacketRing(programs.ringFd, ringBytes);
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const send = (text: string, to: number): Promise<unknown> =>
      new Promise((resolve) => socket.send(text, to, '127.0.0.1', resolve));
    for (let i = 0; i < 200; i++) await send(`question ${i} ${'.'.repeat(200)}`, 53);
    for (let i = 0; i < 200; i++) await send(`bulk ${i} ${'.'.repeat(1000)}`, 40_404);
    socket.close();
    const texts = drain(ring)
      .filter(({ protocol }) => protocol === 17)
      .map(({ text }) => text);
    assert.equal(texts.filter((text) => text.startsWith('question ')).length, 200);
    const bulk = texts.filter((text) => text.startsWith('bulk '));
    assert.ok(bulk.length >= 8 && bulk.length <= 10, `${bulk.length} of 200`);
  });

  for (const [expression, questions, requests] of [
    ['udp port 53', 20, 0],
    ['not port 53', 0, 3],
    // A payload that begins with "GET ", found by the lengths in both headers.
    ['tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420', 0, 3],
    ['len > 60000 or udp[8 + len - len] = 0x71', 20, 0],
    ['ether host 00:00:00:00:00:00 and (udp or tcp)', 20, 3],
    ['greater 100 and ip6', 0, 0],
    // Loads from behind the end of every packet.
    ['ether[9000] = 0 or udp', 0, 0],
  ] as const)
    it(`only those that pass the filter ${expression}`, async () => {
      using programs = new PacketPrograms(ringBytes, compileDeviceFilter(expression));
      programs.follow([loopback]);
      assert.equal(programs.interfaces.failure, null);
      using ring = new PacketRing(programs.ringFd, ringBytes);
      const socket = createSocket('udp4');
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
      for (let i = 0; i < 20; i++)
        await new Promise((resolve) =>
          socket.send(`question ${i} ${'.'.repeat(100)}`, 53, '127.0.0.1', resolve),
        );
      socket.close();
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let i = 0; i < 3; i++) await request(agent, '/2');
      agent.destroy();
      const texts = drain(ring).map(({ text }) => text);
      assert.equal(texts.filter((text) => text.startsWith('question ')).length, questions);
      assert.equal(texts.filter((text) => text.startsWith('GET ')).length, requests);
    });

  it('what finds no room in the ring is counted', async () => {
    using programs = new PacketPrograms(4096);
    programs.follow([loopback]);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < 100; i++) await request(agent, '/2');
    agent.destroy();
    using ring = new PacketRing(programs.ringFd, 4096);
    const seen = drain(ring).filter(({ text }) => text.startsWith('GET ')).length;
    const { lost, lostRequests } = programs.counters();
    assert.ok(seen > 0 && lost > lostRequests);
    assert.equal(seen + lostRequests, 100);
  });

  it('on interfaces that come and go, with and without a link layer, in any family', async () => {
    using programs = new PacketPrograms(ringBytes);
    const veth: HookedLink = { ...loopback, index: 101, name: 'one', loopback: false };
    programs.follow([veth]);
    assert.match(programs.interfaces.failure ?? '', /^one: unable to (attach to|prepare) interface 101: E/);
    execFileSync('ip', ['link', 'add', 'one', 'index', '102', 'type', 'veth', 'peer', 'name', 'two']);
    programs.follow([{ ...veth, index: 102 }, loopback]);
    assert.deepEqual([programs.interfaces.size, programs.interfaces.failure], [2, null]);
    execFileSync('ip', ['link', 'delete', 'one']);
    programs.follow([loopback]);
    assert.equal(programs.interfaces.size, 1);
  });

  describe('where there is no TCX, by filters', () => {
    const show = (what: string): string => execFileSync('sh', ['-c', `tc ${what}`], { encoding: 'utf8' });
    const filters = (): number =>
      ['ingress', 'egress'].flatMap((side) => [
        ...show(`filter show dev lo ${side}`).matchAll(/handle 0x6e/g),
      ]).length;
    const hasDiscipline = (): boolean => show('qdisc show dev lo').includes('clsact');

    it('that leave with the programs, together with the queueing discipline', () => {
      using programs = new PacketPrograms(ringBytes);
      const hooks = (['egress', 'ingress'] as const).map((side) =>
        attachClsact(programs.programFd(`link_${side}`), 1, side),
      );
      attachClsact(programs.programFd('link_egress'), 1, 'egress');
      assert.equal(filters(), 2);
      for (const hook of hooks) hook[Symbol.dispose]();
      assert.deepEqual([filters(), hasDiscipline()], [0, false]);
    });

    it('that "netmon down" removes after SIGKILL, and not those of others', async () => {
      const files = ['agent/capture/packet-programs.ts', 'sys/bpf/clsact.ts'];
      const [programs, clsact] = files.map((file) => join(import.meta.dirname, '../../src', file));
      const code = `
        import { PacketPrograms } from '${programs}';
        import { attachClsact } from '${clsact}';
        const programs = new PacketPrograms(4096);
        for (const side of ['ingress', 'egress']) attachClsact(programs.programFd('link_' + side), 1, side);
        console.log('attached');
        setInterval(() => {}, 1000);`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      const down = (): string =>
        execFileSync(join(import.meta.dirname, '../../bin/netmon'), ['down', '--data', '/nonexistent'], {
          encoding: 'utf8',
        });
      assert.equal(filters(), 2);
      assert.doesNotMatch(down(), /removed/, 'the one that has attached them still runs');
      assert.equal(filters(), 2);
      child.kill('SIGKILL');
      await once(child, 'exit');
      assert.equal(filters(), 2);
      assert.match(down(), /removed 2 tc filters that a killed netmon had left/);
      assert.deepEqual([filters(), hasDiscipline()], [0, false]);
    });
  });
});
