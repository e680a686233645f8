import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';

/** Runs test files in a process of their own (node:test does not nest) and returns the report's lines. */
function report(
  files: Readonly<Record<string, string>>,
  {
    facts = { unsteady: [], durations: [] },
    limitMs = 45_000,
  }: { facts?: { unsteady: string[]; durations: [string, number][] }; limitMs?: number } = {},
): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-report-'));
  const head = `import { it, describe } from 'node:test'; import assert from 'node:assert';\n`;
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), head + text);
  const script = `
    import { run } from 'node:test';
    import { makeTally, reportEvent, summarize } from ${JSON.stringify(join(import.meta.dirname, 'test-report.ts'))};
    const tally = makeTally();
    const files = ${JSON.stringify(Object.keys(files).map((name) => join(folder, name)))};
    for await (const event of run({ files, concurrency: 1, signal: AbortSignal.timeout(${limitMs}) }))
      for (const line of reportEvent(tally, event, (file) => file.split('/').at(-1))) console.log(line);
    const facts = ${JSON.stringify(facts)};
    for (const line of summarize(tally, { seconds: 1, ...facts, durations: new Map(facts.durations) })) console.log(line);`;
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  try {
    writeFileSync(join(folder, 'main.mjs'), script);
    return execFileSync(process.execPath, [join(folder, 'main.mjs')], {
      env,
      encoding: 'utf8',
      timeout: 50_000,
    })
      .trim()
      .split('\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('test report', () => {
  it('counts tests and not suites, and puts the counts on the last line', () => {
    const out = report({
      'a.mjs': `describe('s', () => { it('x', () => {}); describe('t', () => { it('y', () => {}); }); });`,
      'b.mjs': `it('z', () => {});`,
    });
    assert.equal(out.at(-1), '3 passed, 0 failed, 0 skipped');
  });

  it('prints each skipped test under its reason', () => {
    const out = report({
      'a.mjs': `describe('s', () => { it('x', (t) => t.skip('needs root')); it('y', { skip: 'needs root' }, () => {}); });`,
    });
    assert.deepEqual(out, [
      'skipped: needs root',
      '    a.mjs > s > x',
      '    a.mjs > s > y',
      'tests took 1.0 s',
      '0 passed, 0 failed, 2 skipped',
    ]);
  });

  it('prints a suite that was skipped as a whole under its reason', () => {
    const out = report({
      'a.mjs': `describe('s', { skip: 'needs root' }, () => { it('x', () => {}); it('y', () => {}); });`,
    });
    assert.deepEqual(out, [
      'skipped: needs root',
      '    a.mjs > s',
      'tests took 1.0 s',
      '0 passed, 0 failed, 1 skipped',
    ]);
  });

  it('reports a failure once, with its place and its error', () => {
    const out = report({
      'a.mjs': `describe('s', () => { it('x', () => assert.equal(1, 2, 'one is not two')); });`,
    });
    assert.equal(out.at(-1), '0 passed, 1 failed, 0 skipped');
    assert.match(out[0], /^FAIL a\.mjs > s > x \(a\.mjs:2\)$/);
    assert.match(out.join('\n'), /one is not two/);
  });

  it('names what failed and what was unsteady again just before the counts, and the slowest files', () => {
    const out = report(
      { 'a.mjs': `describe('s', () => { it('x', () => assert.fail()); it('y', () => {}); });` },
      {
        facts: {
          unsteady: ['b.mjs > z (b.mjs:7)'],
          durations: Array.from({ length: 12 }, (_, i) => [`${i}.mjs`, i + 0.25]),
        },
      },
    );
    assert.deepEqual(out.slice(-15), [
      'slowest files:',
      ...Array.from({ length: 10 }, (_, i) => `    ${(11 - i + 0.25).toFixed(1)} s ${11 - i}.mjs`),
      'unsteady, passed the second time: b.mjs > z (b.mjs:7)',
      'failed: a.mjs > s > x (a.mjs:2)',
      'tests took 1.0 s',
      '1 passed, 1 failed, 0 skipped',
    ]);
  });

  it('counts a file that does not load as one failure', () => {
    assert.equal(report({ 'a.mjs': `throw new Error('broken');` }).at(-1), '0 passed, 1 failed, 0 skipped');
  });

  it('names the file that took too long, and counts it as failed', () => {
    const out = report(
      { 'a.mjs': `it('stuck', () => new Promise(() => setTimeout(() => {}, 60_000)));` },
      { limitMs: 1000 },
    );
    assert.equal(out.at(-1), '0 passed, 1 failed, 0 skipped');
    assert.match(out.join('\n'), /^FAIL a\.mjs/);
  });
});
