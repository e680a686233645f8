import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type LiveFrame, liveSchema } from '../../wire/link.ts';
import { reported } from '../../wire/reported.fixture.ts';
import { encodeLive } from './frames.ts';
import type { SourceFrame } from './source.ts';

function frameOf(rows: number, text: string): SourceFrame {
  const connection = reported({ command_line: text });
  return {
    at: 1000,
    full: true,
    opened: Array.from({ length: rows }, (_, key) => ({ key, connection })),
    revised: [],
    changed: Array.from({ length: rows }, (_, key) => [key, ...new Array<number>(14).fill(-1)]),
    closed: [rows + 1],
    samples: [[1000, 1, 2]],
    interface_samples: { lo: [[1000, 3, 4]] },
    process_samples: {},
    processes: [],
    processes_gone: [],
  };
}

describe('encodeLive', () => {
  it('writes a small frame as one message', () => {
    const [text, ...rest] = encodeLive(frameOf(3, 'a'), 5);
    assert.equal(rest.length, 0);
    const frame = liveSchema.parse(JSON.parse(text));
    assert.equal(frame.sync, 5);
    assert.equal(frame.opened.length, 3);
  });

  it('splits a long frame into messages of bounded length that add up to it', () => {
    const source = frameOf(5000, 'x'.repeat(4096));
    const texts = encodeLive(source, 5);
    assert.ok(texts.length > 20);
    for (const text of texts) assert.ok(text.length < 150_000);
    const frames: LiveFrame[] = texts.map((text) => liveSchema.parse(JSON.parse(text)));
    assert.deepEqual(
      frames.map((frame) => frame.full),
      frames.map((_, i) => i === 0),
    );
    assert.deepEqual(
      frames.map((frame) => frame.sync),
      frames.map((_, i) => (i === frames.length - 1 ? 5 : undefined)),
    );
    assert.deepEqual(
      frames.flatMap((frame) => frame.opened.map((row) => row.key)),
      source.opened.map((row) => row.key),
    );
    assert.deepEqual(
      frames.flatMap((frame) => frame.changed),
      source.changed,
    );
    assert.deepEqual(
      frames.flatMap((frame) => frame.closed),
      source.closed,
    );
    assert.deepEqual(
      frames.flatMap((frame) => frame.samples),
      source.samples,
    );
  });
});
