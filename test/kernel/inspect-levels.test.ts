// Inspection from the wire to the API, by programs in the kernel and by a packet socket.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { enterOwnNetwork } from '../../src/sys/network.fixture.ts';
import { Namespace } from '../support/namespaces.ts';
import { missing } from '../support/needs.ts';
import { type Netmon, runNetmon } from '../support/netmon.ts';
import { until } from '../support/until.ts';

const skip = missing('root', 'namespaces', 'bpf', 'curl');
/** How each way of inspection calls itself. */
const levels = {
  full: /^eBPF \(tcx\) on \d interfaces/,
  packets: /^a copy of every packet of all interfaces/,
};
const run = promisify(execFile);

describe('inspection', { skip }, () => {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end('x'.repeat(Number(request.url?.slice(1)) || 2)));
  });
  const names = createSocket('udp4');
  let far: Namespace;
  let netmon: Netmon;
  let port = 0;

  before(async () => {
    enterOwnNetwork();
    // What comes from there is seen on the bridge and on its port.
    far = new Namespace();
    execFileSync('sh', [
      '-ec',
      `ip link add br0 type bridge; ip address add 10.72.0.1/24 dev br0; ip link set br0 up
       ip link add v0 type veth peer name eth0 netns ${far.name}; ip link set v0 master br0 up`,
    ]);
    far.shell('ip address add 10.72.0.2/24 dev eth0; ip link set eth0 up');
    server.listen(0, '0.0.0.0');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
    names.on('message', (question, { port: asker, address }) => {
      question[2] |= 0x80;
      question[3] = 5;
      names.send(question, asker, address);
    });
    names.bind(53, '127.0.0.1');
    await once(names, 'listening');
  });
  after(() => {
    server.close().closeAllConnections();
    names.close();
    far?.[Symbol.dispose]();
  });

  for (const [level, detail] of Object.entries(levels))
    describe(level, () => {
      before(async () => {
        netmon = await runNetmon({ flags: ['--inspect-level', level] });
      });
      after(() => netmon?.[Symbol.asyncDispose]());

      type Request = { path: string; status: number; process_name: string | null };
      /** Those of this test, and not those that it asks netmon itself. */
      const requests = async () => {
        const list = await netmon.get<{ requests: Request[] }>('/api/http/requests?limit=1000');
        return list.requests.filter(({ path }) => /^\/\d+$/.test(path));
      };

      it('says so', async () => {
        const sensor = (await netmon.health()).agents[0]?.sensors.find(({ name }) => name === 'inspection');
        assert.deepEqual([sensor?.level, sensor?.reason], [level, null]);
        assert.match(sensor?.detail ?? '', detail);
      });

      it('tells of each request once, wherever it passes, with its process', async () => {
        for (let i = 0; i < 5; i++)
          await run('curl', ['-s', '-o', '/dev/null', `http://127.0.0.1:${port}/${100 + i}`]);
        for (let i = 0; i < 5; i++) await far.run(`curl -s -o /dev/null http://10.72.0.1:${port}/${200 + i}`);
        await run('curl', ['-s', '-o', '/dev/null', `http://127.0.0.1:${port}/300000`]);
        const seen = await until('eleven requests', async () => {
          const rows = await requests();
          return rows.length >= 11 ? rows : undefined;
        });
        const expected = [100, 101, 102, 103, 104, 200, 201, 202, 203, 204, 300_000].map((n) => `/${n}`);
        assert.deepEqual(
          seen.map(({ path }) => path).sort((a, b) => Number(a.slice(1)) - Number(b.slice(1))),
          expected,
        );
        assert.ok(seen.every(({ status }) => status === 200));
        assert.deepEqual(new Set(seen.map(({ process_name }) => process_name)), new Set(['node']));
      });

      it('joins them to connections by their addresses', async () => {
        const row = await netmon.find(
          'a connection',
          { remote: `127.0.0.1:${port}` },
          (one) => one.site !== null,
        );
        assert.deepEqual([row.application, row.application_by], ['http', 'payload']);
      });

      it('tells of a question once', async () => {
        const resolver = new Resolver({ timeout: 30_000, tries: 1 });
        resolver.setServers(['127.0.0.1']);
        await assert.rejects(resolver.resolve4('shop.test'), { code: 'EREFUSED' });
        type Queries = { queries: { query: string; rcode: string | null }[] };
        const seen = await until('the question', async () => {
          const { queries } = await netmon.get<Queries>('/api/dns/queries');
          return queries.length > 0 ? queries : undefined;
        });
        assert.deepEqual(
          seen.map(({ query, rcode }) => [query, rcode]),
          [['shop.test', 'REFUSED']],
        );
      });

      it('counts no loss', async () => {
        const { lost } = (await netmon.health()).agents[0]?.system ?? {};
        assert.equal(lost?.packets_not_inspected ?? 0, 0);
      });
    });
});
