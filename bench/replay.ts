// Packets a second of `netmon replay` against tshark and tcpdump on the same file.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  buildConnection,
  buildUdp,
  join as joinBytes,
  type Turn,
} from '../src/decode/packet/build.fixture.ts';
import { announce, type BenchmarkOptions, median, report } from './report.ts';

const megabyte = 1_000_000;
/** Of the file; a quick run takes a quarter. */
const fileBytes = 600 * megabyte;
/** Largest number of Ethernet bytes in front of IPv4 addresses, and of ports. */
const addressAt = 14 + 12;
const portAt = 14 + 20;
const client = [192, 0, 2, 1];

/** Measures both, on two kinds of traffic, and prints how many times as fast as tshark `netmon replay` is. */
export async function measureReplay({ quick }: BenchmarkOptions): Promise<void> {
  announce('netmon replay, against tshark and tcpdump on the same file');
  const folder = mkdtempSync(join(tmpdir(), 'netmon-bench-'));
  const [web, bulk, dns, short] = [buildWeb(), buildBulk(), buildDns(), buildShort()];
  const mixes = [
    { name: 'replay', what: 'web, bulk and DNS', round: [bulk, ...times(10, [dns, web])], share: 1 },
    {
      name: 'replay.short',
      what: 'connections of one small request',
      round: times(100, [short]),
      share: 0.5,
    },
  ];
  try {
    for (const { name, what, round, share } of mixes) {
      const file = join(folder, 'mix.pcap');
      const packets = writeCapture(file, round, share * (quick ? fileBytes / 4 : fileBytes));
      await compare(name, file, packets, what, quick ? 1 : 3);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const times = (count: number, round: readonly Conversation[]): Conversation[] =>
  Array.from({ length: count }, () => round).flat();

async function compare(
  name: string,
  file: string,
  packets: number,
  what: string,
  rounds: number,
): Promise<void> {
  const how = `${packets} packets, ${(statSync(file).size / megabyte).toFixed(0)} MB: ${what}`;
  const netmon = join(import.meta.dirname, '../bin/netmon');
  const programs: Readonly<Record<string, readonly string[]>> = {
    netmon: [netmon, 'replay', file],
    'netmon --json': [netmon, 'replay', file, '--json'],
    tshark: ['tshark', '-q', '-z', 'io,stat,0', '-z', 'http,tree', '-r', file],
    tcpdump: ['tcpdump', '-n', '-r', file, '-w', '/dev/null'],
  };
  const seconds = Object.fromEntries(Object.keys(programs).map((program) => [program, [] as number[]]));
  // By turns, so that what else the machine does falls on all of them.
  for (let round = 0; round < rounds; round++)
    for (const [program, command] of Object.entries(programs)) seconds[program].push(await run(command));
  const rates = Object.fromEntries(
    Object.keys(programs).map((program) => [program, packets / median(seconds[program])]),
  );
  for (const [program, rate] of Object.entries(rates))
    report(`${name}.${program.replace(' --', '_')}`, rate / 1000, 'thousand packets/s', { how });
  report(`${name}.times_tshark`, rates.netmon / rates.tshark, 'times', { aim: 'at least 10' });
  report(`${name}.times_tcpdump`, rates.netmon / rates.tcpdump, 'times', { how: 'which only copies' });
}

/** Seconds from start to end of a program, whose output nobody reads. Throws when it fails. */
async function run([program, ...args]: readonly string[]): Promise<number> {
  const since = performance.now();
  const child = spawn(program!, args, { stdio: ['ignore', 'ignore', 'ignore'] });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  if (code !== 0) throw new Error(`${program} ended with ${code ?? signal}`);
  return (performance.now() - since) / 1000;
}

/** One conversation as a list of frames, to be written again and again under other addresses and ports. */
type Conversation = readonly Uint8Array[];

/** A session of ten requests on one connection: pages, images, an error, a posted form. */
function buildWeb(): Conversation {
  const turns = [2_000, 14_000, 30_000, 500, 8_000, 120, 45_000, 3_000, 1_200, 20_000].flatMap(
    (bytes, i): Turn[] => [
      [
        '>',
        `${i === 8 ? 'POST' : 'GET'} /section-${i % 4}/page-${i}?q=1 HTTP/1.1\r\nHost: www${i % 3}.example.org\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\nAccept: text/html,application/xhtml+xml\r\nAccept-Encoding: gzip\r\nCookie: session=0123456789abcdef\r\n${i === 8 ? 'Content-Length: 5\r\n\r\na=b&c' : '\r\n'}`,
      ],
      [
        '<',
        `HTTP/1.1 ${i === 5 ? '404 Not Found' : '200 OK'}\r\nServer: example\r\nDate: Mon, 16 Mar 2026 12:00:00 GMT\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: ${bytes}\r\n\r\n${'x'.repeat(bytes)}`,
      ],
    ],
  );
  return buildConnection(turns, { from: '192.0.2.1:40000', to: '198.51.100.2:80', mss: 1448 });
}

/** A connection of one request. */
const buildShort = (): Conversation =>
  buildConnection(
    [
      [
        '>',
        'GET /section/page?q=1 HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: curl/8.14.1\r\nAccept: */*\r\n\r\n',
      ],
      ['<', `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 300\r\n\r\n${'x'.repeat(300)}`],
    ],
    { from: '192.0.2.1:40000', to: '198.51.100.2:80', mss: 1448 },
  );

/** A download of 2 MB from a port that stands for nothing. */
const buildBulk = (): Conversation =>
  buildConnection([['<', new Uint8Array(2 * megabyte).fill(0xa5)]], {
    from: '192.0.2.1:40000',
    to: '198.51.100.3:9000',
    mss: 1448,
  });

/** A question for an address, and its answer. */
function buildDns(): Conversation {
  const latin = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));
  const question = latin('\x03www\x07example\x03org\0\0\x01\0\x01');
  const head = (flags: string, answers: string): Uint8Array =>
    latin(`\x12\x34${flags}\0\x01${answers}\0\0\0\0`);
  const answer = latin('\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc6\x33\x64\x02');
  const ends = { from: '192.0.2.1:40000', to: '203.0.113.53:53' };
  return [
    buildUdp(ends, joinBytes(head('\x01\0', '\0\0'), question)),
    buildUdp({ from: ends.to, to: ends.from }, joinBytes(head('\x81\x80', '\0\x01'), question, answer)),
  ];
}

/** Writes the conversations of a round again and again. Of the first mix two fifths are web, three fifths bulk. */
function writeCapture(file: string, round: readonly Conversation[], bytes: number): number {
  const fd = openSync(file, 'w');
  let packets = 0;
  let written = 24;
  let number = 0;
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  head.writeUInt32LE(0x0004_0002, 4);
  head.writeUInt32LE(262_144, 16);
  head.writeUInt32LE(1, 20);
  writeSync(fd, head);
  while (written < bytes)
    for (const conversation of round) {
      const piece = pack(conversation, number++, packets);
      written += writeSync(fd, piece);
      packets += conversation.length;
    }
  closeSync(fd);
  return packets;
}

/** The records of a conversation, with the address and port of its number; packets are 10 us apart. */
function pack(conversation: Conversation, number: number, packetsBefore: number): Buffer {
  const records = Buffer.alloc(conversation.reduce((sum, frame) => sum + 16 + frame.length, 0));
  let at = 0;
  for (const [i, frame] of conversation.entries()) {
    const us = (packetsBefore + i) * 10;
    records.writeUInt32LE(1_773_662_400 + Math.floor(us / 1e6), at);
    records.writeUInt32LE(us % 1e6, at + 4);
    records.writeUInt32LE(frame.length, at + 8);
    records.writeUInt32LE(frame.length, at + 12);
    records.set(frame, at + 16);
    const fromClient = client.every((byte, j) => frame[addressAt + j] === byte);
    const host = at + 16 + addressAt + (fromClient ? 0 : 4);
    records.writeUInt16BE(number >>> 14, host + 2);
    records.writeUInt16BE(40_000 + (number & 0x3fff), at + 16 + portAt + (fromClient ? 0 : 2));
    at += 16 + frame.length;
  }
  return records;
}
