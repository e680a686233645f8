import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { AgentResult } from '../../src/console/station.ts';
import type { MonitorRow } from '../../src/wire/monitor.ts';
import { type Netmon, runNetmon } from '../support/netmon.ts';
import { Terminal } from '../support/terminal.ts';
import { until } from '../support/until.ts';
import { WaitingAgent } from './waiting-agent.ts';

const program = join(import.meta.dirname, '../../bin/netmon');

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...args: readonly string[]): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  execFile(program, args, { timeout: 20_000 }, (error, stdout, stderr) =>
    resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr }),
  );
  return promise;
}

describe('a server with an agent, and two agents that wait', () => {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-console-'));
  const web = createServer((request, response) => {
    response.statusCode = request.headers.authorization === 'Bearer abcdefgh' ? 200 : 401;
    response.end('{"status":"up"}');
  });
  let netmon: Netmon;
  let bravo: WaitingAgent;
  let charlie: WaitingAgent;
  let site = '';

  before(async () => {
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    site = `http://127.0.0.1:${(web.address() as AddressInfo).port}/`;
    [netmon, bravo, charlie] = await Promise.all([
      runNetmon({
        flags: ['--sensor', 'proc', '--no-inspect', '--probe-networks', 'loopback', '--agent-name', 'alpha'],
      }),
      WaitingAgent.start('bravo'),
      WaitingAgent.start('charlie'),
    ]);
  });
  after(async () => {
    await Promise.all([netmon, bravo, charlie].map((each) => each?.[Symbol.asyncDispose]()));
    web.closeAllConnections();
    web.close();
    rmSync(folder, { recursive: true });
  });
  const openTerminal = (): Terminal => new Terminal(80, 24, { LANG: 'C.UTF-8', XDG_CONFIG_HOME: folder });

  test('are commanded by plain commands alike', async () => {
    for (const where of [
      ['--server', netmon.url],
      ['--agent', bravo.address],
    ]) {
      const header = 'Authorization: Bearer abcdefgh';
      const added = await run(
        'monitor',
        'add',
        'http',
        site,
        '--id',
        'shop',
        '--interval',
        '1s',
        '--header',
        header,
        ...where,
      );
      assert.deepEqual(added, { code: 0, stdout: 'set up shop\n', stderr: '' });
      await until('a round that is up', async () => {
        const { stdout } = await run('monitor', 'results', 'shop', '--json', ...where);
        return (
          (JSON.parse(stdout) as { results: { outcome: string }[] }).results[0]?.outcome === 'up' || undefined
        );
      });
      const shown = await run('monitor', 'show', 'shop', ...where);
      assert.match(shown.stdout, /^http:\/\/127\.0\.0\.1:\d+\/ is up for /);
      assert.match(shown.stdout, /header +Authorization: \*\*\*/);
      assert.doesNotMatch(shown.stdout, /abcdefgh/);
      const edited = await run(
        'monitor',
        'edit',
        'shop',
        '--interval',
        '2s',
        '--label',
        'a=b',
        '--json',
        ...where,
      );
      const row = JSON.parse(edited.stdout) as MonitorRow;
      assert.deepEqual([row.revision, row.interval_ms, row.labels], [2, 2000, { a: 'b' }]);
      const still = await until('a round of the new revision', async () => {
        const { stdout } = await run('monitor', 'results', 'shop', '--json', ...where);
        return (JSON.parse(stdout) as { results: AgentResult['result'][] }).results.find(
          ({ revision }) => revision === 2,
        );
      });
      assert.equal(still.outcome, 'up', 'the credential was kept');
      assert.equal((await run('monitor', 'stop', 'shop', ...where)).stdout, 'stopped shop\n');
      assert.match((await run('monitor', 'list', ...where)).stdout, /\nshop +stopped /);
      assert.equal((await run('monitor', 'rm', 'shop', ...where)).stdout, 'removed shop\n');
      const gone = await run('monitor', 'show', 'shop', ...where);
      assert.equal(gone.code, 66);
      assert.match(gone.stderr, /has no monitor "shop"/);
    }
  });

  test('are commanded from one prompt: a monitor step by step, live rounds, a cut link, and all of it the next time', async () => {
    using terminal = openTerminal();
    const server = netmon.url.replace('http://', '');
    terminal.run(`${program} console ${server} ${bravo.address} ${charlie.address}`);
    await terminal.see(/connected to agent charlie\n.*\+2>/);

    terminal.run('add');
    await terminal.see(/Where\?/);
    terminal.press('Enter');
    await terminal.see(/What kind of monitor\?/);
    terminal.press('Enter');
    await terminal.see(/◆ {2}URL/);
    terminal.run('127.0.0.1:99999');
    await terminal.see(/└ {2}expected a URL/);
    terminal.press('C-u');
    terminal.run(site);
    await terminal.see(/◆ {2}method/);
    terminal.press('Enter');
    await terminal.see(/◆ {2}Name/);
    terminal.press('C-u');
    terminal.run('shop');
    await terminal.see(/◆ {2}interval/);
    terminal.press('C-u');
    terminal.run('1s');
    await terminal.see(/◆ {2}assert 1/);
    terminal.run('[STATUS] === 401');
    await terminal.see(/└ {2}.+/);
    terminal.press('C-u');
    terminal.run('[STATUS] == 401');
    await terminal.see(/◆ {2}assert 2/);
    terminal.press('Enter');
    await terminal.see(/interval {2}1s[\s\S]*assert +\[STATUS\] == 401[\s\S]*All right\?/);
    terminal.press('Down', 'Enter');
    await terminal.see(/alpha +up[\s\S]*bravo +up[\s\S]*charlie +up[\s\S]*All right\?/);
    terminal.press('Enter');
    await terminal.see(/set up shop on bravo\nset up shop on charlie/);
    await terminal.see(/alpha shop up [\s\S]*\+2>/);
    await terminal.see(/bravo shop up /);
    await terminal.see(/charlie shop up /);

    terminal.press('-l', 'sto');
    terminal.press('Tab');
    await terminal.see(/\+2> stop$/m);
    const [before] = await terminal.see(/charlie shop up[^\n]*\n(?:.*\n)*.*\+2> stop\s*$/);
    await until('another round above what was typed', () => {
      const [now] =
        /charlie shop up[^\n]*\n(?:.*\n)*.*\+2> stop\s*$/.exec(terminal.screen().join('\n')) ?? [];
      return (now !== undefined && now !== before) || undefined;
    });
    terminal.run('shop --on charlie,alpha');
    await terminal.see(/stopped shop on charlie/);
    const row = await netmon.get<MonitorRow>('/api/monitors/shop');
    assert.deepEqual(row.stopped_on, ['charlie', 'alpha']);
    terminal.run('start shop --on alpha');
    await terminal.see(/started shop on alpha/);

    await bravo.stop();
    await terminal.see(/bravo not connected: /);
    await bravo.start();
    await terminal.see(/bravo connected/);
    terminal.run('clear');
    await terminal.see(/"clear" is no command/);
    await terminal.see(/no command[\s\S]*bravo shop up/);

    terminal.run('watch off');
    terminal.run('edit shop@bravo --interval 5s');
    await terminal.see(/changed shop on bravo, revision 2/);
    terminal.run('show shop@bravo');
    await terminal.see(/shop is up[\s\S]*interval {2}5s/);
    terminal.press('C-d');
    await terminal.see(/ready>\s*$/);

    const file = join(folder, 'netmon/console.toml');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.match(readFileSync(file, 'utf8'), /kind = "http"[\s\S]*name = "shop"/);
    terminal.run(`clear; ${program} console`);
    await terminal.see(/Connect to[\s\S]*◼ 127/);
    terminal.press('Enter');
    await terminal.see(/connected to agent bravo[\s\S]*\+2>/);
    terminal.press('Up');
    await terminal.see(/\+2> show shop@bravo/);
    terminal.press('C-c');
    terminal.run('quit');
    await terminal.see(/ready>\s*$/);
  });

  test('shows nothing of the network to a terminal that it could act on', async () => {
    using terminal = openTerminal();
    const evil = 'e\u001b[31mvil\u202e';
    const response = await fetch(`${netmon.url}/api/monitors`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        id: 'evil',
        name: evil,
        interval_ms: 1000,
        probe: { kind: 'icmp', host: '127.0.0.1' },
      }),
    });
    assert.equal(response.status, 201);
    terminal.run(`${program} console ${netmon.url}`);
    await terminal.see(/alpha e\\x1b\[31mvil\\u\{202e\} /);
    terminal.press('C-d');
    const { stdout } = await run('monitor', 'list', '--server', netmon.url);
    assert.match(stdout, /e\\x1b\[31mvil\\u\{202e\}/);
  });
});
