import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { runDemo } from './demo.ts';

test('a demonstration does all it says, a burst too, and gives its ports back', async () => {
  const lines: string[] = [];
  const tally = await runDemo({
    durationMs: 3000,
    rate: 150,
    burst: 200,
    signal: new AbortController().signal,
    say: (line) => lines.push(line),
  });
  const { none = 0, ...answered } = tally.http;
  const requests = Object.values(answered).reduce((sum, count) => sum + count, none);
  // A machine without time leaves some out; the burst and more than that are done everywhere.
  assert.ok(requests > 200, `${requests} requests`);
  assert.deepEqual(
    Object.keys(answered).sort(),
    ['2xx', '3xx', '4xx', '5xx'],
    'every class of status is there',
  );
  for (const kind of ['https', 'dns', 'refused', 'reset', 'timedOut'] as const)
    assert.ok(tally[kind] > 0, `${kind}: ${tally[kind]}`);
  assert.ok(tally.skipped < requests, `${tally.skipped} left out`);
  assert.ok(lines.some((line) => line.includes('burst: 200 requests')));
  assert.match(lines.at(-1)!, /^00:0\d {2}end: \d+ HTTP requests/);
  for (const [, port] of lines.join('\n').matchAll(/on 127\.0\.0\.1:(\d+)/g))
    await assert.rejects(once(connect(Number(port), '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' });
});

test('a demonstration ends at once when it is told to', async () => {
  const stop = new AbortController();
  const started = performance.now();
  await runDemo({
    durationMs: 60_000,
    rate: 20,
    burst: 0,
    signal: stop.signal,
    say: (line) => void (line.includes('DNS on') && setTimeout(() => stop.abort(), 200)),
  });
  assert.ok(performance.now() - started < 50_000);
});
