import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeReporter, type ReporterOptions } from './reporter.ts';

function makeCapture(options: ReporterOptions): {
  lines: string[];
  reporter: ReturnType<typeof makeReporter>;
} {
  const lines: string[] = [];
  return {
    lines,
    reporter: makeReporter({ now: () => 0, write: (line) => void lines.push(line), ...options }),
  };
}

describe('reporter', () => {
  const hostile = 'x\r\n2026-01-01T00:00:00.000Z info  admin logged in\x1b]0;t\x07\u202e\u009b31m\u2028';
  for (const format of ['json', 'text'] as const) {
    it(`keeps a hostile value on its own line, as ${format}`, () => {
      const { lines, reporter } = makeCapture({ format });
      reporter.with({ component: 'test' }).warn('odd name', { name: hostile });
      assert.equal(lines.length, 1);
      assert.equal(lines[0].split('\n').length, 2, 'one line');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: looks for control characters on purpose
      assert.doesNotMatch(lines[0].trimEnd(), /[\x00-\x1f\x7f-\x9f\u202e\u2028]/);
    });
  }

  it('writes JSON that holds level, message, time, fields and causes', () => {
    const { lines, reporter } = makeCapture({ format: 'json' });
    reporter.error('unable to read', { error: new Error('outer', { cause: new Error('inner') }), size: 3n });
    assert.deepEqual(JSON.parse(lines[0]), {
      time: '1970-01-01T00:00:00.000Z',
      level: 'error',
      message: 'unable to read',
      error: 'outer: inner',
      size: '3',
    });
  });

  it('drops what is below its level', () => {
    const { lines, reporter } = makeCapture({ level: 'warn' });
    reporter.info('no');
    reporter.warn('yes');
    assert.equal(lines.length, 1);
  });

  it('suppresses a message that repeats, and says how often', () => {
    let at = 0;
    const { lines, reporter } = makeCapture({ format: 'json', now: () => at });
    for (let i = 0; i < 100; i++) reporter.warn('again', { i });
    assert.equal(lines.length, 20);
    at = 10_000;
    reporter.warn('again');
    assert.equal(JSON.parse(lines[20]).suppressed, 80);
  });
});
