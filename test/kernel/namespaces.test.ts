// Inspection in other network namespaces, and of what passes between them.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { enterOwnNetwork } from '../../src/sys/network.fixture.ts';
import { Namespace } from '../support/namespaces.ts';
import { missing } from '../support/needs.ts';
import { type Netmon, runNetmon } from '../support/netmon.ts';
import { until } from '../support/until.ts';

const skip = missing('root', 'namespaces', 'bpf', 'curl', 'nft');

/** Answers "ok" on port 8080 of all addresses. */
const program = `require('http').createServer((q, r) => r.end('ok')).listen(8080, '0.0.0.0', () => console.log('ready'))`;

async function serve(space: Namespace): Promise<ChildProcess> {
  const [file, ...args] = space.command([process.execPath, '-e', program]);
  const child = spawn(file!, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout!.once('data', resolve));
  return child;
}

interface Request {
  readonly path: string;
  readonly status: number;
  readonly src: string;
  readonly process_id: number | null;
}

/** As the API tells of it: an answer whose request was not seen has no path. */
type Seen = Request | (Omit<Request, 'path'> & { readonly path: null });

/** Waits for requests with these paths and some time for more; those of a test begin with its own letter. */
async function requestsOf(netmon: Netmon, letter: string, count: number): Promise<Request[]> {
  const find = async (start: string): Promise<Request[]> => {
    const { requests } = await netmon.get<{ requests: Seen[] }>('/api/http/requests?limit=1000');
    return requests.filter((one): one is Request => one.path?.startsWith(start) === true);
  };
  const ask = (): Promise<Request[]> => find(`/${letter}-`);
  await until(`${count} requests`, async () => ((await ask()).length >= count ? true : undefined));
  // What would be told twice is told within the inspector's longest rest; a request behind it shows that this is over.
  execFileSync('curl', ['-s', `${netmon.url}/health?${letter}`]);
  await until('a later request', async () => (await find(`/health?${letter}`)).length > 0 || undefined);
  return ask();
}

const pathsOf = (requests: readonly Request[]): string[] => requests.map(({ path }) => path).sort();

describe('inspection and network namespaces', { skip }, () => {
  let one: Namespace;
  let two: Namespace;
  const servers: ChildProcess[] = [];

  before(async () => {
    enterOwnNetwork();
    one = new Namespace();
    two = new Namespace();
    // This network is the router between both, and changes the addresses of what comes from the first.
    for (const [space, number] of [
      [one, 1],
      [two, 2],
    ] as const) {
      execFileSync('sh', [
        '-ec',
        `ip link add v${number} type veth peer name eth0 netns ${space.name}
         ip address add 10.73.${number}.1/24 dev v${number}; ip link set v${number} up`,
      ]);
      space.shell(`ip address add 10.73.${number}.2/24 dev eth0; ip link set eth0 up
        ip route add default via 10.73.${number}.1`);
    }
    execFileSync('sh', [
      '-ec',
      `echo 1 > /proc/sys/net/ipv4/ip_forward
       nft add table ip nat
       nft add chain ip nat post '{ type nat hook postrouting priority 100; }'
       nft add rule ip nat post ip saddr 10.73.1.0/24 oifname v2 masquerade`,
    ]);
    servers.push(await serve(one), await serve(two));
  });
  after(() => {
    for (const server of servers) server.kill('SIGKILL');
    one?.[Symbol.dispose]();
    two?.[Symbol.dispose]();
  });

  it('tells of what is inside others, and keeps equal addresses apart', async () => {
    await using netmon = await runNetmon({ flags: ['--inspect-netns', `${one.name},${two.name}`] });
    const sensor = () =>
      netmon
        .health()
        .then(({ agents }) => agents[0]?.sensors.find(({ name }) => name === 'inspection')?.detail);
    await until('both', async () =>
      (await sensor())?.includes('and 4 in 2 other network namespaces') ? true : undefined,
    );
    // The same addresses and ports at the same time.
    const get = (path: string) =>
      `curl -s --local-port 41000 -o /dev/null http://127.0.0.1:8080/${path}1 http://127.0.0.1:8080/${path}2`;
    await Promise.all([one.run(get('a-one-')), two.run(get('a-two-'))]);
    const seen = await requestsOf(netmon, 'a', 4);
    assert.deepEqual(
      seen.map(({ path, status, src }) => `${path} ${status} ${src}`).sort(),
      ['/a-one-1', '/a-one-2', '/a-two-1', '/a-two-2'].map((path) => `${path} 200 127.0.0.1:41000`),
    );
    for (const [i, name] of ['one', 'two'].entries())
      assert.ok(
        seen.filter(({ path }) => path.includes(name)).every((row) => row.process_id === servers[i]!.pid),
        'with the process of its own namespace',
      );
  });

  it('counts what passes from one to the other once, with the process at its end', async () => {
    await using netmon = await runNetmon({ flags: ['--inspect-netns', 'all'] });
    await until('the namespaces', async () => {
      const sensors = (await netmon.health()).agents[0]?.sensors;
      return /and \d+ in [2-9]/.test(sensors?.find(({ name }) => name === 'inspection')?.detail ?? '')
        ? true
        : undefined;
    });
    for (let i = 0; i < 5; i++) await one.run(`curl -s -o /dev/null http://10.73.2.2:8080/b-${i}`);
    const seen = await requestsOf(netmon, 'b', 5);
    assert.deepEqual(pathsOf(seen), ['/b-0', '/b-1', '/b-2', '/b-3', '/b-4']);
    assert.ok(seen.every(({ process_id }) => process_id === servers[1]!.pid));
  });

  for (const level of ['full', 'packets'])
    it(`counts what is sent on under another address once, level ${level}`, async () => {
      await using netmon = await runNetmon({ flags: ['--inspect-level', level] });
      for (let i = 0; i < 5; i++) await one.run(`curl -s -o /dev/null http://10.73.2.2:8080/c-${i}`);
      const seen = await requestsOf(netmon, 'c', 5);
      assert.deepEqual(pathsOf(seen), ['/c-0', '/c-1', '/c-2', '/c-3', '/c-4']);
    });

  it('follows interfaces there, and keeps no namespace alive', async () => {
    const third = new Namespace();
    await using netmon = await runNetmon({ flags: ['--inspect-netns', third.name] });
    let last: string | undefined;
    const becomes = (text: string) =>
      until(
        text,
        async () => {
          const { sensors } = (await netmon.health()).agents[0]!;
          last = sensors.find(({ name }) => name === 'inspection')?.detail;
          return last?.includes(text) ? true : undefined;
        },
        { describe: () => last },
      );
    await becomes('and 1 in 1 other');
    third.shell('ip link add d0 type veth peer name d1; ip link set d0 up');
    await becomes('and 2 in 1 other');
    third.shell('ip link delete d0');
    await becomes('and 1 in 1 other');
    // The other end of a pair goes with the namespace that has the first.
    execFileSync('ip', ['link', 'add', 'v3', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', third.name]);
    third[Symbol.dispose]();
    await until('the end of the namespace', () => {
      try {
        execFileSync('ip', ['link', 'show', 'v3'], { stdio: 'ignore' });
        return undefined;
      } catch {
        return true;
      }
    });
    await becomes('and 0 in 0 other');
  });
});
