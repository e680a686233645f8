import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type SideReader, TcpSide } from './tcp-side.ts';

const length = 20_000;
/** Ends close to the wrap of sequence numbers, so that every stream crosses it. */
const initial = -5_000;
const stream = Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff);

/** Numbers from 0 to below `limit`, the same for the same seed. */
function makeRandom(seed: number): (limit: number) => number {
  let state = seed * 0x9e3779b1 || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

class Collector implements SideReader {
  timeMs = 0;
  heldBytes = 0;
  readonly sparse: boolean;
  readonly bytes: number[] = [];
  gaps = 0;

  constructor(sparse = false) {
    this.sparse = sparse;
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    for (let i = start; i < end; i++) this.bytes.push(bytes[i]);
  }

  gap(count: number): void {
    this.gaps += count;
    for (let i = 0; i < count; i++) this.bytes.push(-1);
  }

  readonly sides = new Set<TcpSide>();

  waits(side: TcpSide): void {
    this.sides.add(side);
  }

  rests(side: TcpSide): void {
    this.sides.delete(side);
  }
}

interface Piece {
  readonly from: number;
  readonly to: number;
}

/** Cuts the stream, then sends pieces twice, with bytes of their neighbours, and up to `reach` places from their own. */
function disorder(seed: number, reach: number): Piece[] {
  const random = makeRandom(seed);
  const pieces: { piece: Piece; place: number }[] = [];
  for (let at = 0; at < length; ) {
    const to = Math.min(length, at + 1 + random(1_460));
    const place = pieces.length + random(reach);
    pieces.push({ piece: { from: Math.max(0, at - random(3) * random(300)), to }, place });
    if (random(5) === 0) pieces.push({ piece: { from: at, to }, place: place + random(reach) });
    at = to;
  }
  return pieces.toSorted((a, b) => a.place - b.place).map(({ piece }) => piece);
}

function send(
  side: TcpSide,
  { from, to }: Piece,
  timeMs: number,
  reader: Collector,
  captured = to - from,
): void {
  reader.timeMs = timeMs;
  side.segment((initial + 1 + from) | 0, stream, from, from + captured, to - from, reader);
}

function open(): TcpSide {
  const side = new TcpSide();
  side.synchronize(initial);
  return side;
}

describe('one side of a TCP connection', () => {
  it('gives the same bytes however it is cut, shuffled, repeated and overlapped', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const [side, reader] = [open(), new Collector()];
      for (const piece of disorder(seed, 1 + (seed % 12))) send(side, piece, 1, reader);
      assert.deepEqual([reader.gaps, reader.heldBytes, side.waiting], [0, 0, 0], `seed ${seed}`);
      assert.deepEqual(Uint8Array.from(reader.bytes), stream, `seed ${seed}`);
    }
  });

  it('gives every byte at its place or as missing when pieces are lost', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const [side, reader, random] = [open(), new Collector(), makeRandom(seed)];
      for (const piece of disorder(seed, 4))
        if (random(4) !== 0)
          send(side, piece, 1, reader, random(6) === 0 ? random(piece.to - piece.from) : undefined);
      side.flush(reader);
      for (const [i, byte] of reader.bytes.entries())
        assert.ok(byte === -1 || byte === stream[i], `seed ${seed}, byte ${i}`);
      assert.equal(reader.gaps, side.missing);
      assert.deepEqual([reader.heldBytes, reader.sides.size], [0, 0]);
    }
  });

  it('waits for a segment whose acknowledgment was captured first', () => {
    const [side, reader] = [open(), new Collector()];
    send(side, { from: 100, to: 200 }, 1_000, reader);
    reader.timeMs = 1_001;
    side.acknowledge((initial + 1 + 200) | 0, reader);
    assert.equal(reader.gaps, 0);
    send(side, { from: 0, to: 100 }, 1_002, reader);
    assert.deepEqual([reader.gaps, reader.bytes.length], [0, 200]);
  });

  it('keeps what waits as it was, whatever becomes of the buffer', () => {
    const [side, reader] = [open(), new Collector()];
    const buffer = Buffer.from(stream.subarray(0, 200));
    side.segment((initial + 1 + 100) | 0, buffer, 100, 200, 100, reader);
    buffer.fill(0);
    send(side, { from: 0, to: 100 }, 1, reader);
    assert.deepEqual(Uint8Array.from(reader.bytes), stream.subarray(0, 200));
  });

  it('does not wait for ever for what was acknowledged', () => {
    const [side, reader] = [open(), new Collector()];
    send(side, { from: 100, to: 200 }, 1_000, reader);
    reader.timeMs = 1_001;
    side.acknowledge((initial + 1 + 200) | 0, reader);
    reader.timeMs = 1_200;
    side.look(reader);
    assert.deepEqual([reader.gaps, reader.bytes.length], [100, 200]);
  });

  it('gives up what nobody acknowledges when it has not come in two seconds', () => {
    const [side, reader] = [open(), new Collector()];
    send(side, { from: 100, to: 200 }, 1_000, reader);
    reader.timeMs = 2_900;
    side.look(reader);
    assert.equal(reader.gaps, 0);
    reader.timeMs = 3_100;
    side.look(reader);
    assert.equal(reader.gaps, 100);
  });

  it('holds no more than its share while a segment is missing', () => {
    const [side, reader] = [open(), new Collector()];
    for (let i = 1; i <= 1_000; i++) send(side, { from: i * 10, to: i * 10 + 10 }, 1, reader);
    assert.ok(side.waiting <= 256);
    assert.equal(reader.gaps, 10);
  });

  it('takes what a later segment shows to be missing for a gap at once when input is sparse', () => {
    const [side, reader] = [open(), new Collector(true)];
    send(side, { from: 0, to: 100 }, 1, reader);
    send(side, { from: 300, to: 400 }, 1, reader, 40);
    send(side, { from: 100, to: 300 }, 1, reader);
    assert.deepEqual([reader.gaps, reader.bytes.length, side.waiting], [260, 400, 0]);
  });

  it('ends once its bytes are in, and takes none from behind its end', () => {
    const [side, reader] = [open(), new Collector()];
    send(side, { from: 0, to: 100 }, 1, reader);
    side.finish((initial + 1 + 150) | 0);
    assert.equal(side.takeEnd(), false);
    send(side, { from: 100, to: 200 }, 1, reader);
    assert.deepEqual([side.takeEnd(), side.takeEnd(), reader.bytes.length], [true, false, 150]);
  });

  it('begins in the middle when its beginning was not seen', () => {
    const [side, reader] = [new TcpSide(), new Collector()];
    send(side, { from: 700, to: 800 }, 1, reader);
    send(side, { from: 800, to: 900 }, 1, reader);
    assert.deepEqual([side.fromStart, reader.gaps, reader.bytes.length], [false, 0, 200]);
  });
});
