import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
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
import { Session } from './session.ts';
import { WaitingAgent } from './waiting-agent.ts';

const program = join(import.meta.dirname, '../../bin/netmon');

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const withinMs = 120_000;

function run(...args: readonly string[]): Promise<Outcome> {
  return runWith('', args);
}

/** Runs it with that on its standard input. */
function runWith(input: string, args: readonly string[], env = process.env): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const child = execFile(program, args, { timeout: withinMs, env }, (error, stdout, stderr) =>
    resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr }),
  );
  child.stdin?.end(input);
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
      await until(
        'a round that is up',
        async () => {
          const { stdout } = await run('monitor', 'results', 'shop', '--json', ...where);
          const { results } = JSON.parse(stdout) as { results: { outcome: string }[] };
          return results[0]?.outcome === 'up' || undefined;
        },
        { withinMs },
      );
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
      const still = await until(
        'a round of the new revision',
        async () => {
          const { stdout } = await run('monitor', 'results', 'shop', '--json', ...where);
          const { results } = JSON.parse(stdout) as { results: AgentResult['result'][] };
          return results.find(({ revision }) => revision === 2);
        },
        { withinMs },
      );
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
    const session = new Session(terminal);
    const asked = (question: RegExp): Promise<unknown> => terminal.see(question, withinMs);
    const server = netmon.url.replace('http://', '');
    await session.open(`${program} console ${server} ${bravo.address} ${charlie.address}`);
    for (const name of ['bravo', 'charlie'])
      await session.see(new RegExp(`connected to agent ${name}|${name} connected`));

    await session.type('add');
    await asked(/◆ {2}Where\?/);
    terminal.press('Enter');
    await asked(/◆ {2}What kind of monitor\?/);
    terminal.press('Enter');
    await asked(/◆ {2}URL/);
    terminal.run(site);
    await asked(/◆ {2}method/);
    terminal.press('Enter');
    await asked(/◆ {2}Name/);
    terminal.run('shop');
    await asked(/◆ {2}interval/);
    terminal.run('1s');
    await asked(/◆ {2}assert 1/);
    terminal.run('[STATUS] == 401');
    await asked(/◆ {2}assert 2/);
    terminal.press('Enter');
    await asked(/interval {2}1s[\s\S]*assert +\[STATUS\] == 401[\s\S]*◆ {2}All right\?/);
    terminal.press('Down', 'Enter');
    await asked(/alpha +up[\s\S]*bravo +up[\s\S]*charlie +up[\s\S]*◆ {2}All right\?/);
    terminal.press('Enter');
    await session.see(/set up shop on bravo\nset up shop on charlie/);
    for (const name of ['alpha', 'bravo', 'charlie']) await session.see(new RegExp(`${name} shop up `));

    terminal.press('-l', 'sto');
    terminal.press('Tab');
    await asked(/\+2> stop$/m);
    const rounds = (): number => terminal.transcript().split('charlie shop up').length;
    const before = rounds();
    await until(
      'another round above what was typed',
      () => (rounds() > before && terminal.transcript().endsWith('+2> stop')) || undefined,
      { withinMs, describe: () => terminal.screen() },
    );
    terminal.run('shop --on charlie,alpha');
    await session.see(/stopped shop on alpha\nstopped shop on charlie\n/);
    const row = await netmon.get<MonitorRow>('/api/monitors/shop');
    assert.deepEqual(row.stopped_on, ['alpha']);
    await session.tell('stop shop --on alpha,nobody', /! it is on no agent "nobody"/);
    await session.tell('start shop --on alpha', /started shop on alpha/);

    await bravo.stop();
    await session.see(/bravo not connected: /);
    await bravo.start();
    await session.see(/bravo connected/);
    await session.tell('clear', /"clear" is no command[\s\S]*bravo shop up/);

    await session.tell('watch off', /$/);
    await session.tell('edit shop@bravo --interval 5s', /changed shop on bravo, revision 2/);
    await session.tell('show shop@bravo', /shop is up[\s\S]*interval {2}5s[\s\S]*>$/);
    terminal.press('C-d');
    await session.see(/ready>$/);

    const file = join(folder, 'netmon/console.toml');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.match(readFileSync(file, 'utf8'), /kind = "http"[\s\S]*name = "shop"/);
    await session.open(`${program} console`);
    await asked(/◆ {2}Connect to[\s\S]*◼ 127[\s\S]*◼ 127[\s\S]*◼ http/);
    terminal.press('Enter');
    await session.see(/connected to agent bravo|bravo connected/);
    await session.see(/\+2>$/);
    terminal.press('Up');
    await session.see(/\+2> show shop@bravo$/);
    terminal.press('C-c');
    await session.see(/\^C\n[\s\S]*\+2>$/);
    await session.type('add http');
    await asked(/◆ {2}Where\?/);
    terminal.press('Enter');
    await asked(/◆ {2}Which monitor\?[\s\S]*HTTP shop/);
    terminal.press('Down', 'Enter');
    await asked(/assert +\[STATUS\] == 401[\s\S]*◆ {2}All right\?/);
    terminal.press('Escape');
    await session.see(/nothing was changed/);
    await session.type('quit');
    await session.see(/ready>$/);
  });

  test('takes a script from a pipe: says which line failed, goes on, and ends with the code of the first failure', async () => {
    const env = { ...process.env, XDG_CONFIG_HOME: join(folder, 'script') };
    const lines = [
      '# of a script',
      'add udp 127.0.0.1:9 --id dull --no-reply',
      'show nothing',
      'start "dull',
    ];
    const script = [...lines, 'add tcp 127.0.0.1:9 --id dull', 'rm dull', ''].join('\n');
    const { code, stdout, stderr } = await runWith(script, ['console', bravo.address], env);
    assert.deepEqual(
      [stdout.split('\n'), stderr.split('\n'), code],
      [
        ['connected to agent bravo', 'set up dull on bravo', 'removed dull from bravo', ''],
        [
          'netmon: line 3: there is no monitor "nothing"',
          'netmon: line 4: a quotation " has no end',
          'netmon: line 5: bravo has a monitor dull already',
          '',
        ],
        66,
      ],
    );
    const { code: good } = await runWith('list\n', ['console', bravo.address], env);
    assert.equal(good, 0);
  });

  test('say of bad input what is wrong, and where', async () => {
    const file = join(folder, 'bad.yaml');
    writeFileSync(file, 'monitors:\n  - id: a\n    name: A\n    probe: {kind: tcp, host: h}\n');
    const server = new URL(netmon.url).host;
    const add = ['monitor', 'add', 'udp', '127.0.0.1:9'];
    const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
      [['monitor', 'add', 'tcp'], 2, /argument 'HOST:PORT' \(netmon monitor add tcp --help lists/],
      [['monitor', 'add', 'tcp', 'h'], 2, /^netmon: HOST:PORT = "h": expected HOST:PORT such as/],
      [[...add, '--parent', 'none'], 65, /^netmon: parents: there is no monitor none$/m],
      [
        ['monitor', 'list', '--kind', 'gopher'],
        2,
        /^netmon: --kind = "gopher": expected one or several of http,/,
      ],
      [['monitor', 'rm', 'nothing'], 66, /has no monitor "nothing"/],
      [
        ['monitor', 'results', 'nothing', '--limit', '0'],
        2,
        /^netmon: --limit = "0": expected a number from 1/,
      ],
      [['monitor', 'import', file], 65, /bad\.yaml: monitors\[0\]\.probe\.port: line 4: /],
      [['monitor', 'import', `${file}.none`], 2, /^netmon: unable to read .*bad\.yaml\.none: ENOENT/],
      [['monitor', 'list', '--agent', server], 69, /is no agent that waits; a server is asked with --server/],
      [['agents', 'dial', 'x:99999'], 65, /x:99999: expected host:port/],
    ];
    await Promise.all(
      cases.map(async ([args, code, text]) => {
        const where = args.includes('--agent') ? [] : ['--server', netmon.url];
        const outcome = await run(...args, ...where);
        assert.equal(outcome.code, code, `${args.join(' ')}: ${outcome.stderr}`);
        assert.equal(outcome.stdout, '', args.join(' '));
        assert.match(outcome.stderr, text);
      }),
    );
    const other = await run('monitor', 'list', '--server', `http://${bravo.address}`);
    assert.match(other.stderr, /is no server; an agent that waits is asked with --agent/);
    assert.equal((await run(...add, '--id', 'mute', '--no-reply', '--server', netmon.url)).code, 0);
    const stray = await run('monitor', 'stop', 'mute', '--on', 'nobody', '--server', netmon.url);
    assert.deepEqual([stray.code, stray.stdout], [66, '']);
    assert.match(stray.stderr, /has no agent "nobody", but alpha$/m);
    const half = await run('monitor', 'rm', 'mute', 'nothing', '--server', netmon.url);
    assert.equal(half.code, 66);
    assert.equal(
      (await run('monitor', 'rm', 'mute', 'mute', '--server', netmon.url)).stdout,
      'removed mute\n',
    );
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
    const session = new Session(terminal);
    await session.open(`${program} console ${netmon.url}`);
    await session.see(/alpha e\\x1b\[31mvil\\u\{202e\} /);
    terminal.press('C-d');
    const { stdout } = await run('monitor', 'list', '--server', netmon.url);
    assert.match(stdout, /e\\x1b\[31mvil\\u\{202e\}/);
  });
});
