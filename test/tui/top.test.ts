import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { missing } from '../support/needs.ts';
import { makeDataFolder, type Netmon, runNetmon } from '../support/netmon.ts';
import { Terminal } from '../support/terminal.ts';
import { until } from '../support/until.ts';

const program = join(import.meta.dirname, '../../bin/netmon');
const plain = { LANG: 'C.UTF-8', NO_COLOR: '' };

/** A program with that name that holds a connection and sends on it, until it is ended. */
class Client implements Disposable {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown>;
  readonly connected: Promise<unknown>;
  readonly #server: Server;

  private constructor(server: Server, title: string) {
    this.#server = server;
    const { port } = server.address() as AddressInfo;
    this.connected = once(server, 'connection');
    const script = [
      'process.title = process.argv[1]',
      'const s = require("net").connect(+process.argv[2], "127.0.0.1")',
      'setInterval(() => s.write("x".repeat(2000)), 100)',
    ].join(';');
    this.child = spawn(process.execPath, ['-e', script, title, String(port)], { stdio: 'ignore' });
    this.exited = once(this.child, 'exit');
  }

  /** Resolves when it is connected. */
  static async start(title: string): Promise<Client> {
    const server = createServer((socket) => socket.on('error', () => {}).resume());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = new Client(server, title);
    await client.connected;
    return client;
  }

  [Symbol.dispose](): void {
    this.child.kill('SIGKILL');
    this.#server.close();
  }
}

/** Runs `netmon top` in a terminal until `end` has ended it; the terminal must be as it was, and the exit code is the answer. */
async function runAndEnd(
  flags: string,
  end: (terminal: Terminal) => void | Promise<void>,
  env: Readonly<Record<string, string>> = plain,
): Promise<number> {
  using terminal = new Terminal(80, 24, env);
  await terminal.see(/ready>/);
  const before = terminal.state();
  terminal.run(`${program} top ${flags}; echo "code=$?"`);
  await terminal.see(/1 Processes/);
  const during = terminal.state();
  assert.equal(during.alternateScreen, true);
  assert.equal(during.cursor, false);
  await end(terminal);
  const [, code] = await terminal.see(/code=(\d+)/);
  assert.deepEqual(terminal.state(), before);
  return Number(code);
}

