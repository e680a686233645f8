import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LastPieces } from './last-pieces.ts';

function collect(
  lastMs: number,
  maxBytes?: number,
): { readonly sink: LastPieces; readonly written: number[] } {
  const written: number[] = [];
  const sink = new LastPieces(
    lastMs,
    { add: (bytes) => void written.push(...bytes), end: () => {} },
    maxBytes,
  );
  return { sink, written };
}

const piece = (...bytes: number[]): Uint8Array => new Uint8Array(bytes);

describe('the last of a capture', () => {
  it('is its beginning, which describes it, and the pieces of the last while', async () => {
    const { sink, written } = collect(1000);
    sink.add(piece(1), 0);
    assert.deepEqual(written, [1]);
    for (const at of [100, 900, 1500, 2000]) sink.add(piece(at / 100), at);
    await sink.end();
    assert.deepEqual(written, [1, 15, 20]);
  });

  it('keeps its own copy of what it is given', async () => {
    const { sink, written } = collect(1000);
    const bytes = piece(1);
    sink.add(bytes, 0);
    sink.add(bytes, 10);
    bytes[0] = 9;
    await sink.end();
    assert.deepEqual(written, [1, 1]);
  });

  it('is bounded by its size too', async () => {
    const { sink, written } = collect(1000, 2);
    for (let i = 0; i < 6; i++) sink.add(piece(i), i);
    await sink.end();
    assert.deepEqual(written, [0, 4, 5]);
  });
});
