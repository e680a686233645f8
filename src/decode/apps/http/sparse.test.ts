import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeCiphers } from '../../../platform/ciphers.ts';
import type { HttpRecord } from '../../../wire/traffic.ts';
import { Analyzer } from '../../analyzer.ts';
import { buildConnection, buildTcp } from '../../packet/build.fixture.ts';
import { linkTypes } from '../../packet/link.ts';

const client = '192.0.2.1:40000';
const server = '198.51.100.2:80';

/** A connection of which only the beginnings of messages are captured. */
class SparseCapture {
  readonly told: string[] = [];
  readonly #analyzer = new Analyzer(
    { mask: false, ciphers: nodeCiphers, sparse: true },
    {
      onRecord: (record) => {
        const { method, path, status, request_bytes, response_bytes } = record as HttpRecord;
        this.told.push(`${method} ${path} ${status} ${request_bytes}+${response_bytes}`);
      },
      onFlowEnd: () => undefined,
    },
  );
  #next = { client: 1001, server: 5001 };

  constructor() {
    for (const packet of buildConnection([]).slice(0, 3)) this.#take(packet, 0);
  }

  /** A segment of which the text is captured; `more` bytes follow that are not. */
  say(who: 'client' | 'server', payload: string, more = 0, timeMs = 0): void {
    const ends = who === 'client' ? { from: client, to: server } : { from: server, to: client };
    const other = who === 'client' ? 'server' : 'client';
    const segment = {
      ...ends,
      sequence: this.#next[who],
      acknowledgment: this.#next[other],
      flags: 'A',
      payload,
    };
    this.#take(buildTcp(segment), timeMs);
    this.#next[who] += payload.length + more;
  }

  /** Some packet of another conversation, by which time passes. */
  wait(timeMs: number): void {
    this.#take(buildTcp({ from: '192.0.2.9:1', to: '192.0.2.8:2', sequence: 1, flags: 'S' }), timeMs);
  }

  #take(packet: Uint8Array, timeMs: number): void {
    const { length } = packet;
    this.#analyzer.packet(packet, 0, length, length, linkTypes.ethernet, 1_700_000_000_000 + timeMs);
  }
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const head = (...fields: string[]): string => `HTTP/1.1 200 OK\r\n${fields.join('\r\n')}\r\n\r\n`;

describe('HTTP/1 in a sparse capture', () => {
  it('tells of an exchange with the head of its answer, and the length that it says', () => {
    const capture = new SparseCapture();
    capture.say('client', get('/big'));
    capture.say('server', head('Content-Length: 1000000'), 1_000_000);
    assert.deepEqual(capture.told, ['GET /big 200 0+1000000']);
    capture.say('client', get('/next'));
    capture.say('server', `${head('Content-Length: 2')}ok`);
    assert.deepEqual(capture.told.slice(1), ['GET /next 200 0+2']);
  });

  it('takes an upload for as long as it says', () => {
    const capture = new SparseCapture();
    capture.say('client', 'POST /up HTTP/1.1\r\nContent-Length: 50000\r\n\r\nabc', 49_997);
    capture.say('server', head('Content-Length: 0'));
    capture.say('client', get('/next'));
    capture.say('server', head('Content-Length: 0'));
    assert.deepEqual(capture.told, ['POST /up 200 50000+0', 'GET /next 200 0+0']);
  });

  it('ends chunks that were not captured with the next request', () => {
    const capture = new SparseCapture();
    capture.say('client', get('/chunks'));
    capture.say('server', `${head('Transfer-Encoding: chunked')}1000\r\nabc`, 20_000);
    assert.deepEqual(capture.told, []);
    capture.say('client', get('/next'));
    assert.deepEqual(capture.told, ['GET /chunks 200 0+4096']);
    capture.say('server', `${head('Transfer-Encoding: chunked')}2\r\nok\r\n0\r\n\r\n`);
    assert.deepEqual(capture.told.slice(1), ['GET /next 200 0+2']);
  });

  it('does not wait longer than some seconds for the end of what nobody sees', () => {
    const capture = new SparseCapture();
    capture.say('client', get('/events'));
    capture.say('server', `${head('Transfer-Encoding: chunked')}3\r\nabc\r\n`, 20_000);
    for (let second = 0; second <= 12; second++) capture.wait(second * 1000);
    assert.deepEqual(capture.told, ['GET /events 200 0+3']);
  });
});