describe('netmon top in a terminal', () => {
  let netmon: Netmon;
  before(async () => {
    netmon = await runNetmon();
  });
  after(() => netmon[Symbol.asyncDispose]());
  const server = (): string => `--server ${netmon.url}`;

  test('shows what the server knows in 80x24 and in 200x60, and follows the terminal when its size changes', async () => {
    using _client = await Client.start('client-on-show');
    using terminal = new Terminal(80, 24, plain);
    terminal.run(`${program} top ${server()}`);
    await terminal.see(/client-on-show +\S+ +1 +0 .* KB\/s/);
    await until(
      'the last line',
      () => terminal.screen().at(-1)?.startsWith('?Help /Filter F6Order') || undefined,
    );
    terminal.resize(200, 60);
    await terminal.see(/Alerts and failures/);
    await until('60 lines', () => terminal.screen()[59]?.startsWith('?Help') || undefined);
    assert.equal(terminal.screen().length, 60);
    terminal.press('2');
    await terminal.see(/client-on-show +\d+ +\S+ +127\.0\.0\.1:\d+ +\S+:\d+ +ESTABLISHED/);
    terminal.resize(80, 24);
    await until('24 lines', () => terminal.screen()[23]?.startsWith('?Help') || undefined);
    terminal.resize(20, 5);
    await terminal.see(/40x10 at least/);
    terminal.resize(100, 30);
    await terminal.see(/client-on-show +\d+/);
  });

  test('leaves nothing of its own in a terminal that has grown meanwhile', async () => {
    using terminal = new Terminal(80, 24, plain);
    await terminal.see(/ready>/);
    terminal.run(`${program} top ${server()}`);
    await terminal.see(/PROCESS/);
    terminal.resize(120, 40);
    await terminal.see(/Alerts and failures/);
    terminal.press('q');
    const [screen] = await terminal.see(/^ready> .* top --server [\s\S]*\nready>\s*$/);
    assert.doesNotMatch(screen, /PROCESS|Alerts/);
  });

  test('gives the terminal back when it is killed', async () => {
    using terminal = new Terminal(80, 24, plain);
    await terminal.see(/ready>/);
    const before = terminal.state();
    terminal.run(`${program} top ${server()}`);
    await terminal.see(/PROCESS/);
    process.kill(terminal.child(), 'SIGKILL');
    await until('the terminal as it was', () => {
      const { alternateScreen, cursor } = terminal.state();
      return (!alternateScreen && cursor) || undefined;
    });
    terminal.run('echo $((6 * 7))');
    await terminal.see(/^42$/m);
    assert.deepEqual(terminal.state(), before);
  });

  test('is driven by keys: help, pages, filter, freeze', async () => {
    using client = await Client.start('client-to-find');
    using terminal = new Terminal(80, 24, plain);
    terminal.run(`${program} top ${server()}`);
    await terminal.see(/client-to-find/);
    terminal.press('?');
    await terminal.see(/what the keys do/);
    terminal.press('Escape');
    terminal.press('6');
    await terminal.see(/INTERFACE .*\n.*lo +up|\nlo +up/);
    terminal.press('1', '/');
    terminal.press('-l', 'to-find');
    await terminal.see(/Filter: to-find/);
    terminal.press('Enter');
    await until(
      'one row',
      () => terminal.screen().filter((line) => /client|netmon/.test(line)).length === 2 || undefined,
    );
    terminal.press('z');
    await terminal.see(/FROZEN/);
    client.child.kill('SIGKILL');
    await client.exited;
    terminal.press('F6');
    await terminal.see(/Order by/);
    terminal.press('Escape');
    await terminal.see(/client-to-find/);
    terminal.press('z');
    await terminal.see(/nothing matches the filter|live/);
  });

  test('sends a signal to the chosen process once the question is answered', {
    skip: missing('pids'),
  }, async () => {
    using client = await Client.start('client-to-end');
    using terminal = new Terminal(80, 24, plain);
    terminal.run(`${program} top ${server()}`);
    await terminal.see(/client-to-end +\S+ +1 /);
    // Typed, since a flag would be in the command line of this program, which the filter would find as well.
    terminal.press('/');
    terminal.press('-l', 'client-to-end');
    await terminal.see(/Filter: client-to-end/);
    terminal.press('Enter');
    await until(
      'one row',
      () =>
        terminal.screen().filter((line) => /netmon-|client-to-end +\S+ +1 /.test(line)).length === 1 ||
        undefined,
    );
    await terminal.see(/netmon top +(?!no agent)/);
    terminal.press('k');
    await terminal.see(new RegExp(`Send SIGTERM to client-to-end \\(${client.child.pid}\\)\\?`));
    terminal.press('Escape');
    await terminal.see(/\?Help/);
    terminal.press('k');
    await terminal.see(/Send SIGTERM/);
    terminal.press('Enter');
    await terminal.see(new RegExp(`sent SIGTERM to client-to-end \\(${client.child.pid}\\)`));
    assert.deepEqual(await client.exited, [null, 'SIGTERM']);
  });

  test('shows control characters of a process name as escapes', async () => {
    using _client = await Client.start('\x1b[2Jev\x07il');
    using terminal = new Terminal(80, 24, plain);
    terminal.run(`${program} top ${server()}`);
    await terminal.see(/\\x1b\[2Jev\\x07il/);
  });

  test('uses no colour when it is told not to', async () => {
    using terminal = new Terminal(80, 24, { LANG: 'C.UTF-8', NO_COLOR: '1' });
    terminal.run(`${program} top ${server()}`);
    await terminal.see(/1 Processes/);
    assert.doesNotMatch(terminal.colours(), /\[(?:\d+;)*(?:3[0-7]|4[0-7]|9[0-7]|10[0-7])[;m]/);
  });

  test('leaves the terminal as it was on q', async () => {
    assert.equal(await runAndEnd(server(), (terminal) => terminal.press('q')), 0);
  });
  test('leaves the terminal as it was on Ctrl-C', async () => {
    assert.equal(await runAndEnd(server(), (terminal) => terminal.press('C-c')), 0);
  });
  test('leaves the terminal as it was on SIGTERM and SIGHUP', async () => {
    for (const signal of ['SIGTERM', 'SIGHUP'] as const)
      assert.equal(
        await runAndEnd(server(), (terminal) => void process.kill(terminal.child(), signal)),
        0,
        signal,
      );
  });
  test('leaves the terminal as it was when its time is over', async () => {
    assert.equal(await runAndEnd(`${server()} --timeout 5`, () => {}), 0);
  });
  test('leaves the terminal as it was on a crash, and says after that what it was', async () => {
    const crash =
      'data:text/javascript,process.on(%27SIGUSR2%27,()=>{throw%20new%20Error(%27a%20crash%20on%20purpose%27)})';
    const code = await runAndEnd(
      server(),
      async (terminal) => {
        process.kill(terminal.child(), 'SIGUSR2');
        await terminal.see(/netmon: internal error: .*a crash on purpose/);
      },
      { ...plain, NODE_OPTIONS: `--import=${crash}` },
    );
    assert.equal(code, 70);
  });
  test('gives the terminal to the shell on Ctrl-Z, and takes it again', async () => {
    using terminal = new Terminal(80, 24, plain);
    await terminal.see(/ready>/);
    const before = terminal.state();
    terminal.run(`${program} top ${server()}`);
    await terminal.see(/1 Processes/);
    terminal.press('C-z');
    await terminal.see(/Stopped/);
    assert.equal(terminal.state().alternateScreen, false);
    assert.equal(terminal.state().cursor, true);
    terminal.run('fg');
    await terminal.see(/1 Processes/);
    terminal.press('q');
    await until(
      'the terminal as it was',
      () => (!terminal.state().alternateScreen && terminal.state().stty === before.stty) || undefined,
    );
  });
});

test('without a server it runs the sensors itself, and nothing of that remains', async () => {
  using _client = await Client.start('client-of-own');
  const folder = makeDataFolder();
  const code = await runAndEnd(
    '',
    async (terminal) => {
      await terminal.see(/client-of-own/);
      assert.equal(readdirSync(folder).filter((name) => name.startsWith('netmon-top-')).length, 1);
      terminal.press('q');
    },
    { ...plain, TMPDIR: folder },
  );
  assert.equal(code, 0);
  assert.deepEqual(readdirSync(folder), []);
  rmSync(folder, { recursive: true });
});

test('what was killed leaves no process, and its folder goes with the next one', async () => {
  const folder = makeDataFolder();
  const env = { ...plain, TMPDIR: folder };
  using terminal = new Terminal(80, 24, env);
  terminal.run(`${program} top`);
  await terminal.see(/netmon-server/);
  process.kill(terminal.child(), 'SIGKILL');
  await terminal.see(/Killed/);
  assert.equal(readdirSync(folder).length, 1);
  assert.equal(await runAndEnd('', (next) => next.press('q'), env), 0);
  assert.deepEqual(readdirSync(folder), []);
  rmSync(folder, { recursive: true });
});

test('where there is no terminal one picture is printed', async () => {
  using _client = await Client.start('client-in-print');
  const output = execFileSync(program, ['top'], { encoding: 'utf8', env: { ...process.env, TERM: 'dumb' } });
  assert.match(output, /^netmon top/);
  for (const title of ['Processes', 'Connections', 'HTTP', 'DNS', 'Errors', 'Interfaces', 'Alerts'])
    assert.match(output, new RegExp(`^${title} \\(\\d+\\)$`, 'm'));
  assert.match(output, /client-in-print/);
  assert.doesNotMatch(output.replaceAll('\n', ''), /\p{Cc}/u);
});
