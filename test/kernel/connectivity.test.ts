// Rounds of an agent whose own network goes, in each of the ways in which it can, beside a target that goes alone.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Outcome, Reason } from '../../src/wire/probe.ts';
import { Generator } from '../support/generator.ts';
import { farAddress, type Link, makeLink } from '../support/namespaces.ts';
import { missing } from '../support/needs.ts';

interface Round {
  readonly monitor: string;
  readonly outcome: Outcome;
  readonly reason: Reason | null;
}

const hosts = ['10.81.0.1', '10.82.0.1'];

describe('an agent', { skip: missing('root', 'namespaces', 'nft') }, () => {
  let link: Link;
  let agent: Generator;

  before(() => {
    link = makeLink();
    const addresses = hosts.map((host) => `ip address add ${host}/32 dev lo`).join('\n');
    link.far.shell(addresses);
    link.near.shell(`ip route add default via ${farAddress[4]}`);
    const child = join(import.meta.dirname, 'rounds-child.ts');
    agent = new Generator(link.near.command([process.execPath, child, ...hosts]));
  });

  after(async () => {
    agent.finish();
    await agent[Symbol.asyncDispose]();
    link[Symbol.dispose]();
  });

  /** The next rounds, until each host has had these outcomes in a row three times; all that were seen. */
  async function see(...wanted: readonly Outcome[]): Promise<Round[]> {
    const rounds: Round[] = [];
    const steady = hosts.map(() => 0);
    while (steady.some((count) => count < 3)) {
      const round = await agent.next<Round>(10_000);
      rounds.push(round);
      const i = Number(round.monitor.slice(1));
      steady[i] = round.outcome === wanted[i] ? steady[i] + 1 : 0;
      assert.ok(rounds.length < 40, JSON.stringify(rounds.slice(-4)));
    }
    return rounds;
  }

  it('finds all up', async () => {
    await see('up', 'up');
  });

  it('finds the one down that is silent while the other answers', async () => {
    link.far.shell(`
      nft add table ip silence
      nft 'add chain ip silence in { type filter hook input priority 0; }'
      nft add rule ip silence in ip daddr ${hosts[0]} drop`);
    const rounds = await see('down', 'up');
    assert.ok(rounds.every(({ outcome }) => outcome !== 'unknown'));
    link.far.shell('nft delete table ip silence');
    await see('up', 'up');
  });

  it('finds a target down that a router says is unreachable', async () => {
    link.far.shell(
      `ip address del ${hosts[1]}/32 dev lo; ip route add unreachable ${hosts[1]}/32; sysctl -qw net.ipv4.ip_forward=1`,
    );
    const rounds = await see('up', 'down');
    assert.ok(rounds.every(({ outcome }) => outcome !== 'unknown'));
    link.far.shell(`ip route del unreachable ${hosts[1]}/32; ip address add ${hosts[1]}/32 dev lo`);
    await see('up', 'up');
  });

  it('says nothing of targets when its cable is out', async () => {
    link.far.shell('ip link set veth0 down');
    const rounds = await see('unknown', 'unknown');
    const { code, message } = rounds.at(-1)!.reason!;
    assert.equal(code, 'NO_CONNECTIVITY');
    assert.match(message, /^no network interface of this machine is up; /);
    assert.ok(rounds.every(({ outcome }) => outcome !== 'down'));
    link.far.shell('ip link set veth0 up');
    await see('up', 'up');
  });

  it('says nothing of targets when it has no route', async () => {
    link.near.shell(`ip route del default via ${farAddress[4]}`);
    const rounds = await see('unknown', 'unknown');
    assert.match(rounds.at(-1)!.reason!.message, /^this machine has no route to 10\.8[12]\.0\.1; /);
    link.near.shell(`ip route add default via ${farAddress[4]}`);
    await see('up', 'up');
  });

  it('says nothing of targets when the gateway is gone with them', async () => {
    link.far.shell(`ip address del ${farAddress[4]}/24 dev veth0; ip neigh flush all`);
    link.near.shell('ip neigh flush all');
    const rounds = await see('unknown', 'unknown');
    assert.match(
      rounds.at(-1)!.reason!.message,
      /^neither the gateway 10\.71\.0\.2 nor any of 2 targets answers; /,
    );
  });
});
