// Handshakes that are not finished: the answers of the end that listens go to a neighbour that is not there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { describe, it } from 'node:test';
import { buildGenerator, startGenerator } from '../support/generator.ts';
import { farAddress, type Link, makeLink, type Namespace } from '../support/namespaces.ts';
import { missing } from '../support/needs.ts';
import { type Netmon, runNetmon } from '../support/netmon.ts';
import type { ServeReport } from '../support/reports.ts';
import { until } from '../support/until.ts';

type Family = 4 | 6;
const nearAddress = { 4: '10.71.0.1', 6: 'fd71::1' } as const;
const nowhere = '02:00:00:00:00:99';

const skip = missing('root', 'gcc', 'namespaces', 'bpf');

/** A link whose far end gives a SYN up after so many more answers than the first, which go nowhere. */
function makeDeafLink(answers = 1): Link {
  const link = makeLink();
  // Over IPv6 the far end could not even say who it is.
  const far = /ether (\S+)/.exec(link.far.shell('ip -o link show veth0'))?.[1];
  link.near.shell(`ip neighbour replace ${farAddress[6]} lladdr ${far} nud permanent dev veth0`);
  link.far.shell(`echo ${answers} > /proc/sys/net/ipv4/tcp_synack_retries`);
  for (const address of Object.values(nearAddress))
    link.far.shell(`ip neighbour replace ${address} lladdr ${nowhere} nud permanent dev veth0`);
  return link;
}

/** A process that begins so many connections and waits. */
function startDialing(space: Namespace, port: number, count: number, family: Family = 4): Disposable {
  const script = `for (let i = 0; i < ${count}; i++)
    require('node:net').connect(${port}, '${farAddress[family]}').on('error', () => {})`;
  const [file, ...args] = space.command([process.execPath, '-e', script]);
  const child = spawn(file!, args, { stdio: 'ignore' });
  return { [Symbol.dispose]: () => void child.kill('SIGKILL') };
}

const halfOpen = (netmon: Netmon, port: number) =>
  netmon.connections({ state: 'SYN_RECV', port, active: 'true' });

describe('a half-open connection', { skip }, () => {
  for (const family of [4, 6] as const)
    it(`is shown with the process that listens, and becomes the connection, IPv${family}`, async () => {
      // For a minute, so that it is the same one that becomes the connection.
      using link = makeDeafLink(5);
      await using netmon = await runNetmon();
      await using server = startGenerator(['serve', '--address', farAddress[family]], {
        namespace: link.far,
      });
      const { port, pid } = await server.next<ServeReport>();
      using _dialing = startDialing(link.near, port, 1, family);
      const row = await netmon.find('the handshake', { state: 'SYN_RECV', pid }, () => true);
      assert.equal(row.direction, 'inbound');
      assert.equal(row.network_namespace, link.far.inode);
      assert.equal(row.process_path, buildGenerator());
      assert.ok(row.local_addr.endsWith(`:${port}`));
      assert.ok(row.remote_addr.includes(nearAddress[family]), row.remote_addr);
      assert.deepEqual([row.active, row.error, row.bytes_received], [true, null, 0]);

      link.far.shell(`ip neighbour delete ${nearAddress[family]} dev veth0`);
      const finished = await netmon.find('the connection', { state: 'ESTABLISHED', pid }, () => true);
      assert.equal(finished.remote_addr, row.remote_addr);
      assert.equal(finished.id, row.id);
      assert.equal((await halfOpen(netmon, port)).length, 0);
    });

  it('ends, and is recorded as unfinished, when the kernel gives it up', async () => {
    using link = makeDeafLink();
    await using netmon = await runNetmon();
    await using server = startGenerator(['serve', '--address', farAddress[4]], { namespace: link.far });
    const { port, pid } = await server.next<ServeReport>();
    const dialing = startDialing(link.near, port, 1);
    const row = await netmon.find('the handshake', { state: 'SYN_RECV', pid }, () => true);
    dialing[Symbol.dispose]();
    await until('its end', async () => ((await halfOpen(netmon, port)).length === 0 ? true : undefined));
    const ended = await netmon.find('its record', { state: 'SYN_RECV', pid, active: 'false' }, () => true);
    assert.equal(ended.id, row.id);
    assert.equal(ended.error, null);
  });

  it('takes a bounded share of the slots in a flood, and gives it back', async () => {
    using link = makeDeafLink();
    await using netmon = await runNetmon({ flags: ['--max-sockets', '8192'] });
    await using server = startGenerator(['serve', '--address', farAddress[4]], { namespace: link.far });
    const { port } = await server.next<ServeReport>();
    const share = 8191 >> 6;
    const count = 200;
    for (const round of [1, 2]) {
      const dialing = startDialing(link.near, port, count);
      const shown = await until('the share', async () => {
        // Whatever else is half open on this machine takes part.
        const rows = await netmon.connections({ state: 'SYN_RECV', active: 'true' });
        return rows.length >= share ? rows : undefined;
      });
      assert.equal(shown.length, share);
      await until(`the others, counted, in round ${round}`, async () => {
        const { half_open_connections } = (await netmon.health()).agents[0].system!.lost;
        return half_open_connections >= (count - share) * round ? true : undefined;
      });
      dialing[Symbol.dispose]();
      await until('their end', async () => ((await halfOpen(netmon, port)).length === 0 ? true : undefined));
    }
  });
});
