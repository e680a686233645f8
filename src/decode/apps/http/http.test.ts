import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HttpRecord } from '../../../wire/traffic.ts';
import { analyze } from '../../analyze.fixture.ts';
import { buildConnection, buildTcp, buildUdp, type Turn, toBytes } from '../../packet/build.fixture.ts';

const head = (...lines: string[]): string => `${lines.join('\r\n')}\r\n\r\n`;
const get = (path: string, ...fields: string[]): string =>
  head(`GET ${path} HTTP/1.1`, 'Host: example.org', ...fields);
const ok = (body: string): string => head('HTTP/1.1 200 OK', `Content-Length: ${body.length}`) + body;

function read(turns: readonly Turn[], options: { mss?: number; mask?: boolean } = {}): HttpRecord[] {
  const { mss = 100_000, mask = false } = options;
  return analyze(buildConnection(turns, { mss }), { mask }).records as HttpRecord[];
}

/** What a user looks at first: `GET example.org /path 200 0+5`. */
const told = (records: readonly HttpRecord[]): string[] =>
  records.map(
    ({ method, host, path, status, request_bytes, response_bytes }) =>
      `${method} ${host} ${path} ${status} ${request_bytes}+${response_bytes}`,
  );

/** A conversation with every way to delimit a body, as one text for each side. */
const rich = {
  client: [
    get('/one'),
    head('POST /two HTTP/1.1', 'Host: example.org', 'Expect: 100-continue', 'Content-Length: 4'),
    'data',
    head('PUT /three HTTP/1.1', 'Host: example.org', 'Transfer-Encoding: chunked'),
    '3;name="x"\r\nabc\r\n0\r\nTrailer: x\r\n\r\n',
    head('HEAD /four HTTP/1.1', 'Host: example.org'),
    get('/five', 'X-Folded: a', '\tb'),
    head('GET http://user:secret@example.org/six HTTP/1.0', 'Host: example.org'),
  ].join(''),
  server: [
    ok('hello'),
    head('HTTP/1.1 100 Continue'),
    head('HTTP/1.1 103 Early Hints', 'Link: </style.css>'),
    head('HTTP/1.1 201 Created', 'Transfer-Encoding: gzip, chunked'),
    '5\r\n12345\r\nA\r\n0123456789\r\n0\r\n\r\n',
    head('HTTP/1.1 204 No Content'),
    head('HTTP/1.1 200 OK', 'Content-Length: 1000'),
    head('HTTP/1.1 304 Not Modified', 'Content-Length: 1000'),
    head('HTTP/1.0 404 Not Found', 'Content-Type: text/html'),
    'until the end',
  ].join(''),
};
const richTold = [
  'GET example.org /one 200 0+5',
  'POST example.org /two 201 4+15',
  'PUT example.org /three 204 3+0',
  'HEAD example.org /four 200 0+0',
  'GET example.org /five 304 0+0',
  'GET example.org http://***@example.org/six 404 0+13',
];

