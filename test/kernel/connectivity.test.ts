// Rounds of an agent whose own network goes, in each of the ways in which it can, beside a target that goes alone.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Outcome, Reason } from '../../src/wire/probe.ts';
import { Generator } from '../support/generator.ts';
import { farAddress, type Link, makeLink, Namespace } from '../support/namespaces.ts';
import { missing } from '../support/needs.ts';

interface Round {
  readonly at: string;
  readonly monitor: string;
  readonly outcome: Outcome;
  readonly reason: Reason | null;
}

const hosts = ['10.81.0.1', '10.82.0.1'];
const hosts6 = ['fd81::1', 'fd82::1'];
/** A child prints a round within this time, on however slow a machine. */
const roundMs = 30_000;

function startAgent(space: Namespace, targets: readonly string[]): Generator {
  const child = join(import.meta.dirname, 'rounds-child.ts');
  return new Generator(space.command([process.execPath, child, ...targets]));
}

/** An outcome, or how the reason of an unknown one begins. */
type Wanted = Outcome | RegExp;

const isWanted = ({ outcome, reason }: Round, wanted: Wanted): boolean =>
  typeof wanted === 'string'
    ? outcome === wanted
    : outcome === 'unknown' && wanted.test(reason?.message ?? '');

/** The next rounds, until each target has had what is wanted so often in a row; those that began since the call. */
async function watch(agent: Generator, wanted: readonly Wanted[], times = 2): Promise<Round[]> {
  const since = Date.now();
  const rounds: Round[] = [];
  const steady = wanted.map(() => 0);
  for (let seen = 0; steady.some((count) => count < times); seen++) {
    const round = await agent.next<Round>(roundMs);
    if (Date.parse(round.at) < since) continue;
    rounds.push(round);
    const i = Number(round.monitor.slice(1));
    steady[i] = isWanted(round, wanted[i]) ? steady[i] + 1 : 0;
    assert.ok(seen < 200, JSON.stringify(rounds.slice(-8)));
  }
  return rounds;
}

const noneDown = (rounds: readonly Round[]): void =>
  assert.deepEqual(
    rounds.filter(({ outcome }) => outcome === 'down'),
    [],
  );

describe('an agent behind a router', { skip: missing('root', 'namespaces', 'nft') }, () => {
  let link: Link;
  let distant: Namespace;
  let agent: Generator;

  before(() => {
    link = makeLink();
    distant = new Namespace();
    link.far.shell(`
      ip link add veth1 type veth peer name veth0 netns ${distant.name}
      ip link set veth1 up
      sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
      nft add table inet cut
      nft 'add chain inet cut forward { type filter hook forward priority 0; }'`);
    distant.shell(`
      ip address add 10.72.0.2/24 dev veth0
      ip address add fd72::2/64 dev veth0 nodad
      ip link set veth0 up
      ip route add default via 10.72.0.1
      ip -6 route add default via fd72::1`);
    for (const host of [...hosts, ...hosts6]) distant.shell(`ip address add ${host} dev lo`);
    joinDistant();
    setWays();
    agent = startAgent(link.near, [...hosts, ...hosts6]);
  });

  after(async () => {
    agent.finish();
    await agent[Symbol.asyncDispose]();
    distant[Symbol.dispose]();
    link[Symbol.dispose]();
  });

  /** What the router forgets of its second interface when that goes down. */
  function joinDistant(): void {
    link.far.shell(
      'ip address replace 10.72.0.1/24 dev veth1; ip address replace fd72::1/64 dev veth1 nodad',
    );
    for (const host of hosts) link.far.shell(`ip route replace ${host} via 10.72.0.2`);
    for (const host of hosts6) link.far.shell(`ip route replace ${host} via fd72::2`);
  }

  /** What the agent's machine and its gateway forget when their link goes down. */
  function setWays(): void {
    const [four, six] = [farAddress[4], farAddress[6]];
    link.far.shell(`ip address replace ${four}/24 dev veth0; ip address replace ${six}/64 dev veth0 nodad`);
    link.near.shell('ip address replace fd71::1/64 dev veth0 nodad');
    link.near.shell(`ip route replace default via ${four}; ip -6 route replace default via ${six}`);
  }

  const see = (...wanted: readonly Wanted[]): Promise<Round[]> => watch(agent, wanted);
  const allUp = async (): Promise<void> => void (await watch(agent, ['up', 'up', 'up', 'up'], 1));

  it('finds one down that is silent, of each family, while another answers', async () => {
    await allUp();
    distant.shell(`
      nft add table inet silence
      nft 'add chain inet silence in { type filter hook input priority 0; }'
      nft add rule inet silence in ip daddr ${hosts[0]} drop
      nft add rule inet silence in ip6 daddr ${hosts6[1]} drop`);
    await see('down', 'up', 'up', 'down');
    distant.shell('nft delete table inet silence');
    await allUp();
  });

  it('finds a target down that a router says is unreachable', async () => {
    link.far.shell(`ip route replace unreachable ${hosts[1]}`);
    await see('up', 'down', 'up', 'up');
    joinDistant();
    await allUp();
  });

  it('says nothing of targets when all behind the router is silent', async () => {
    link.far.shell('nft add rule inet cut forward drop');
    const four = /^none of 2 targets beyond 10\.71\.0\.2 \(veth0\) answers; /;
    const six = /^none of 2 targets beyond fd71::2 \(veth0\) answers; /;
    noneDown(await see(four, four, six, six));
    link.far.shell('nft flush chain inet cut forward');
    await allUp();
  });

  it('says nothing of targets when the router has lost its way to them', async () => {
    link.far.shell('ip link set veth1 down');
    noneDown(await see('unknown', 'unknown', 'unknown', 'unknown'));
    link.far.shell('ip link set veth1 up');
    joinDistant();
    await allUp();
  });

  it('says nothing of targets when it has no route', async () => {
    link.near.shell('ip route del default; ip -6 route del default');
    const none = /^this machine has no route to /;
    noneDown(await see(none, none, none, none));
    setWays();
    await allUp();
  });

  it('says nothing of targets when its cable is out', async () => {
    link.far.shell('ip link set veth0 down');
    const none = /^no network interface of this machine is up; /;
    noneDown(await see(none, none, none, none));
    link.far.shell('ip link set veth0 up');
    setWays();
    await allUp();
  });

  it('says nothing of targets when the gateway of their family is gone', async () => {
    link.far.shell(`ip address del ${farAddress[6]}/64 dev veth0`);
    link.near.shell('ip -6 neigh flush all');
    const six = /^the gateway fd71::2 does not answer; /;
    const rounds = await see('up', 'up', six, six);
    noneDown(rounds.filter(({ monitor }) => monitor > 'm1'));
    link.far.shell(`ip address del ${farAddress[4]}/24 dev veth0`);
    link.near.shell('ip neigh flush all');
    const four = /^the gateway 10\.71\.0\.2 does not answer; /;
    noneDown(await see(four, four, 'unknown', 'unknown'));
  });
});
