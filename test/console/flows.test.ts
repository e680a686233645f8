import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { formatMs, responseMs } from '../../src/cli/monitors/columns.ts';
import type { ResultList } from '../../src/client/monitor-rest.ts';
import { enterOwnNetwork } from '../../src/sys/network.fixture.ts';
import type { MonitorRow } from '../../src/wire/monitor.ts';
import { formatMs as formatMsOnPage } from '../../web/src/lib/format.ts';
import { type Browser, browserMissing, openBrowser } from '../e2e/browser.ts';
import { missing } from '../support/needs.ts';
import { type Netmon, runNetmon } from '../support/netmon.ts';
import { accepts, makeCertificate, type Server, startDnsmasq, startNginx } from '../support/servers.ts';
import { Terminal } from '../support/terminal.ts';
import { until } from '../support/until.ts';
import { Session } from './session.ts';
import { WaitingAgent } from './waiting-agent.ts';

const program = join(import.meta.dirname, '../../bin/netmon');
const skip = missing('root', 'namespaces', 'nginx', 'dnsmasq', 'chronyd', 'openssl');
const withinMs = 120_000;

/** What is asked, and what is answered: first what is refused with that message, then what is taken. */
interface Step {
  readonly asks: string;
  readonly wrong?: readonly [answer: string, message: string];
  /** A text, or keys of a choice. */
  readonly answer: string | readonly string[];
}

interface Flow {
  readonly kind: string;
  /** Of the kind: those between the target and the name. */
  readonly target: Step;
  readonly steps: readonly Step[];
  readonly interval: Step;
  readonly assertion: Step;
  /** What the summary has, in order. */
  readonly summary: readonly string[];
}

const interval = (wrong: string, message: string): Step => ({
  asks: 'interval',
  wrong: [wrong, message],
  answer: '1s',
});
const notDuration = 'expected a duration such as';

