import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeCiphers } from '../../../platform/ciphers.ts';
import type { DnsRecord } from '../../../wire/traffic.ts';
import { analyze } from '../../analyze.fixture.ts';
import { Analyzer } from '../../analyzer.ts';
import { randomBytes } from '../../hex.fixture.ts';
import { buildConnection, buildUdp, hex, join, type Turn } from '../../packet/build.fixture.ts';
import { linkTypes } from '../../packet/link.ts';
import { buildMessage, buildQuestion, buildRecord, encodeName, frameMessage } from './dns.fixture.ts';

const client = '192.0.2.1:40000';
const server = '192.0.2.53:53';
const ask = (payload: Uint8Array, from = client, to = server): Uint8Array => buildUdp({ from, to }, payload);
const reply = (payload: Uint8Array, from = server, to = client): Uint8Array =>
  buildUdp({ from, to }, payload);
const tell = (frames: readonly Uint8Array[]): DnsRecord[] =>
  analyze(frames).records.filter((record) => record.type === 'dns');
const brief = (records: readonly DnsRecord[]): unknown[] =>
  records.map(({ query, qtype, rcode, answers }) => [query, qtype, rcode, answers.map(({ data }) => data)]);

const address = hex('c0000201');
const query = buildMessage({ questions: [buildQuestion('www.example.com', 1)] });
const answer = buildMessage({
  flags: 0x8180,
  questions: [buildQuestion('www.example.com', 1)],
  answers: [buildRecord('@12', 5, encodeName('web@16')), buildRecord('web@16', 1, address)],
});