describe('HTTP/1', () => {
  it('tells of a request with its answer', () => {
    const [record, ...more] = read([
      ['>', get('/a?b=c', 'User-Agent: curl/8', 'Cookie: secret', 'Authorization: Basic c2VjcmV0')],
      ['<', `${head('HTTP/1.1 404 Not Found', 'Content-Type: text/plain', 'Content-Length: 3')}no\n`],
    ]);
    assert.equal(more.length, 0);
    assert.deepEqual(record, {
      type: 'http',
      ts: '2023-11-14T22:13:20.003Z',
      src: '192.0.2.1:40000',
      dst: '198.51.100.2:80',
      method: 'GET',
      host: 'example.org',
      path: '/a?b=c',
      status: 404,
      request_bytes: 0,
      response_bytes: 3,
      duration_ms: 1,
      version: '1.1',
      user_agent: 'curl/8',
      content_type: 'text/plain',
    });
  });

  it('follows pipelined messages with every kind of body', () => {
    assert.deepEqual(
      told(
        read([
          ['>', rich.client],
          ['<', rich.server],
        ]),
      ),
      richTold,
    );
  });

  it('reads the same whatever pieces it comes in', () => {
    for (const side of ['client', 'server'] as const) {
      const bytes = toBytes(rich[side]);
      for (let at = 1; at < bytes.length; at++) {
        const mark = side === 'client' ? '>' : '<';
        const pieces: Turn[] = [
          [mark, bytes.subarray(0, at)],
          [mark, bytes.subarray(at)],
        ];
        const turns: Turn[] =
          side === 'client' ? [...pieces, ['<', rich.server]] : [['>', rich.client], ...pieces];
        assert.deepEqual(told(read(turns)), richTold, `${side} split at ${at}`);
      }
    }
    const turns: Turn[] = [
      ['>', rich.client],
      ['<', rich.server],
    ];
    assert.deepEqual(told(read(turns, { mss: 1 })), richTold);
  });

  it('ends without an exception however it is cut short', () => {
    const bytes = toBytes(rich.server);
    for (let length = 0; length < bytes.length; length++) {
      const records = read([
        ['>', rich.client],
        ['<', bytes.subarray(0, length)],
      ]);
      assert.ok(records.length >= 6 && records.length <= 7);
    }
  });

  it('takes bare line feeds, empty lines before a message and blanks about values', () => {
    const records = read([
      ['>', '\r\nGET /x HTTP/1.1\nHost:   example.org  \nContent-Length : 2\n\nab\r\nGET /y HTTP/1.1\n\n'],
      ['<', 'HTTP/1.1 200\nContent-Length:1\n\nzHTTP/1.1 500 \r\n\r\n'],
    ]);
    assert.deepEqual(told(records), ['GET example.org /x 200 2+1', 'GET null /y 500 0+0']);
  });

  it('is found on any port by its first line alone, and is not what only looks like it', () => {
    const application = (turns: readonly Turn[]): string | null => {
      const [{ application, by }] = analyze(buildConnection(turns, { to: '198.51.100.2:39999' })).flows;
      return by === 'payload' ? application : null;
    };
    for (const line of ['FOO-BAR * HTTP/1.1\r\n', 'GET /\r\n', 'GET / HTTP/1.0\n', 'GET HTTP/1.1\r\n'])
      assert.equal(application([['>', line]]), 'http', line);
    for (const line of ['HTTP/1.1 200 OK\r\n', 'HTTP/1.0 404', 'ICY 200 OK\r\n'])
      assert.equal(application([['<', line]]), 'http', line);
    for (const line of [
      'OPTIONS * RTSP/1.0\r\n',
      'INVITE sip:a@b SIP/2.0\r\n',
      'HTTP/1.1 9',
      'get key\r\n',
      'G\0T / HTTP/1.1\r\n',
    ])
      assert.notEqual(application([['>', line]]), 'http', line);
  });

  it('tells of requests without an answer and of answers without a request', () => {
    const asked = read([
      ['>', get('/a') + get('/b')],
      ['<', ok('x')],
    ]);
    assert.deepEqual(told(asked), ['GET example.org /a 200 0+1', 'GET example.org /b null 0+0']);
    assert.equal(asked[1].duration_ms, null);
    const [answer] = read([['<', ok('abc')]]);
    assert.deepEqual(
      [answer.method, answer.path, answer.status, answer.response_bytes],
      [null, null, 200, 3],
    );
    assert.equal(answer.src, '192.0.2.1:40000');
  });

  it('tells of the rest of a conversation whose beginning was not seen', () => {
    const records = read([
      ['<', 'the end of some picture'],
      ['>', get('/next')],
      ['<', ok('abc')],
    ]);
    assert.deepEqual(told(records), ['GET example.org /next 200 0+3']);
  });

  it('goes on after a gap in a body, by its length', () => {
    const ends = { from: '198.51.100.2:80', to: '192.0.2.1:40000' };
    const asked = get('/big') + get('/next');
    const frames = buildConnection([['>', asked]]).slice(0, 4);
    const first = toBytes(`${head('HTTP/1.1 200 OK', 'Content-Length: 100000')}abc`);
    const sequence = 5001 + first.length + 99_990;
    const [acknowledgment, flags] = [1001 + asked.length, 'A'];
    frames.push(
      buildTcp({ ...ends, sequence: 5001, acknowledgment, flags, payload: first }),
      buildTcp({ ...ends, sequence, acknowledgment, flags, payload: `${'x'.repeat(7)}${ok('done')}` }),
    );
    assert.deepEqual(told(analyze(frames).records as HttpRecord[]), [
      'GET example.org /big 200 0+100000',
      'GET example.org /next 200 0+4',
    ]);
  });

  it('finds the next message after a gap that no length spans, and pairs it with the request it answers', () => {
    const ends = { from: '198.51.100.2:80', to: '192.0.2.1:40000' };
    const open = buildConnection([]).slice(0, 3);
    const ask = get('/lost');
    const again = get('/found');
    const answer = (sequence: number, payload: string): Uint8Array =>
      buildTcp({ ...ends, sequence, acknowledgment: 1001 + ask.length, flags: 'A', payload });
    const request = (sequence: number, acknowledgment: number, payload: string): Uint8Array =>
      buildTcp({ from: ends.to, to: ends.from, sequence, acknowledgment, flags: 'A', payload });
    const frames = [
      ...open,
      request(1001, 5001, get('/seen')),
      answer(5001, ok('1')),
      request(1001 + get('/seen').length, 5001 + ok('1').length, ask),
      answer(9001, 'in the middle of the answer'),
      request(1001 + get('/seen').length + ask.length, 9028, again),
      answer(9028, ok('22')),
    ];
    assert.deepEqual(told(analyze(frames).records as HttpRecord[]), [
      'GET example.org /seen 200 0+1',
      'GET example.org /lost null 0+0',
      'GET example.org /found 200 0+2',
    ]);
  });

  it('hands a tunnel over to what goes through it', () => {
    const { records, flows } = analyze(
      buildConnection([
        ['>', head('CONNECT example.org:22 HTTP/1.1')],
        ['<', `${head('HTTP/1.1 200 Connection established')}SSH-2.0-OpenSSH_9.2\r\n`],
        ['>', 'SSH-2.0-client\r\n'],
      ]),
    );
    assert.deepEqual(told(records as HttpRecord[]), ['CONNECT null example.org:22 200 0+0']);
    assert.equal(flows[0].application, 'ssh');
  });

  it('shows an upgraded connection as WebSocket and reads no more of it', () => {
    const { records, flows } = analyze(
      buildConnection([
        ['>', get('/chat', 'Upgrade: websocket', 'Connection: Upgrade')],
        ['<', head('HTTP/1.1 101 Switching Protocols', 'Upgrade: WebSocket', 'Connection: Upgrade')],
        ['>', get('/no-request')],
      ]),
    );
    assert.deepEqual(told(records as HttpRecord[]), ['GET example.org /chat 101 0+0']);
    assert.equal(flows[0].application, 'websocket');
  });

  it('masks what may be secret when asked to', () => {
    const [record] = read([['>', get('/reset/4f2a99c1d0e1?user=me&q=')]], { mask: true });
    assert.equal(record.path, '/reset/***?user=***&q=');
  });

  it('counts a head that has no end, and what it holds costs no memory', () => {
    const fields = Array.from({ length: 5000 }, (_, i) => `X-${i}: ${'y'.repeat(200)}`);
    const { records, analyzer } = analyze(buildConnection([['>', get('/long', ...fields) + get('/after')]]));
    assert.deepEqual(told(records as HttpRecord[]), [
      'GET example.org /long null 0+0',
      'GET example.org /after null 0+0',
    ]);
    assert.equal(analyzer.counters.malformed, 1);
  });

  it('bounds the requests that wait for an answer, and still tells of every one', () => {
    const turns: Turn[] = [
      ['>', get('/').repeat(3000)],
      ['<', ok('').repeat(3000)],
    ];
    const records = read(turns, { mss: 1460 });
    assert.equal(records.filter(({ method }) => method === 'GET').length, 3000);
    assert.equal(records.filter(({ status }) => status === 200).length, 3000);
  });

  it('takes random bytes in the middle of messages without an exception', () => {
    let state = 20_261_121;
    const random = (): number => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state >>> 0;
    };
    for (let round = 0; round < 300; round++) {
      const [client, server] = [toBytes(rich.client), toBytes(rich.server)];
      for (const bytes of [client, server])
        for (let i = 0; i < 5; i++) bytes[random() % bytes.length] = random() & 0xff;
      const mss = 1 + (random() % 400);
      read(
        [
          ['>', client],
          ['<', server],
        ],
        { mss },
      );
    }
  });

  it('tells of discovery by UDP as the messages they are', () => {
    const search = head('M-SEARCH * HTTP/1.1', 'HOST: 239.255.255.250:1900', 'MAN: "ssdp:discover"');
    const { records, flows } = analyze([
      buildUdp({ from: '192.0.2.1:50000', to: '239.255.255.250:1900' }, search),
      buildUdp(
        { from: '192.0.2.7:1900', to: '192.0.2.1:50000' },
        head('HTTP/1.1 200 OK', 'ST: upnp:rootdevice'),
      ),
      buildUdp({ from: '192.0.2.1:50000', to: '239.255.255.250:1901' }, search),
    ]);
    assert.deepEqual(told(records as HttpRecord[]), [
      'M-SEARCH 239.255.255.250:1900 * null 0+0',
      'null null null 200 0+0',
    ]);
    assert.deepEqual(
      flows.map(({ application }) => application),
      ['ssdp', 'ssdp', null],
    );
  });

  it('reads a field that goes on over lines, as far as anybody sends such', () => {
    const agent = (lines: number): string | null =>
      read([['>', get('/', 'User-Agent: a', ...Array.from({ length: lines }, () => ' b'))]])[0].user_agent;
    assert.equal(agent(2), 'a b b');
    assert.equal(agent(990), `a${' b'.repeat(32)}`);
  });
});
