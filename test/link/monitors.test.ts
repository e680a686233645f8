/** Monitors from the API of the server to the agent and back, as a user has them. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, it } from 'node:test';
import type { MonitorRow } from '../../src/wire/monitor.ts';
import { trialAnswerSchema } from '../../src/wire/monitor-api.ts';
import { missing } from '../support/needs.ts';
import { makeDataFolder, type Netmon, runNetmon } from '../support/netmon.ts';
import { until } from '../support/until.ts';

interface ResultPage {
  readonly results: readonly { readonly at: string }[];
}

const flags = ['--sensor', 'proc', '--no-inspect', '--agent-name', 'here', '--probe-networks', 'loopback'];
const input = {
  id: 'me',
  name: 'this machine',
  probe: { kind: 'icmp', host: '127.0.0.1', echoes: 3, gap_ms: 10 },
  interval_ms: 1_000,
};

async function send(netmon: Netmon, method: string, path: string, body?: unknown): Promise<Response> {
  const content =
    body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(new URL(path, netmon.url), { method, ...content });
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${await response.clone().text()}`);
  return response;
}

/** Waits until the monitor is seen as that from the agent. */
async function see(netmon: Netmon, test: (row: MonitorRow) => boolean): Promise<MonitorRow> {
  let row: MonitorRow | undefined;
  return until(
    'the state of the monitor',
    async () => {
      row = await netmon.get<MonitorRow>('/api/monitors/me');
      return test(row) ? row : undefined;
    },
    { describe: () => row },
  );
}

const lastOf = (row: MonitorRow) => row.status.agents.find(({ agent }) => agent === 'here')?.last ?? null;

describe('a monitor', { skip: missing('root') }, () => {
  it('is carried out by the agent, and goes on after both were killed', async () => {
    const data = makeDataFolder();
    try {
      const killed = await (async () => {
        await using netmon = await runNetmon({ data, flags });
        await send(netmon, 'POST', '/api/monitors', input);
        const row = await see(netmon, ({ status }) => status.state === 'up');
        const last = lastOf(row);
        assert.deepEqual([last?.outcome, last?.address, last?.echoes.length], ['up', '127.0.0.1', 3]);
        await netmon.stop('SIGKILL');
        return last!.at;
      })();
      await using netmon = await runNetmon({ data, flags });
      const row = await see(netmon, (one) => (lastOf(one)?.at ?? '') > killed);
      assert.equal(row.status.state, 'up');
    } finally {
      rmSync(data, { recursive: true, force: true });
    }
  });

  it('goes on while the server is dead, and every round of that time is told of once', async () => {
    await using netmon = await runNetmon({ flags });
    await send(netmon, 'POST', '/api/monitors', input);
    const first = await see(netmon, ({ status }) => status.state === 'up');
    const delay = monitorEventLoopDelay({ resolution: 20 });
    delay.enable();
    const children = readFileSync(`/proc/${netmon.pid}/task/${netmon.pid}/children`, 'utf8')
      .trim()
      .split(' ');
    assert.equal(children.length, 1, 'the server is the only child');
    process.kill(Number(children[0]), 'SIGKILL');
    const killedAt = Date.now();
    // It comes back on another port, as any port was asked for.
    const url = await until('the server', () => /the server is back.*?(http:[^"]+)/.exec(netmon.output)?.[1]);
    const times = await until('rounds from after the kill', async () => {
      const response = await fetch(new URL('/api/monitors/me/results?limit=100', url));
      const { results } = (await response.json()) as ResultPage;
      const found = results.map(({ at }) => Date.parse(at)).sort((a, b) => a - b);
      return found.at(-1)! > killedAt + 3_000 ? found : undefined;
    });
    assert.ok(times[0] <= Date.parse(lastOf(first)!.at));
    for (const [i, at] of times.slice(1).entries()) {
      const gap = at - times[i];
      // What holds this process up holds up the agent's, whose rounds are a second apart.
      assert.ok(gap > 100 && gap < 1_900 + (4 * delay.max) / 1e6, `${gap} ms between rounds`);
    }
  });

  it('is changed, stopped, started and removed where it is carried out', async () => {
    await using netmon = await runNetmon({ flags });
    await send(netmon, 'POST', '/api/monitors', input);
    await see(netmon, ({ status }) => status.state === 'up');

    const { id: _, ...settings } = input;
    await send(netmon, 'PUT', '/api/monitors/me', {
      ...settings,
      assertions: [{ test: '[RESPONSE_TIME] < 0', severity: 'degraded' }],
      thresholds: { failures: 1 },
    });
    const degraded = await see(netmon, ({ status }) => status.state === 'degraded');
    assert.equal(lastOf(degraded)?.reason?.code, 'ASSERTION');

    await send(netmon, 'POST', '/api/monitors/me/stop', {});
    await see(netmon, ({ status }) => status.state === 'stopped');
    const answer = await send(netmon, 'POST', '/api/probe', { probe: input.probe, agents: ['here'] });
    const { results } = trialAnswerSchema.parse(await answer.json());
    assert.deepEqual(
      results.map(({ agent, result }) => [agent, result?.outcome]),
      [['here', 'up']],
    );
    const stopped = lastOf(await netmon.get<MonitorRow>('/api/monitors/me'))?.at;

    await send(netmon, 'POST', '/api/monitors/me/start', {});
    await see(netmon, (row) => (lastOf(row)?.at ?? '') > (stopped ?? '') && row.status.state !== 'stopped');
    await send(netmon, 'DELETE', '/api/monitors/me');
  });
});
