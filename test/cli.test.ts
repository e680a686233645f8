import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

const folder = mkdtempSync(join(tmpdir(), 'netmon-cli-'));
after(() => rmSync(folder, { recursive: true }));
const program = join(import.meta.dirname, '..', 'bin', 'netmon');

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function netmon(args: readonly string[], env: NodeJS.ProcessEnv = {}, file = program): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  execFile(
    file,
    args,
    { env: { PATH: process.env.PATH, ...env }, timeout: 60_000, cwd: folder },
    (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr }),
  );
  return promise;
}

/** A server that gives these answers, for what crosses the process only; its requests are the last argument's. */
async function withServer(answer: RequestListener, use: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const row = {
  name: 'eth\x1b[2J0',
  up: true,
  carrier: true,
  speed_mbps: 1000,
  mtu: 1500,
  upload_speed: 1500,
  download_speed: 0,
  utilization_percent: 0.1,
  bytes_sent: 1,
  bytes_received: 2,
  errors_sent: 0,
  errors_received: 0,
  drops_sent: 0,
  drops_received: 0,
  addresses: ['=1+1'],
};
const send =
  (status: number, body: unknown): RequestListener =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

describe('netmon', () => {
  const subcommands = [
    'up',
    'server',
    'agent',
    'collector',
    'down',
    'doctor',
    'connections',
    'errors',
    'processes',
    'interfaces',
  ];

  it('answers --help and --version everywhere', async () => {
    const { version } = JSON.parse(
      (await import('node:fs')).readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'),
    );
    assert.deepEqual(await netmon(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
    for (const name of subcommands) {
      const help = await netmon([name, '--help']);
      assert.equal(help.code, 0, name);
      assert.match(help.stdout, /^Usage: netmon /);
      assert.equal((await netmon([name, '--version'])).stdout, `${version}\n`);
    }
  });

  it('runs from anywhere, through a symbolic link', async () => {
    symlinkSync(program, join(folder, 'nm'));
    assert.equal((await netmon(['--version'], {}, join(folder, 'nm'))).code, 0);
  });

  const refused: readonly (readonly [string, readonly string[], number, string])[] = [
    [
      'an unknown subcommand',
      ['upp'],
      2,
      "netmon: unknown command 'upp' (Did you mean up?) (netmon --help lists what there is)",
    ],
    [
      'an unknown flag',
      ['up', '--prot', '1'],
      2,
      "netmon: unknown option '--prot' (Did you mean --port?) (netmon up --help lists what there is)",
    ],
    [
      'a bad value',
      ['up', '--port', 'x'],
      2,
      'netmon: --port = "x": expected a port from 0 to 65535 (0 for any free one)',
    ],
    [
      'a superfluous word',
      ['down', 'now'],
      2,
      "netmon: too many arguments for 'down'. Expected 0 arguments but got 1: now. (netmon down --help lists what there is)",
    ],
    [
      'a missing configuration file',
      ['up', '--config', '/none', '--check'],
      78,
      "netmon: /none: unable to read the configuration file: ENOENT: no such file or directory, open '/none'",
    ],
    [
      '--csv with --watch',
      ['errors', '--csv', '--watch'],
      2,
      'netmon: --watch shows a table or --json, not --csv',
    ],
    [
      'a limit out of range',
      ['errors', '--limit', '0'],
      2,
      'netmon: --limit = "0": expected a number from 1 to 100000',
    ],
    [
      'no server',
      ['connections', '--server', 'http://127.0.0.1:1'],
      69,
      'netmon: no server answers at http://127.0.0.1:1: run "netmon up", or name one with --server',
    ],
  ];
  for (const [what, args, code, line] of refused)
    it(`says in one line what is wrong with ${what}`, async () =>
      assert.deepEqual(await netmon(args), { code, stdout: '', stderr: `${line}\n` }));

  it('checks and dumps the configuration', async () => {
    const file = join(folder, 'netmon.toml');
    writeFileSync(file, 'port = 81\nreverse-dns = false\n');
    assert.deepEqual(await netmon(['up', '--config', file, '--check']), {
      code: 0,
      stdout: 'the configuration is usable\n',
      stderr: '',
    });
    const dump = await netmon(['up', '--config', file, '--dump', '--host', '::1'], {
      NETMON_DB_LIMIT: '3GB',
    });
    const lines = dump.stdout.split('\n');
    assert.ok(lines.includes(`port = 81  # ${file}: port`), dump.stdout);
    assert.ok(lines.includes('host = "::1"  # flag --host'));
    assert.ok(lines.includes('db-limit = "3GB"  # environment NETMON_DB_LIMIT'));
    assert.ok(lines.includes(`reverse-dns = false  # ${file}: reverse-dns`));
  });

  it('takes --listen with and without an address', async () => {
    const bare = await netmon(['agent', '--listen', '--dump']);
    assert.match(bare.stdout, /^listen = "127\.0\.0\.1:65240" {2}# flag --listen$/m);
    const other = await netmon(['agent', '--listen', '[::1]:7', '--forbid-orders', 'probe.run', '--dump']);
    assert.match(other.stdout, /^listen = "\[::1\]:7" {2}# flag --listen$/m);
    assert.match(other.stdout, /^forbid-orders = \["probe\.run"\]/m);
  });
});

describe('netmon http', () => {
  const sums = {
    name: 'shop\x1b[2J.example',
    hits: 3,
    hits_per_second: 1,
    share: 1,
    request_bytes: 0,
    response_bytes: 300,
    statuses: { '1xx': 0, '2xx': 2, '3xx': 0, '4xx': 0, '5xx': 1, none: 0 },
    p50_ms: 12,
    p95_ms: null,
    p99_ms: null,
  };

  it('asks for what --by names, and shows it as a table, JSON or CSV', async () => {
    const asked: string[] = [];
    const answer: RequestListener = (request, response) => {
      asked.push(request.url!);
      send(200, { sections: [sums], next: null })(request, response);
    };
    await withServer(answer, async (url) => {
      const args = ['http', '--by', 'section', '--site', 'shop.example', '--server', url];
      const [head, line] = (await netmon(args)).stdout.split('\n');
      assert.match(head, /^NAME +HITS +SHARE/);
      assert.match(line, /^shop\\x1b\[2J\.example +3 +100\.0 %/);
      assert.equal(asked[0], '/api/http/sections?site=shop.example&limit=100');
      assert.deepEqual(JSON.parse((await netmon([...args, '--json'])).stdout).sections, [sums]);
      assert.match((await netmon([...args, '--csv'])).stdout, /"\{""1xx"":0,/);
    });
  });

  it('names what --by can be', async () => {
    const { code, stderr } = await netmon(['dns', '--by', 'colour']);
    assert.notEqual(code, 0);
    assert.match(stderr, /--by = "colour": expected one of process, resolver, name/);
  });
});

describe('netmon interfaces', () => {
  it('shows a table whose cells cannot drive the terminal', () =>
    withServer(send(200, { interfaces: [row], next: null }), async (url) => {
      const { stdout, code } = await netmon(['interfaces', '--server', url]);
      assert.equal(code, 0);
      const [head, line] = stdout.split('\n');
      assert.match(head, /^INTERFACE +STATE +SPEED +MTU +UP +DOWN/);
      assert.match(line, /^eth\\x1b\[2J0 +up +1 Gb\/s +1500 +1\.5 KB\/s +0 B\/s/);
    }));

  it('shows one JSON document, and CSV without formulas', () =>
    withServer(send(200, { interfaces: [row], next: null }), async (url) => {
      const json = await netmon(['interfaces', '--json', '--server', url]);
      assert.deepEqual(JSON.parse(json.stdout), { interfaces: [row], next: null });
      const [head, line] = (await netmon(['interfaces', '--csv', '--server', url])).stdout.split('\r\n');
      assert.equal(line.split(',')[head.split(',').indexOf('addresses')], "'=1+1");
    }));

  it('follows the cursor up to the limit', async () => {
    const asked: string[] = [];
    const answer: RequestListener = (request, response) => {
      asked.push(request.url!);
      const next = asked.length === 1 ? 'c1' : null;
      send(200, { connections: Array.from({ length: 1000 }, (_, id) => ({ id })), next })(request, response);
    };
    await withServer(answer, async (url) => {
      const args = [
        'connections',
        '--json',
        '--limit',
        '2000',
        '--error',
        'any',
        '--sort',
        '-bytes',
        '--server',
        url,
      ];
      assert.equal(JSON.parse((await netmon(args)).stdout).connections.length, 2000);
      assert.deepEqual(asked, [
        '/api/connections?error=any&sort=-bytes&limit=1000',
        '/api/connections?error=any&sort=-bytes&limit=1000&cursor=c1',
      ]);
    });
  });

  it("passes on the server's refusal and its exit code", () =>
    withServer(
      send(400, {
        code: 'NM_BAD_FILTER',
        detail: 'local: expected an address',
        title: '',
        status: 400,
        type: '',
      }),
      async (url) =>
        assert.deepEqual(await netmon(['connections', '--local', 'x', '--server', url]), {
          code: 65,
          stdout: '',
          stderr: 'netmon: local: expected an address\n',
        }),
    ));
});