describe('dns', () => {
  it('tells of a question with its answer and the time that took', () => {
    assert.deepEqual(tell([ask(query), reply(answer)]), [
      {
        type: 'dns',
        ts: '2023-11-14T22:13:20.000Z',
        src: client,
        dst: server,
        transport: 'udp',
        id: 0x1234,
        query: 'www.example.com',
        qtype: 'A',
        rcode: 'NOERROR',
        answers: [
          { name: 'www.example.com', type: 'CNAME', ttl: 300, data: 'web.example.com' },
          { name: 'web.example.com', type: 'A', ttl: 300, data: '192.0.2.1' },
        ],
        duration_ms: 1,
      },
    ]);
  });

  it('tells of a question that nobody answered, once, however often it was asked', () => {
    assert.deepEqual(brief(tell([ask(query), ask(query)])), [['www.example.com', 'A', null, []]]);
  });

  it('tells of an answer alone, with who must have asked, and not of its repetition', () => {
    const records = tell([reply(answer), reply(answer)]);
    assert.deepEqual(
      records.map(({ src, dst, duration_ms }) => [src, dst, duration_ms]),
      [[client, server, null]],
    );
  });

  it('keeps questions apart by id and type, and knows names in another case', () => {
    const other = buildMessage({ questions: [buildQuestion('www.example.com', 28)] });
    const mixed = buildMessage({ flags: 0x8183, questions: [buildQuestion('WWW.example.com', 28)] });
    assert.deepEqual(brief(tell([ask(query), ask(other), reply(mixed)])), [
      ['www.example.com', 'AAAA', 'NXDOMAIN', []],
      ['www.example.com', 'A', null, []],
    ]);
  });

  it('takes an error without its question for the answer to that id', () => {
    const refused = buildMessage({ flags: 0x8185 });
    assert.deepEqual(brief(tell([ask(query), reply(refused)])), [['www.example.com', 'A', 'REFUSED', []]]);
  });

  it('adds the upper bits of the result that EDNS brings', () => {
    // The root, type OPT, payload size 1232, extended result 1, version 0, flags, no data.
    const options = hex('00 0029 04d0 01 00 0000 0000');
    const bad = buildMessage({
      flags: 0x8187,
      questions: [buildQuestion('www.example.com', 1)],
      additional: [options],
    });
    assert.equal(tell([ask(query), reply(bad)])[0].rcode, 'BADCOOKIE');
  });

  it('tells of each question of a message', () => {
    const two = buildMessage({ questions: [buildQuestion('a', 1), buildQuestion('b', 65)] });
    assert.deepEqual(brief(tell([ask(two)])), [
      ['a', 'A', null, []],
      ['b', 'HTTPS', null, []],
    ]);
  });

  it('gives a question up after ten seconds, whether or not its conversation goes on', () => {
    const records: string[] = [];
    const analyzer = new Analyzer(
      { mask: false, ciphers: nodeCiphers },
      { onRecord: (record) => records.push(record.ts), onFlowEnd: () => undefined },
    );
    const take = (frame: Uint8Array, timeMs: number): unknown =>
      analyzer.packet(frame, 0, frame.length, frame.length, linkTypes.ethernet, timeMs);
    take(ask(query), 0);
    take(ask(query, '192.0.2.1:40001'), 3000);
    take(ask(hex('00'), '192.0.2.2:40000'), 9999);
    assert.deepEqual(records, []);
    take(ask(hex('00'), '192.0.2.2:40000'), 12_000);
    assert.deepEqual(records, ['1970-01-01T00:00:00.000Z']);
    take(ask(query), 13_500);
    assert.deepEqual(records.slice(1), ['1970-01-01T00:00:03.000Z']);
  });

  it('forgets the oldest of very many open questions, and tells of it', () => {
    const many = Array.from({ length: 300 }, (_, id) =>
      ask(buildMessage({ id, questions: [buildQuestion('a', 1)] })),
    );
    const records = tell([
      ...many,
      reply(buildMessage({ id: 0, flags: 0x8180, questions: [buildQuestion('a', 1)] })),
    ]);
    assert.equal(records.length, 301);
    assert.deepEqual([records[0].id, records[0].rcode], [0, null]);
  });

  it('tells which side asked when both do from the same port', () => {
    const [one, other] = ['192.0.2.1:53', '192.0.2.2:53'];
    const second = buildMessage({ id: 2, questions: [buildQuestion('b', 1)] });
    assert.deepEqual(
      tell([ask(query, one, other), ask(second, other, one)]).map(({ src, query: name }) => [src, name]),
      [
        [one, 'www.example.com'],
        [other, 'b'],
      ],
    );
  });

  it('is known on another port when it is beyond doubt', () => {
    const away = '192.0.2.53:5300';
    const { flows, records } = analyze([ask(query, client, away), reply(answer, away, client)]);
    assert.deepEqual([flows[0].application, flows[0].by, records.length], ['dns', 'payload', 1]);
    for (const [what, message] of Object.entries({
      'a byte more': join(query, hex('00')),
      'an unknown type': buildMessage({ questions: [buildQuestion('a', 1234)] }),
      'an unknown class': buildMessage({ questions: [buildQuestion('a', 1, 77)] }),
      'a reserved flag': buildMessage({ flags: 0x0140, questions: [buildQuestion('a', 1)] }),
      'no question': buildMessage({ flags: 0x8180 }),
    }))
      assert.equal(analyze([ask(message, client, away)]).flows[0].application, null, what);
  });

  it('does not take something else on its port for DNS', () => {
    for (const text of ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'SSH-2.0-x\r\n']) {
      const { flows } = analyze([buildUdp({ from: client, to: server }, text)]);
      assert.deepEqual([flows[0].application, flows[0].by], ['dns', 'port']);
    }
  });

  it('counts a damaged message and tells of the questions before the damage', () => {
    const { records, analyzer } = analyze([
      ask(buildMessage({ questions: [buildQuestion('a', 1), hex('80')] })),
    ]);
    assert.deepEqual([records.length, analyzer.counters.malformed], [1, 1]);
  });

  it('does not blame a message for the length of the capture', () => {
    const { records, analyzer } = analyze([ask(query), reply(answer.subarray(0, 60))]);
    assert.deepEqual(brief(records as DnsRecord[]), [
      ['www.example.com', 'A', 'NOERROR', ['web.example.com']],
    ]);
    assert.equal(analyzer.counters.malformed, 0);
  });
});

describe('dns over TCP', () => {
  const ends = { to: server };
  const second = buildMessage({ id: 2, questions: [buildQuestion('b', 28)] });
  const refused = buildMessage({ id: 2, flags: 0x8185, questions: [buildQuestion('b', 28)] });
  const turns: Turn[] = [
    ['>', join(frameMessage(query), frameMessage(second))],
    ['<', join(frameMessage(answer), frameMessage(refused))],
  ];
  const expected = [
    ['www.example.com', 'A', 'NOERROR', ['web.example.com', '192.0.2.1']],
    ['b', 'AAAA', 'REFUSED', []],
  ];

  it('finds several messages in a segment, and one in many, wherever they are split', () => {
    for (let mss = 1; mss < 100; mss++)
      assert.deepEqual(brief(tell(buildConnection(turns, { ...ends, mss }))), expected, `${mss}`);
  });

  it('reads a zone transfer of many messages as the answer to one question', () => {
    const zone = [buildQuestion('example.com', 252)];
    const part = buildMessage({ flags: 0x8400, questions: zone, answers: [buildRecord('@12', 1, address)] });
    const transfer: Turn[] = [
      ['>', frameMessage(buildMessage({ questions: zone }))],
      ['<', join(...Array.from({ length: 9 }, () => frameMessage(part)))],
    ];
    assert.deepEqual(brief(tell(buildConnection(transfer, ends))), [
      ['example.com', 'AXFR', 'NOERROR', ['192.0.2.1']],
    ]);
  });

  it('goes on after bytes of one message that were not captured', () => {
    const frames = buildConnection(turns, { ...ends, mss: 30 });
    const without = frames.filter((_, i) => i !== 6);
    const names = tell(without).map(({ query: name, rcode }) => [name, rcode]);
    assert.deepEqual(names, [
      ['b', 'REFUSED'],
      ['www.example.com', null],
    ]);
  });
});

