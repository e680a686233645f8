import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, it } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { buildPcap } from '../src/decode/capture/build.fixture.ts';
import { buildConnection, buildUdp, hex, join as joinBytes } from '../src/decode/packet/build.fixture.ts';
import type { TrafficRecord } from '../src/wire/traffic.ts';

const folder = mkdtempSync(join(tmpdir(), 'netmon-replay-'));
after(() => rmSync(folder, { recursive: true }));
const program = join(import.meta.dirname, '..', 'bin', 'netmon');
const startMs = Date.UTC(2026, 2, 16, 12);

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function replay(args: readonly string[], input?: Uint8Array): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const child = execFile(
    program,
    ['replay', ...args],
    { cwd: folder, timeout: 60_000 },
    (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr }),
  );
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  return promise;
}

const parse = (text: string): TrafficRecord[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as TrafficRecord);

/** A file of these frames, 10 ms apart. */
function write(
  name: string,
  frames: readonly Uint8Array[],
  pack: (file: Uint8Array) => Uint8Array = (f) => f,
): string {
  writeFileSync(
    join(folder, name),
    pack(buildPcap(frames.map((bytes, i) => ({ bytes, timeMs: startMs + i * 10 })))),
  );
  return name;
}

/** www.example.org A, answered with 198.51.100.2. */
const question = hex('03 777777 07 6578616d706c65 03 6f7267 00 0001 0001');
const ask = { from: '192.0.2.1:5353', to: '192.0.2.53:53' };
const frames = [
  buildUdp(ask, joinBytes(hex('1234 0100 0001 0000 0000 0000'), question)),
  buildUdp(
    { from: ask.to, to: ask.from },
    joinBytes(hex('1234 8180 0001 0001 0000 0000'), question, hex('c00c 0001 0001 0000003c 0004 c6336402')),
  ),
  ...buildConnection([
    ['>', 'GET /shop/cart?token=secret HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: =1+1\r\n\r\n'],
    ['<', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'],
  ]),
];
const file = write('a.pcap', frames);
const summary = {
  type: 'summary',
  packets: 9,
  bytes: frames.reduce((sum, frame) => sum + frame.length, 0),
  malformed: 0,
  flows: 2,
  error: null,
};

describe('netmon replay', () => {
  it('prints the records of a file as lines of JSON, the summary last', async () => {
    const { code, stdout, stderr } = await replay([file, '--json']);
    assert.deepEqual([code, stderr], [0, '']);
    const records = parse(stdout);
    assert.deepEqual(records.map(({ type }) => type).sort(), ['dns', 'flow', 'flow', 'http', 'summary']);
    assert.deepEqual(records.at(-1), summary);
    const http = records.find((one) => one.type === 'http');
    assert.deepEqual(http && [http.method, http.host, http.path, http.status, http.duration_ms], [
      'GET',
      'www.example.org',
      '/shop/cart?token=secret',
      200,
      10,
    ]);
    const dns = records.find((one) => one.type === 'dns');
    assert.deepEqual(dns && [dns.query, dns.qtype, dns.rcode, dns.answers[0]?.data], [
      'www.example.org',
      'A',
      'NOERROR',
      '198.51.100.2',
    ]);
  });

  it('refuses a filter that is none, also for a file without packets', async () => {
    const { code, stdout, stderr } = await replay([write('none.pcap', []), '--filter', 'tcp prot 80']);
    assert.deepEqual([code, stdout], [65, '']);
    assert.match(stderr, /^netmon: filter "tcp prot 80": .*syntax error/);
  });

  it('takes away with --mask what a query string tells', async () => {
    const { stdout } = await replay([file, '--json', '--mask', '--type', 'http']);
    assert.doesNotMatch(stdout, /secret/);
    assert.match(stdout, /"path":"\/shop\/cart\?/);
  });

  it('reads standard input, and files packed by gzip or zstd', async () => {
    const plain = readFileSync(join(folder, file));
    for (const input of [plain, gzipSync(plain), zstdCompressSync(plain)])
      assert.deepEqual(parse((await replay(['-', '--json'], input)).stdout).at(-1), summary);
    for (const pack of [gzipSync, zstdCompressSync])
      assert.deepEqual(
        parse((await replay([write('packed', frames, pack), '--json'])).stdout).at(-1),
        summary,
      );
  });

  it('prints a table of CSV, of some types when asked', async () => {
    const { stdout } = await replay([file, '--csv', '--type', 'http,dns']);
    const lines = stdout.trim().split('\r\n');
    assert.equal(lines.length, 3);
    assert.match(lines[0], /^type,ts,src,dst,method,host,path,status,/);
    assert.match(lines.find((line) => line.startsWith('http'))!, /,'=1\+1,/);
    assert.equal((await replay([file, '--csv'])).stdout.trim().split('\r\n').length, 5);
  });

  it('shows what there is in it without a flag', async () => {
    const { stdout } = await replay([file]);
    assert.match(stdout, /^a\.pcap: 9 packets, .* 2 flows, from .*, 80 ms long\n/);
    for (const line of [/^http +payload +1 /m, /^www\.example\.org +1 +1 /m, /^www\.example\.org\/shop +1 /m])
      assert.match(stdout, line);
  });

  it('writes a report', async () => {
    const { code, stdout } = await replay([file, '--html', 'report.html']);
    assert.deepEqual([code, stdout], [0, '']);
    assert.match(
      readFileSync(join(folder, 'report.html'), 'utf8'),
      /^<!doctype html>.*www\.example\.org\/shop.*<\/html>\n$/s,
    );
    assert.equal((await replay([file, '--html', 'no/such/folder.html'])).code, 71);
  });

  it('raises an alert when there were many requests, and tells when it was over', async () => {
    const request = Array.from({ length: 600 }, () => 'GET / HTTP/1.1\r\nHost: a\r\n\r\n').join('');
    const quiet = buildUdp({ from: '192.0.2.1:5000', to: '192.0.2.2:6000' }, 'x');
    const packets = [...buildConnection([['>', request]]), quiet].map((bytes, i, all) => ({
      bytes,
      timeMs: startMs + (i === all.length - 1 ? 300_000 : i),
    }));
    writeFileSync(join(folder, 'many.pcap'), buildPcap(packets));
    const { stdout } = await replay(['many.pcap', '--json', '--type', 'alert']);
    const [raised, recovered, last] = parse(stdout);
    assert.deepEqual(raised?.type === 'alert' && [raised.state, raised.value], ['raised', 500]);
    assert.equal(recovered?.type === 'alert' && recovered.state, 'recovered');
    assert.equal(last?.type, 'summary');
  });

  it('counts what is before the damage of a file, says where it is and ends with 65', async () => {
    writeFileSync(join(folder, 'cut.pcap'), readFileSync(join(folder, file)).subarray(0, -1));
    const { code, stdout, stderr } = await replay(['cut.pcap', '--json']);
    const last = parse(stdout).at(-1);
    assert.equal(code, 65);
    assert.ok(last?.type === 'summary');
    assert.equal(last.packets, 8);
    assert.match(
      last.error ?? '',
      /^the file ends in the middle of a record, \d+ bytes after its start \(at byte \d+\)$/,
    );
    assert.equal(stderr, `netmon: cut.pcap is damaged: ${last.error}\n`);
    const other = await replay(['-', '--json'], hex('7f454c46'));
    assert.deepEqual(
      [other.code, parse(other.stdout).at(-1)],
      [65, { ...summary, packets: 0, bytes: 0, flows: 0, error: 'neither pcap nor pcapng (at byte 0)' }],
    );
    const packed = await replay(['-', '--json'], gzipSync(readFileSync(join(folder, file))).subarray(0, -20));
    assert.match(packed.stderr, /the packed file is damaged/);
  });

  it('says in one line what it cannot do', async () => {
    for (const [args, code, message] of [
      [['no-such-file'], 66, /^netmon: no file no-such-file\n$/],
      [[folder], 66, / is a folder\n$/],
      [[file, '--json', '--csv'], 2, /exclude each other\n$/],
      [
        [file, '--json', '--type', 'http,ftp'],
        2,
        /^netmon: --type = "http,ftp": expected some of http, dns, /,
      ],
    ] as const) {
      const outcome = await replay(args);
      assert.equal(outcome.code, code);
      assert.match(outcome.stderr, message);
      assert.equal(outcome.stdout, '');
    }
  });

  it('ends quietly when nobody reads on', async () => {
    const many = write('large.pcap', Array.from({ length: 1500 }, () => frames).flat());
    const child = spawn(program, ['replay', many, '--json'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let complaint = '';
    child.stderr.on('data', (text: Buffer) => {
      complaint += text.toString();
    });
    const closed = once(child, 'close');
    for await (const line of createInterface({ input: child.stdout })) {
      assert.match(line, /^\{"type":/);
      break;
    }
    child.stdout.destroy();
    assert.deepEqual([...(await closed), complaint], [0, null, '']);
  });
});