const flows: readonly Flow[] = [
  {
    kind: 'http',
    target: { asks: 'URL', wrong: ['ftp://127.0.0.1/', 'expected a URL'], answer: '127.0.0.1/' },
    steps: [{ asks: 'method', wrong: ['get', 'expected a method in capitals'], answer: 'GET' }],
    interval: interval('1', notDuration),
    assertion: {
      asks: 'assert 1',
      wrong: ['[STATUS] === 200', 'column'],
      answer: '[BODY].status == "up"',
    },
    summary: [
      'kind +HTTP ',
      'target +http://127.0.0.1/ ',
      'interval +1s ',
      'assert +\\[BODY\\].status == "up" ',
    ],
  },
  {
    kind: 'https',
    target: { asks: 'URL', answer: '127.0.0.1/' },
    steps: [{ asks: 'method', answer: '' }],
    interval: interval('0s', 'expected 1s at least'),
    assertion: { asks: 'assert 1', answer: '[CERTIFICATE_EXPIRATION] > 1h' },
    summary: ['kind +HTTPS ', 'target +https://127.0.0.1/ '],
  },
  {
    kind: 'icmp',
    target: { asks: 'Host or address', wrong: ['no host', 'expected a host name'], answer: '127.0.0.1' },
    steps: [{ asks: 'echoes', wrong: ['0', 'expected 1 at least'], answer: '2' }],
    interval: interval('2d', 'expected 1d at most'),
    assertion: {
      asks: 'assert 1',
      wrong: ['[RCODE] == 1', 'no placeholder of a icmp'],
      answer: '[LOSS] < 5',
    },
    summary: ['kind +ICMP ', 'echoes +2 ', 'assert +\\[LOSS\\] < 5 '],
  },
  {
    kind: 'dns',
    target: { asks: 'Name that is asked for', wrong: ['a b', 'expected a host name'], answer: 'shop.test' },
    steps: [
      { asks: 'type', wrong: ['a', 'expected a record type'], answer: 'A' },
      { asks: 'resolver', wrong: ['a/b', 'expected a host name'], answer: '127.0.0.1' },
    ],
    interval: interval('soon', notDuration),
    assertion: { asks: 'assert 1', answer: '[RCODE] == NOERROR' },
    summary: ['kind +DNS ', 'target +shop.test ', 'resolver +127.0.0.1 '],
  },
  {
    kind: 'ntp',
    target: { asks: 'Time server', wrong: ['127.0.0.1:0', 'expected'], answer: '127.0.0.1' },
    steps: [{ asks: 'samples', wrong: ['9', 'expected 8 at most'], answer: '1' }],
    interval: interval('1w', notDuration),
    assertion: { asks: 'assert 1', wrong: ['OFFSET < 5', 'column'], answer: '[OFFSET] < 60000' },
    summary: ['kind +NTP ', 'samples +1 '],
  },
  {
    kind: 'tcp',
    target: { asks: 'Host and port', wrong: ['127.0.0.1', 'expected HOST:PORT'], answer: '127.0.0.1:25' },
    steps: [
      { asks: 'tls', answer: ['Enter'] },
      { asks: 'step 1', wrong: ['wait 220', 'expected "send TEXT"'], answer: 'expect 220*' },
      { asks: 'step 2', answer: '' },
    ],
    interval: interval('', ''),
    assertion: { asks: 'assert 1', wrong: ['[CONNECTED]', 'column'], answer: '[CONNECTED] == true' },
    summary: ['kind +TCP ', 'target +127.0.0.1:25 ', 'step +expect 220\\* '],
  },
  {
    kind: 'udp',
    target: { asks: 'Host and port', wrong: ['127.0.0.1:99999', 'expected'], answer: '127.0.0.1:7' },
    steps: [
      { asks: 'encoding', answer: ['Down', 'Enter'] },
      { asks: 'payload', wrong: ['706', 'expected pairs of hexadecimal digits'], answer: '70 69' },
      { asks: 'expect', answer: 'po*' },
    ],
    interval: interval('1 s', notDuration),
    assertion: { asks: 'assert 1', answer: '[REPLY] == "pong"' },
    summary: ['kind +UDP ', 'payload +70 69 ', 'encoding +hex ', 'expect +po\\* '],
  },
];

