import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AlertPieces } from './alert-pieces.ts';

const piece = (...bytes: number[]): Uint8Array => new Uint8Array(bytes);

function collect(): {
  readonly sink: AlertPieces;
  readonly saved: number[][];
  readonly said: string[];
  fail: boolean;
} {
  const found = { saved: [] as number[][], said: [] as string[], fail: false };
  const sink = new AlertPieces({
    lastMs: 1000,
    afterMs: 100,
    async save(pieces) {
      if (found.fail) throw new Error('the disk is full');
      found.saved.push(pieces.flatMap((bytes) => [...bytes]));
      return `saved ${found.saved.length}`;
    },
    say: (line) => found.said.push(line),
  });
  return Object.assign(found, { sink });
}

describe('the captures of alerts', () => {
  it('each have the beginning, what came before the alert and what came after it', async () => {
    const { sink, saved, said } = collect();
    sink.add(piece(255), 0);
    for (const at of [100, 900, 1500]) sink.add(piece(at / 100), at);
    sink.onAlert();
    sink.add(piece(16), 1550);
    sink.onAlert();
    assert.deepEqual(saved, []);
    sink.add(piece(17), 1600);
    await new Promise(setImmediate);
    assert.deepEqual(saved, [[255, 9, 15, 16, 17]]);
    sink.add(piece(18), 1700);
    sink.add(piece(), 2000);
    sink.onAlert();
    await sink.end();
    assert.deepEqual(saved[1], [255, 15, 16, 17, 18]);
    assert.deepEqual(said, ['saved 1', 'saved 2']);
  });

  it('that cannot be saved do not keep the next from it, and count in the end', async () => {
    const found = collect();
    const { sink } = found;
    sink.add(piece(255), 0);
    found.fail = true;
    sink.onAlert();
    sink.add(piece(1), 100);
    await new Promise(setImmediate);
    found.fail = false;
    sink.onAlert();
    await assert.rejects(async () => sink.end(), /1 captures of alerts could not be saved/);
    assert.deepEqual(found.saved, [[255, 1]]);
    assert.match(found.said[0], /unable to save .* disk is full/);
  });
});
