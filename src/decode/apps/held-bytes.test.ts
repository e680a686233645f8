import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HttpRecord } from '../../wire/traffic.ts';
import { analyze } from '../analyze.fixture.ts';
import { buildTcp, toBytes } from '../packet/build.fixture.ts';
import { HeldBytes } from './held-bytes.ts';

describe('what conversations keep', () => {
  it('is bounded together: who has kept something for longest gives up', () => {
    const held = new HeldBytes(100);
    const gone: string[] = [];
    const holder = (name: string) => ({ giveUp: (timeMs: number) => gone.push(`${name} ${timeMs}`) });
    const [a, b, c] = [holder('a'), holder('b'), holder('c')];
    held.set(a, 40);
    held.set(b, 40);
    held.set(a, 50);
    held.relieve(1);
    assert.deepEqual([gone, held.total], [[], 90]);
    held.set(c, 30);
    held.relieve(2);
    assert.deepEqual([gone, held.total, held.givenUp], [['a 2'], 70, 1]);
    held.set(b, 0);
    held.set(c, 500);
    held.relieve(3);
    assert.deepEqual([gone, held.total], [['a 2', 'c 3'], 0]);
  });

  it('is not all that a flood of requests without answers sends; all of them are told of, and reading goes on', () => {
    const connections = 80;
    const requests = 25;
    const frames: Uint8Array[] = [];
    const ends = (i: number) => ({ from: `192.0.2.1:${20_000 + i}`, to: '198.51.100.2:80' });
    const next: number[] = [];
    const ask = (i: number, text: string): void => {
      const payload = toBytes(text);
      frames.push(buildTcp({ ...ends(i), sequence: next[i], flags: 'PA', payload }));
      next[i] += payload.length;
    };
    for (let i = 0; i < connections; i++) {
      next[i] = 1;
      for (let j = 0; j < requests; j++)
        ask(i, `GET /${'p'.repeat(16_000)} HTTP/1.1\r\nHost: ${'h'.repeat(4000)}\r\n\r\n`);
    }
    // 40 MB so far: the first ones have given up, and begin again with a request that is answered
    ask(0, 'GET /last HTTP/1.1\r\nHost: a\r\n\r\n');
    const answer = toBytes('HTTP/1.1 204 No Content\r\n\r\n');
    const { from, to } = ends(0);
    frames.push(buildTcp({ from: to, to: from, sequence: 1, flags: 'PA', payload: answer }));

    const { records, analyzer } = analyze(frames);
    assert.equal(records.length, connections * requests + 1);
    assert.ok(analyzer.evicted >= 10 && analyzer.evicted < connections, `${analyzer.evicted} given up`);
    const answered = records.filter((one): one is HttpRecord => one.type === 'http' && one.status !== null);
    assert.deepEqual(
      answered.map(({ path, status }) => [path, status]),
      [['/last', 204]],
    );
    assert.equal(analyzer.counters.malformed, 0);
  });
});
