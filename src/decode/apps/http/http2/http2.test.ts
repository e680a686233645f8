import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, connect as dial } from 'node:net';
import { text } from 'node:stream/consumers';
import { before, describe, it } from 'node:test';
import { nodeCiphers } from '../../../../platform/ciphers.ts';
import type { HttpRecord } from '../../../../wire/traffic.ts';
import { analyze } from '../../../analyze.fixture.ts';
import { Analyzer } from '../../../analyzer.ts';
import { buildConnection, hex, join, type Turn, toBytes } from '../../../packet/build.fixture.ts';
import { linkTypes } from '../../../packet/link.ts';
import { preface } from './frames.ts';

const told = (records: readonly HttpRecord[]): string[] =>
  records.map(
    ({ method, host, path, status, request_bytes, response_bytes }) =>
      `${method} ${host} ${path} ${status} ${request_bytes}+${response_bytes}`,
  );
const read = (turns: readonly Turn[], mss = 1460): HttpRecord[] =>
  analyze(buildConnection(turns, { to: '198.51.100.2:39999', mss })).records as HttpRecord[];

/** A frame: length, type, flags, stream. */
function frame(type: number, flags: number, stream: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  return join(
    Uint8Array.of(length >> 16, length >> 8, length, type, flags, 0, 0, stream >> 8, stream),
    payload,
  );
}
const hello = join(toBytes(preface), frame(4, 0, 0, new Uint8Array(0)));
/** GET http://a/ and 200, from the static table. */
const getFields = hex('82 86 84 41 01 61');
const okFields = hex('88');

