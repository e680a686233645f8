import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { analyze } from '../analyze.fixture.ts';
import { buildConnection, buildUdp, type Turn, toBytes } from '../packet/build.fixture.ts';
import { datagramExamples } from './datagram-examples.fixture.ts';
import { type Example, examples } from './examples.fixture.ts';

const client = '192.0.2.1:40000';

/** What the analyzer takes a conversation for. */
function nameOf({ transport, port = 39_999 }: Example, turns: readonly Turn[], mss?: number): string | null {
  const server = `198.51.100.2:${port}`;
  const frames =
    transport === 'udp'
      ? turns.map(([side, payload]) =>
          buildUdp(side === '>' ? { from: client, to: server } : { from: server, to: client }, payload),
        )
      : buildConnection(turns, { from: client, to: server, ...(mss !== undefined && { mss }) });
  const [flow] = analyze(frames).flows;
  return flow.by === 'payload' ? flow.application : null;
}

/** Numbers that are the same in each run (xorshift, Marsaglia 2003). */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

describe('application protocols', () => {
  for (const example of [...examples, ...datagramExamples]) {
    const { name, turns, nearMiss, transport } = example;
    const [side, payload] = turns[0];
    const title = `${name}, ${side === '>' ? 'client' : 'server'} first: ${[...toBytes(payload).subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}`;

    it(`recognises ${title}`, () => {
      assert.equal(nameOf(example, turns, 100_000), name);
      if (nearMiss) assert.notEqual(nameOf(example, nearMiss, 100_000), name);
    });

    it(`survives its being cut short: ${title}`, () => {
      const bytes = toBytes(payload);
      for (let length = 1; length < Math.min(bytes.length, 200); length++)
        nameOf(example, [[side, bytes.subarray(0, length)]]);
    });

    // A datagram comes whole.
    if (transport === 'udp') continue;
    it(`recognises it in any pieces: ${title}`, () => {
      const bytes = toBytes(payload);
      const step = Math.max(1, Math.floor(bytes.length / 64));
      for (let at = 1; at < bytes.length; at += step) {
        const split: Turn[] = [[side, bytes.subarray(0, at)], [side, bytes.subarray(at)], ...turns.slice(1)];
        assert.equal(nameOf(example, split, 100_000), name, `split at ${at}`);
      }
    });
  }

  it('recognises nothing in random bytes, or next to nothing', () => {
    const random = makeRandom(20_261_121);
    const found: string[] = [];
    const rounds = 3000;
    for (let round = 0; round < rounds; round++) {
      const bytes = Uint8Array.from({ length: 1 + (random() % 200) }, () => random() & 0xff);
      const turns: Turn[] = [[round % 2 ? '>' : '<', bytes]];
      const name = nameOf({ name: '', turns }, turns);
      if (name !== null) found.push(name);
    }
    assert.ok(found.length <= 3, found.join(' '));
  });
});