describe('a monitor of each kind, set up step by step', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-flows-'));
  const servers: Server[] = [];
  const mail = createServer((socket) => socket.on('error', () => {}).end('220 mail.test\r\n'));
  const echo = createSocket('udp4', (_, { port, address }) => echo.send('pong', port, address));
  let netmon: Netmon;
  let bravo: WaitingAgent;
  let terminal: Terminal;
  let session: Session;
  let browser: Browser | null = null;

  before(async () => {
    enterOwnNetwork();
    makeCertificate(folder);
    const tls = `listen 443 ssl; ssl_certificate ${folder}/cert; ssl_certificate_key ${folder}/key;`;
    servers.push(
      startNginx(folder, `server { listen 80; ${tls} location / { return 200 '{"status":"up"}'; } }`),
    );
    servers.push(startDnsmasq(folder, { 'shop.test': '192.0.2.7' }));
    const config = `local stratum 5\nallow all\ncmdport 0\nbindaddress 127.0.0.1\npidfile ${folder}/ntp.pid\nbindcmdaddress /\n`;
    writeFileSync(join(folder, 'ntp.conf'), config);
    const chronyd = spawn('chronyd', ['-x', '-d', '-u', 'root', '-f', join(folder, 'ntp.conf')], {
      stdio: 'ignore',
    });
    servers.push({ kill: () => void chronyd.kill('SIGKILL') });
    mail.listen(25, '127.0.0.1');
    echo.bind(7, '127.0.0.1');
    await Promise.all([once(mail, 'listening'), once(echo, 'listening')]);
    for (const port of [80, 443, 53]) await until(`port ${port}`, () => accepts(port), { withinMs });
    [netmon, bravo] = await Promise.all([
      runNetmon({
        flags: ['--sensor', 'proc', '--no-inspect', '--probe-networks', 'loopback', '--agent-name', 'alpha'],
      }),
      WaitingAgent.start('bravo'),
    ]);
    terminal = new Terminal(110, 50, { LANG: 'C.UTF-8', XDG_CONFIG_HOME: folder });
    session = new Session(terminal);
    await session.open(`${program} console ${netmon.url} ${bravo.address}`);
    await session.see(/connected to agent bravo|bravo connected/);
    await session.tell('watch off', /$/);
  });
  after(async () => {
    terminal?.[Symbol.dispose]();
    await browser?.close();
    await Promise.all([netmon, bravo].map((each) => each?.[Symbol.asyncDispose]()));
    for (const server of servers) server.kill();
    mail.close();
    echo.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Waits until that is the question under way. */
  const asked = (question: string): Promise<unknown> =>
    terminal.see(new RegExp(`◆ {2}${RegExp.escape(question)}`), withinMs);

  async function answer({ asks, wrong, answer: right }: Step): Promise<void> {
    await asked(asks);
    if (wrong && wrong[0] !== '') {
      terminal.run(wrong[0]);
      await terminal.see(new RegExp(`▲ {2}${asks}[\\s\\S]*└ {2}[^\\n]*${RegExp.escape(wrong[1])}`), withinMs);
      terminal.press('C-u');
    }
    if (typeof right === 'string') terminal.run(right);
    else terminal.press(...right);
  }

  async function choose(question: string, ...keys: readonly string[]): Promise<void> {
    await asked(question);
    terminal.press(...keys);
  }

  for (const flow of flows) {
    test(`${flow.kind}: every wrong answer is said and asked for again, and the summary comes before it is saved`, async () => {
      const { kind, target, steps, summary } = flow;
      await session.type(`add ${kind}`);
      await choose('Where?', 'Enter');
      for (const step of [target, ...steps]) await answer(step);
      await answer({ asks: 'Name', answer: `my-${kind}` });
      await answer(flow.interval);
      await answer(flow.assertion);
      await answer({ asks: 'assert 2', wrong: ['[', 'column'], answer: '' });
      const lines = summary.join('[\\s\\S]*?');
      await terminal.see(new RegExp(`my-${kind} ─[\\s\\S]*?${lines}[\\s\\S]*?◆ {2}All right\\?`), withinMs);
      if (kind === 'https') await acceptCertificate();
      terminal.press('Enter');
      await session.see(new RegExp(`set up my-${kind} on .*\\n.*set up my-${kind} on `));
    });
  }

  /** Has it tried, sees why it is down, and changes that. */
  async function acceptCertificate(): Promise<void> {
    terminal.press('Down', 'Enter');
    await terminal.see(/alpha +down[^\n]*self-signed[\s\S]*◆ {2}All right\?/, withinMs);
    terminal.press('Down', 'Down', 'Enter');
    await choose('Which one?', ...Array.from({ length: 8 }, () => 'Down'), 'Enter');
    await choose('verify', 'Right', 'Enter');
    await terminal.see(/verify +no[\s\S]*◆ {2}All right\?/, withinMs);
  }

  test('all of them are up on both agents, and have the same results in the console, REST and the dashboard', async () => {
    const list = (): Promise<{ monitors: MonitorRow[] }> => netmon.get('/api/monitors');
    await until(
      'seven that are up',
      async () => {
        const { monitors } = await list();
        return (monitors.length === 7 && monitors.every(({ status }) => status.state === 'up')) || undefined;
      },
      { withinMs, describe: () => terminal.screen() },
    );
    await until(
      'the same on the agent that waits',
      async () => {
        const rows = flows.map(({ kind }) => `my-${kind} +up `).toSorted();
        const [text] = await session.tell('list', /KIND[\s\S]*KIND[\s\S]*>$/);
        return new RegExp(`bravo\\n[\\s\\S]*${rows.join('[\\s\\S]*')}`).test(text) || undefined;
      },
      { withinMs, everyMs: 500 },
    );

    const server = new URL(netmon.url).host;
    if (browserMissing === null) browser = await openBrowser();
    const page = browser?.page ?? null;
    await page?.goto(`${netmon.url}/monitors/my-http`);
    const rest = async (format: (ms: number | null) => string): Promise<string[]> => {
      const { results } = await netmon.get<ResultList>('/api/monitors/my-http/results?limit=5');
      return results.map((result) => `${result.agent} ${result.outcome} ${format(responseMs(result))}`);
    };
    await until('five rounds', async () => (await rest(String)).length === 5 || undefined, { withinMs });
    await session.tell(`stop my-http@${server}`, /stopped my-http on /);
    const told = { console: [] as string[], dashboard: [] as string[] };
    await until(
      'the same results',
      async () => {
        const before = await rest(String);
        const [, rows] = await session.tell(
          `results my-http@${server} --limit 5`,
          /AT +AGENT +OUTCOME[^\n]*\n((?:[^\n]*\balpha\b[^\n]*\n)+)/,
        );
        told.console = [...rows.matchAll(/(alpha) +(\w+) +([\d.]+ m?s)/g)].map((row) =>
          row.slice(1).join(' '),
        );
        const items = (await page?.locator('ol > li > button').allInnerTexts()) ?? [];
        told.dashboard = items.slice(0, 5).map(readItem);
        const same =
          isDeepStrictEqual(told.console, await rest(formatMs)) &&
          (page === null || isDeepStrictEqual(told.dashboard, await rest(formatMsOnPage))) &&
          isDeepStrictEqual(await rest(String), before);
        return same || undefined;
      },
      { withinMs, everyMs: 500, describe: () => told },
    );
    assert.equal(told.console.length, 5);
  });

  test('they are edited, stopped, started and removed where it is chosen', async () => {
    await session.type('edit my-udp');
    await choose('Where?', 'Down', 'Enter');
    await choose('All right?', 'Down', 'Down', 'Enter');
    await choose('Which one?', ...Array.from({ length: 8 }, () => 'Down'), 'Enter');
    await answer({ asks: 'interval', wrong: ['s', notDuration], answer: '7s' });
    await terminal.see(/interval +7s[\s\S]*◆ {2}All right\?/, withinMs);
    terminal.press('Down', 'Down', 'Enter');
    await choose('Which one?', 'Escape');
    await choose('All right?', 'Enter');
    await session.see(/changed my-udp on bravo, revision 2/);
    const { interval_ms, revision } = await netmon.get<MonitorRow>('/api/monitors/my-udp');
    assert.deepEqual([interval_ms, revision], [1000, 1]);

    for (const [command, question, done] of [
      ['stop', 'Stop it on', 'stopped my-tcp on'],
      ['start', 'Start it on', 'started my-tcp on'],
      ['rm', 'Remove it from', 'removed my-tcp from'],
    ] as const) {
      await session.type(`${command} my-tcp`);
      await choose(question, 'Space', 'Enter');
      await session.see(new RegExp(`${done} bravo`));
    }
    const { stopped_on, enabled } = await netmon.get<MonitorRow>('/api/monitors/my-tcp');
    assert.deepEqual([stopped_on, enabled], [[], true], 'the server was not chosen');
    await session.tell('show my-tcp@bravo', /! bravo has no monitor "my-tcp"/);
  });
});

/** Agent, outcome and time of a round on the page. */
function readItem(text: string): string {
  const [, agent, outcome, ...rest] = text.split('\n').map((part) => part.trim());
  return `${agent} ${outcome.toLowerCase()} ${rest.at(-1)}`;
}
