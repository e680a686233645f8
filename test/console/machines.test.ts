import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { ResultList } from '../../src/client/monitor-rest.ts';
import { enroll as issue } from '../../src/platform/certificates/authority.fixture.ts';
import { Authority } from '../../src/platform/certificates/authority.ts';
import { identityPath, writeIdentity } from '../../src/platform/certificates/identity.ts';
import type { MonitorRow } from '../../src/wire/monitor.ts';
import { Namespace } from '../support/namespaces.ts';
import { missing } from '../support/needs.ts';
import { makeDataFolder } from '../support/netmon.ts';
import { Terminal } from '../support/terminal.ts';
import { until } from '../support/until.ts';
import { Session } from './session.ts';

const program = join(import.meta.dirname, '../../bin/netmon');
const names = ['rome', 'oslo', 'lima'] as const;
const api = 'http://127.0.0.1:8080';
const target = '10.72.0.2';

/** A bridge with a server and the target, and three machines on it, each a network namespace. */
class Machines implements AsyncDisposable {
  readonly hub = new Namespace();
  readonly agents = names.map(() => new Namespace());
  readonly data = makeDataFolder();
  readonly #children: ChildProcess[] = [];

  constructor() {
    this.hub.shell(`
      ip link add br0 type bridge && ip link set br0 up
      ip address add 10.72.0.1/24 dev br0 && ip address add ${target}/24 dev br0`);
    for (const [i, space] of this.agents.entries()) {
      this.hub.shell(`
        ip link add port${i} type veth peer name eth0 netns ${space.name}
        ip link set port${i} master br0 up`);
      space.shell(`ip address add 10.72.0.${11 + i}/24 dev eth0 && ip link set eth0 up`);
    }
  }

  run(space: Namespace, argv: readonly string[]): string {
    const [file, ...args] = space.command(argv);
    return execFileSync(file!, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** Starts a program in a namespace, and waits until it has said something. */
  async start(space: Namespace, argv: readonly string[], said: RegExp): Promise<ChildProcess> {
    const [file, ...args] = space.command(argv);
    const child = spawn(file!, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#children.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => {
        output += text.toString();
      });
    }
    await until(`${argv.join(' ')} to say ${said}`, () => said.test(output) || undefined, {
      withinMs: 120_000,
      describe: () => output,
    });
    return child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await ended;
      }),
    );
    for (const space of [this.hub, ...this.agents]) space[Symbol.dispose]();
    rmSync(this.data, { recursive: true, force: true });
  }
}