/** What passes in clear between node's own client and server: every byte value in a path, large fields, bodies, a push. */
async function record(): Promise<Turn[]> {
  const turns: Turn[] = [];
  const server = createServer((request, response) => {
    if (request.url === '/push')
      response.stream.pushStream({ ':path': '/pushed' }, (_error, pushed: ServerHttp2Stream) => {
        pushed.respond({ ':status': 200 });
        pushed.end('pushed');
      });
    request.resume().on('end', () => {
      response.writeHead(request.url === '/none' ? 404 : 200, { 'content-type': 'text/plain' });
      response.end(request.url === '/big' ? 'x'.repeat(40_000) : 'ok');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = createTcpServer((client) => {
    const upstream = dial((server.address() as AddressInfo).port, '127.0.0.1');
    client.on('data', (bytes) => turns.push(['>', Uint8Array.from(bytes)])).pipe(upstream);
    upstream.on('data', (bytes) => turns.push(['<', Uint8Array.from(bytes)])).pipe(client);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const session = connect(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  session.on('stream', (pushed) => pushed.resume());
  const ask = async (fields: Record<string, string>, body?: string): Promise<void> => {
    const stream = session.request(
      { ':authority': 'h2.example', ...fields },
      { endStream: body === undefined },
    );
    if (body !== undefined) stream.end(body);
    await text(stream);
  };
  await ask({ ':path': '/a', 'user-agent': 'test', cookie: 'secret' });
  await ask({ ':path': '/none', 'user-agent': 'test', cookie: 'secret' });
  await ask(
    { ':path': '/post', ':method': 'POST', 'content-type': 'application/grpc+proto' },
    'y'.repeat(20_000),
  );
  await ask({ ':path': '/big', 'x-large': 'z'.repeat(30_000) });
  await ask({ ':path': `/${allBytes}` });
  await ask({ ':path': '/push' });
  session.close();
  await once(session, 'close');
  proxy.close();
  server.close();
  return turns;
}

/** The visible ones; others may not stand in a path. */
const allBytes = String.fromCharCode(
  ...Array.from({ length: 94 }, (_, i) => 33 + i).filter((byte) => byte !== 0x23),
);

describe('HTTP/2', () => {
  let turns: Turn[] = [];
  before(async () => {
    turns = await record();
  });

  it('tells of the requests of a real client and server, bodies and pushes included', () => {
    const records = read(turns);
    assert.deepEqual(
      told(records).sort(),
      [
        'GET h2.example /a 200 0+2',
        'GET h2.example /big 200 0+40000',
        'GET h2.example /none 404 0+2',
        'GET h2.example /push 200 0+2',
        'GET h2.example /pushed 200 0+6',
        `GET h2.example /${allBytes} 200 0+2`,
        'POST h2.example /post 200 20000+2',
      ].sort(),
    );
    const [first] = records;
    assert.deepEqual([first.version, first.user_agent, first.content_type], ['2', 'test', 'text/plain']);
    assert.ok(first.duration_ms !== null);
  });

  it('reads the same in pieces of any size', () => {
    const whole = told(read(turns)).sort();
    for (const mss of [1, 2, 7, 10, 333]) assert.deepEqual(told(read(turns, mss)).sort(), whole, String(mss));
  });

  it('names gRPC by the type of its content, and other connections HTTP/2', () => {
    const name = (content: readonly Turn[]): string | null =>
      analyze(buildConnection(content, { to: '198.51.100.2:39999' })).flows[0].application;
    assert.equal(name(turns), 'grpc');
    assert.equal(name([['>', hello]]), 'http2');
    assert.equal(
      name([
        ['<', frame(4, 0, 0, new Uint8Array(6))],
        ['>', hello],
      ]),
      'http2',
    );
  });

  it('is known by its preface even when the handshake was not captured', () => {
    const frames = buildConnection(
      [
        ['>', join(hello, frame(1, 5, 1, getFields))],
        ['<', frame(1, 5, 1, okFields)],
      ],
      {
        to: '198.51.100.2:39999',
      },
    ).slice(3);
    assert.deepEqual(told(analyze(frames).records as HttpRecord[]), ['GET a / 200 0+0']);
  });

  it('is recognised in the middle of a connection by frames that follow each other', () => {
    const middle = (turns: readonly Turn[], from = '192.0.2.1:50000', to = '198.51.100.2:39999') =>
      analyze(buildConnection(turns, { from, to }).slice(3));
    const request = frame(1, 5, 7, getFields);
    // :status 200, an entry of the table that nobody saw being made, and a literal field that enters it
    const answer = frame(1, 4, 7, hex('88 be 5f 09 74 65 78 74 2f 68 74 6d 6c'));
    const body = frame(0, 1, 7, toBytes('hello'));
    const turns: Turn[] = [
      ['>', request],
      ['<', join(answer, body)],
    ];
    const { records, flows } = middle(turns);
    assert.deepEqual(told(records as HttpRecord[]), ['GET a / 200 0+5']);
    assert.equal((records[0] as HttpRecord).content_type, 'text/html');
    assert.equal(flows[0].application, 'http2');
    // The other way round: the port says nothing of who asks.
    const turned = middle(turns, '192.0.2.1:39999', '198.51.100.2:50000').records as HttpRecord[];
    assert.deepEqual(told(turned), told(records as HttpRecord[]));
    assert.deepEqual([turned[0].src, turned[0].dst], ['192.0.2.1:39999', '198.51.100.2:50000']);
    // Begun with the answer.
    const late = middle([['<', join(answer, body)], ...turns]).records as HttpRecord[];
    assert.deepEqual(told(late), ['null null null 200 0+5', 'GET a / 200 0+5']);
  });

  it('tells of fields that were sent before the capture as not known, and of later ones', () => {
    // Literals that enter the table (authority b, path /x), both by number the next time, then one from before.
    const first = hex('82 86 44 02 2f 78 41 01 62');
    const again = hex('82 86 bf be');
    const unknown = hex('82 86 c0 be');
    const frames = [first, again, unknown].map((fields, i) => frame(1, 5, 7 + 2 * i, fields));
    const { records, analyzer } = analyze(
      buildConnection([['>', join(...frames)]], { to: '198.51.100.2:39999' }).slice(3),
    );
    assert.deepEqual(told(records as HttpRecord[]), [
      'GET b /x null 0+0',
      'GET b /x null 0+0',
      'GET b null null 0+0',
    ]);
    assert.equal(analyzer.counters.malformed, 0);
  });

  it('reads a real connection from any of its segments on without a wrong word', () => {
    const frames = buildConnection(turns, { to: '198.51.100.2:39999' }).slice(3);
    const right = new Set(read(turns).flatMap(({ method, host, path }) => [method, host, path]));
    let known = 0;
    for (let from = 1; from < frames.length; from++)
      for (const { method, host, path, status } of analyze(frames.slice(from)).records as HttpRecord[]) {
        for (const one of [method, host, path]) assert.ok(one === null || right.has(one), String(one));
        assert.ok(status === null || status === 200 || status === 404);
        if (path !== null && status !== null) known++;
      }
    assert.ok(known > 10, `${known} requests`);
  });

  it('is not seen in other bytes that begin with a length', () => {
    for (const other of [
      '00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00',
      // of an exact length, but without a stream, of a flag that is not there, and past the bytes
      '00 00 01 01 05 00 00 00 00 88',
      '00 00 01 01 15 00 00 00 01 88',
      '00 00 02 01 05 00 00 00 01 88',
      // one ping, as others may look
      '00 00 08 06 00 00 00 00 00 00 00 00 00 00 00 00 00',
    ])
      assert.equal(
        analyze(buildConnection([['>', hex(other)]], { to: '198.51.100.2:39999' }).slice(3)).flows[0]
          .application,
        null,
        other,
      );
  });

  it('goes over from HTTP/1 by an upgrade, whose request is answered on stream 1', () => {
    const answer = join(
      frame(4, 0, 0, new Uint8Array(0)),
      frame(1, 4, 1, okFields),
      frame(0, 1, 1, toBytes('hi')),
    );
    const records = read([
      [
        '>',
        'GET /up HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n',
      ],
      [
        '<',
        join(
          toBytes('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'),
          answer,
        ),
      ],
      ['>', join(hello, frame(1, 5, 3, getFields))],
      ['<', frame(1, 5, 3, okFields)],
    ]);
    assert.deepEqual(told(records), ['GET a /up 200 0+2', 'GET a / 200 0+0']);
  });

  it('takes padding, priorities, continuations, interim answers, trailers and resets', () => {
    const padded = join(Uint8Array.of(2), hex('80 00 00 00 10'), getFields.subarray(0, 2), new Uint8Array(2));
    const records = read([
      [
        '>',
        join(
          hello,
          // PADDED and PRIORITY, without END_HEADERS, then two CONTINUATIONs.
          frame(1, 0x28, 1, padded),
          frame(9, 0, 1, getFields.subarray(2, 3)),
          frame(9, 4, 1, getFields.subarray(3)),
          // Data of 3 bytes with 4 of padding, and trailers.
          frame(0, 8, 1, join(Uint8Array.of(4), toBytes('abc'), new Uint8Array(4))),
          frame(1, 5, 1, hex('00 01 78 01 79')),
          frame(1, 5, 3, getFields),
        ),
      ],
      [
        '<',
        join(
          // 103 as a literal.
          frame(1, 4, 1, hex('08 03 31 30 33')),
          frame(1, 4, 1, okFields),
          frame(0, 0, 1, toBytes('12345')),
          frame(1, 5, 1, hex('00 01 78 01 79')),
          frame(3, 0, 3, hex('00 00 00 08')),
        ),
      ],
    ]);
    assert.deepEqual(told(records), ['GET a / 200 3+5', 'GET a / null 0+0']);
  });

  it('counts blocks that break the format or have no end, and goes on', () => {
    const endless = Array.from({ length: 200 }, () => frame(9, 0, 1, new Uint8Array(1000)));
    const { records, analyzer } = analyze(
      buildConnection([
        ['>', join(hello, frame(1, 0, 1, getFields), ...endless, frame(9, 4, 1, new Uint8Array(0)))],
        ['>', join(frame(1, 5, 3, hex('ff')), frame(1, 5, 5, getFields), frame(9, 4, 5, getFields))],
        ['<', frame(1, 5, 5, okFields)],
      ]),
    );
    assert.equal(analyzer.counters.malformed, 3);
    assert.deepEqual(told(records as HttpRecord[]).sort(), [
      'GET a / 200 0+0',
      'null null null null 0+0',
      'null null null null 0+0',
    ]);
  });

  it('believes the length of a body where frames of it were not captured', () => {
    // content-length, by its place in the static table.
    const length = join(hex('88 0f 0d 05'), toBytes('70000'));
    const body = Array.from({ length: 5 }, (_, i) => frame(0, i === 4 ? 1 : 0, 1, new Uint8Array(14_000)));
    const packets = buildConnection([
      ['>', join(hello, frame(1, 5, 1, getFields))],
      ['<', join(frame(4, 0, 0, new Uint8Array(0)), frame(1, 4, 1, length), ...body)],
    ]);
    const records: HttpRecord[] = [];
    const sparse = new Analyzer(
      { mask: false, ciphers: nodeCiphers, sparse: true },
      { onRecord: (record) => records.push(record as HttpRecord), onFlowEnd: () => {} },
    );
    for (const packet of packets.filter((_, i) => i < 8 || i > 12))
      sparse.packet(packet, 0, packet.length, packet.length, linkTypes.ethernet, 1_700_000_000_000);
    sparse.finish();
    assert.deepEqual(told(records), ['GET a / 200 0+70000']);
  });

  it('tells of streams beyond the bound at once, and of every one', () => {
    const frames = Array.from({ length: 1500 }, (_, i) => frame(1, 5, 2 * i + 1, getFields));
    assert.equal(read([['>', join(hello, ...frames)]]).length, 1500);
  });

  it('takes random bytes and cut connections without an exception', () => {
    let state = 20_261_121;
    const random = (): number => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state >>> 0;
    };
    for (let round = 0; round < 200; round++) {
      const damaged = turns.map(([side, bytes]): Turn => {
        const copy = toBytes(bytes).slice(0, random() % 8 ? undefined : random() % (bytes.length + 1));
        for (let i = 0; i < 3 && copy.length > 24; i++)
          copy[24 + (random() % (copy.length - 24))] = random() & 0xff;
        return [side, copy];
      });
      assert.ok(read(damaged).length < 2000);
    }
  });
});