describe('mDNS and LLMNR', () => {
  const group = '224.0.0.251:5353';
  const printer = '192.0.2.9:5353';

  it('have their own names and transports', () => {
    const asked = analyze([
      ask(buildMessage({ id: 0, flags: 0, questions: [buildQuestion('a.local', 1)] }), printer, group),
      ask(buildMessage({ flags: 0, questions: [buildQuestion('wpad', 1)] }), client, '224.0.0.252:5355'),
    ]);
    assert.deepEqual(
      asked.flows.map(({ application }) => application),
      ['mdns', 'llmnr'],
    );
    assert.deepEqual(
      tell([ask(buildMessage({ questions: [buildQuestion('a.local', 1)] }), printer, group)]).map(
        (r) => r.transport,
      ),
      ['mdns'],
    );
  });

  it('tell of an announcement in the name of the address it gives', () => {
    const announcement = buildMessage({
      id: 0,
      flags: 0x8400,
      answers: [buildRecord('_ipp._tcp.local', 12, encodeName('p@12'))],
      additional: [buildRecord('printer.local', 1, address)],
    });
    assert.deepEqual(brief(tell([ask(announcement, printer, group)])), [
      ['printer.local', 'A', 'NOERROR', ['p._ipp._tcp.local', '192.0.2.1']],
    ]);
  });
});

describe('hostile DNS', () => {
  it('survives every message cut at every length, with every byte changed, and bytes at random', () => {
    const frames: Uint8Array[] = [];
    for (const message of [query, answer])
      for (let i = 0; i < message.length; i++) {
        frames.push(reply(message.subarray(0, i)));
        for (const value of [0, 0x41, 0x80, 0xc0, 0xff]) frames.push(reply(message.with(i, value)));
      }
    for (let seed = 1; seed < 500; seed++) {
      const bytes = new Uint8Array(randomBytes(seed, seed).buffer);
      frames.push(reply(bytes), ask(join(hex('0001 0100 0001 0000 0000 0000'), bytes)));
      frames.push(
        ...buildConnection([['>', bytes]], { to: server, from: `192.0.2.7:${1024 + seed}`, mss: 7 }),
      );
    }
    assert.equal(typeof analyze(frames).records.length, 'number');
  });

  it('tells of a bounded part of a message that asks and answers very much', () => {
    const names = Array.from({ length: 2000 }, () => hex('c00c 0001 0001'));
    assert.equal(tell([ask(buildMessage({ questions: [buildQuestion('a', 1), ...names] }))]).length, 1);
    const many = Array.from({ length: 2000 }, () => buildRecord('@12', 1, address));
    const big = buildMessage({ flags: 0x8180, questions: [buildQuestion('a', 1)], answers: many });
    assert.equal(tell([reply(big)])[0].answers.length, 64);
  });

  it('tells of a bounded part of names that many answers share by pointers', () => {
    const answersTo = (name: string): DnsRecord['answers'] => {
      const answers = Array.from({ length: 64 }, () => buildRecord('@12', 5, encodeName('@12')));
      return tell([reply(buildMessage({ flags: 0x8180, questions: [buildQuestion(name, 1)], answers }))])[0]
        .answers;
    };
    const longest = Array.from({ length: 4 }, () => 'x'.repeat(62)).join('.');
    assert.equal(answersTo(longest).length, 64);
    // 900 bytes, each of which is shown as four characters.
    const answers = answersTo(Array.from({ length: 15 }, () => '\u0001'.repeat(60)).join('.'));
    assert.ok(answers.length > 0 && answers.length < 8, `${answers.length} answers`);
  });
});