describe('three agents in three namespaces', { skip: missing('root', 'namespaces') }, () => {
  let machines: Machines;
  const folder = (name: string): string => join(machines.data, name);
  const get = <T>(path: string): T =>
    JSON.parse(machines.run(machines.hub, ['curl', '-sf', api + path])) as T;
  const enroll = (space: Namespace, name: string, role: string): void => {
    const token = machines.run(machines.hub, [program, 'enroll', name, '--role', role]).trim();
    machines.run(space, [program, 'enroll', '--token', token, '--data', folder(name)]);
  };

  before(async () => {
    machines = new Machines();
    const { hub, agents } = machines;
    const serve = `require("net").createServer((s) => s.end()).listen(7777, "${target}", () => console.log("ready"))`;
    await machines.start(hub, [process.execPath, '-e', serve], /ready/);
    const server = [
      'server',
      '--data',
      folder('server'),
      '--agent-port',
      '8443',
      '--allow-host',
      '10.72.0.1',
    ];
    await machines.start(hub, [program, ...server], /127\.0\.0\.1:8080/);
    enroll(hub, 'desk', 'console');
    await Promise.all(
      agents.map(async (space, i) => {
        enroll(space, names[i], 'agent');
        const flags = [
          '--listen',
          `10.72.0.${11 + i}:65240`,
          '--data',
          folder(names[i]),
          '--sensor',
          'proc',
          '--no-inspect',
        ];
        await machines.start(space, [program, 'agent', ...flags], /listens for servers and consoles/);
        machines.run(hub, [program, 'agents', 'dial', `https://10.72.0.${11 + i}:65240`]);
      }),
    );
    await until(
      'three agents that are linked',
      () => {
        const { agents: rows } = get<{ agents: { connected: boolean }[] }>('/api/agents');
        return rows.filter(({ connected }) => connected).length === 3 || undefined;
      },
      { withinMs: 120_000, describe: () => [get('/api/dials'), get('/api/agents')] },
    );
  });
  after(() => machines?.[Symbol.asyncDispose]());

  test('are commanded from a console by their server and by themselves: k of n, a cut link, the same results everywhere', async () => {
    const { hub, agents } = machines;
    using terminal = new Terminal(120, 40, {
      LANG: 'C.UTF-8',
      XDG_CONFIG_HOME: folder('config'),
      NETMON_DATA: folder('desk'),
    });
    const session = new Session(terminal);
    const addresses = ['127.0.0.1:8080', ...names.map((_, i) => `10.72.0.${11 + i}:65240`)];
    await session.open(hub.command([program, 'console', ...addresses]).join(' '));
    for (const name of names) await session.see(new RegExp(`connected to agent ${name}|${name} connected`));
    await session.tell('disconnect oslo lima rome', /disconnected from rome/);
    await session.tell(
      `add tcp ${target}:7777 --name gate --interval 1s --quorum 2 --failures 1`,
      /set up gate on/,
    );
    for (const name of names) await session.see(new RegExp(`${name} gate up`));
    await session.tell('watch states', /$/);

    agents[0].shell(`ip route add blackhole ${target}/32`);
    await session.see(/gate is partial/);
    agents[1].shell(`ip route add blackhole ${target}/32`);
    await session.see(/gate is partial[\s\S]*gate is down/);
    for (const space of agents.slice(0, 2)) space.shell(`ip route del blackhole ${target}/32`);
    await session.see(/gate is down[\s\S]*gate is up/);

    await session.tell('stop gate --on rome', /stopped gate on rome/);
    assert.deepEqual(get<MonitorRow>('/api/monitors/gate').stopped_on, ['rome']);
    await session.tell('start gate --on rome', /started gate on rome/);
    assert.deepEqual(get<MonitorRow>('/api/monitors/gate').stopped_on, []);

    const cutAt = new Date().toISOString();
    hub.shell('ip link set port2 down');
    await until(
      'lima to be missed',
      () => !get<{ connected: boolean }>('/api/agents/lima').connected || undefined,
      { withinMs: 120_000 },
    );
    const backAt = new Date().toISOString();
    hub.shell('ip link set port2 up');
    const path = `/api/monitors/gate/results?agent=lima&since=${cutAt}&until=${backAt}&limit=1000`;
    const late = await until(
      'the rounds of the cut',
      () => {
        const { results } = get<ResultList>(path);
        return results.length > 0 ? results : undefined;
      },
      { withinMs: 120_000 },
    );
    assert.ok(late.every(({ agent }) => agent === 'lima'));

    await session.tell('stop gate', /stopped gate on 127\.0\.0\.1:8080/);
    // Rounds that were under way come in for a while, and so does what lima has kept of the cut.
    const listed = (): ResultList['results'] =>
      get<ResultList>('/api/monitors/gate/results?limit=1000').results;
    await until(
      'the same in REST, on the command line and at the prompt',
      async () => {
        const before = listed();
        const told = machines.run(hub, [program, 'monitor', 'results', 'gate', '--limit', '1000', '--json']);
        const [, rows] = await session.tell(
          'results gate --limit 5',
          /AT +AGENT +OUTCOME[^\n]*\n((?:[^\n]*\b(?:rome|oslo|lima)\b[^\n]*\n){5})/,
        );
        const shown = rows.split('\n').map((line) => /(rome|oslo|lima) +(\w+)/.exec(line)?.slice(1));
        const same =
          isDeepStrictEqual((JSON.parse(told) as ResultList).results, before) &&
          isDeepStrictEqual(
            shown.slice(0, 5),
            before.slice(0, 5).map(({ agent, outcome }) => [agent, outcome]),
          ) &&
          isDeepStrictEqual(listed(), before);
        return same || undefined;
      },
      { withinMs: 120_000, everyMs: 500, describe: () => listed().slice(0, 5) },
    );
  });

  test('take consoles of their own server alone, until those are revoked', async () => {
    const { hub } = machines;
    const agent = '10.72.0.11:65240';
    const ask = (identity: string): { status: number | null; output: string } => {
      const [file, ...args] = hub.command([program, 'monitor', 'list', '--agent', agent]);
      const env = { ...process.env, NETMON_DATA: folder(identity) };
      const { status, stdout, stderr } = spawnSync(file!, args, { encoding: 'utf8', env });
      return { status, output: stdout + stderr };
    };
    assert.match(ask('nobody').output, /another machine.*enroll this console first/);
    const other = await Authority.open({ folder: folder('other'), hosts: () => [] });
    writeIdentity(identityPath(folder('stranger'), 'console'), await issue(other, 'console', 'desk'));
    const foreign = ask('stranger');
    assert.equal(foreign.status, 77, foreign.output);
    assert.match(foreign.output, /is of another server than the one this console is enrolled with/);
    assert.equal(ask('desk').status, 0);

    using terminal = new Terminal(120, 40, {
      LANG: 'C.UTF-8',
      XDG_CONFIG_HOME: folder('config-2'),
      NETMON_DATA: folder('desk'),
    });
    const session = new Session(terminal);
    await session.open(hub.command([program, 'console', agent]).join(' '));
    await session.see(/connected to agent rome|rome connected/);
    await session.tell(`add icmp ${target} --id own`, /set up own on rome/);
    assert.match(ask('desk').output, /^own /m);
    machines.run(hub, [program, 'agents', 'revoke', 'desk', '--role', 'console']);
    await session.see(/rome not connected: .*its certificate was revoked/);
    await session.tell('rm own', /! no connection is up at the moment/);
    const revoked = ask('desk');
    assert.equal(revoked.status, 77, revoked.output);
    assert.match(revoked.output, /the certificate was revoked/);
  });
});
