import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { checkLayers, readImports, readLayerTable } from './layers.ts';

const table = [
  '| row may import, beside itself | |',
  '|---|---|',
  '| base | nothing |',
  '| wire, store | base |',
  '| cmd | everything; nothing imports cmd |',
  '',
  '| package | only in |',
  '|---|---|',
  '| `koffi` | store |',
].join('\n');

function problemsOf(files: Readonly<Record<string, string>>): string[] {
  const root = mkdtempSync(join(tmpdir(), 'netmon-layers-'));
  try {
    for (const [path, text] of Object.entries({ 'ARCHITECTURE.md': table, ...files })) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return checkLayers(root).map(({ file, message }) => `${file}: ${message}`);
  } finally {
    rmSync(root, { recursive: true });
  }
}

describe('layers', () => {
  it('finds every form of import, and none in a comment or a string', () => {
    const source = `
      import type { A } from './a.ts';
      import './b.ts';
      export * from './c.ts';
      export type { D } from './d.ts';
      type E = import('./e.ts').E;
      const f = import('./f.ts');
      // import './no.ts'
      const text = "import './no.ts'";`;
    assert.deepEqual(
      readImports('x.ts', source).sort(),
      ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `./${name}.ts`),
    );
  });

  it('lets a layer import what its row names', () => {
    const files = {
      'src/base/a.ts': 'export const a = 1;',
      'src/wire/b.ts': `export { a } from '../base/a.ts';`,
      'src/cmd/c.ts': `import '../wire/b.ts';`,
      'src/store/d.ts': `import koffi from 'koffi';`,
    };
    assert.deepEqual(problemsOf(files), []);
  });

  it('reports a forbidden import, a type-only one too', () => {
    const files = {
      'src/base/a.ts': `import type { B } from '../wire/b.ts';`,
      'src/wire/b.ts': 'export type B = 1;',
      'src/cmd/c.ts': 'export {};',
      'src/store/d.ts': `type C = typeof import('../cmd/c.ts');`,
      'src/other/e.ts': `import '../base/a.ts';`,
      'src/wire/f.ts': `import 'koffi';`,
      'src/wire/g.ts': `import '../../tools/x.ts';`,
      'tools/x.ts': '',
    };
    assert.deepEqual(problemsOf(files), [
      'src/base/a.ts: layer "base" may not import "wire" (src/wire/b.ts)',
      'src/other/e.ts: layer "other" has no row in ARCHITECTURE.md',
      'src/store/d.ts: imports src/cmd/c.ts: nothing imports cmd',
      'src/wire/f.ts: package "koffi" is confined to store, not "wire"',
      'src/wire/g.ts: imports tools/x.ts, which belongs to no layer',
    ]);
  });

  it('reports a cycle within a layer, through type-only imports too', () => {
    const files = {
      'src/base/a.ts': `import { b } from './b.ts';`,
      'src/base/b.ts': `import type { C } from './c.ts'; export const b = 1;`,
      'src/base/c.ts': `export type C = import('./a.ts').A;`,
      'src/base/d.ts': `import './a.ts';`,
    };
    const [only, ...rest] = problemsOf(files);
    assert.deepEqual(rest, []);
    assert.match(only, /^src\/base\/[abc]\.ts: import cycle: (src\/base\/[abc]\.ts( -> )?){4}$/);
  });

  it('refuses a document without the tables', () => {
    assert.throws(() => readLayerTable('# Architecture'), /holds no table that begins with/);
  });

  it('reads a row for each folder of src', () => {
    const { layers } = readLayerTable(readFileSync(new URL('../ARCHITECTURE.md', import.meta.url), 'utf8'));
    assert.deepEqual(layers.get('base'), new Set());
    assert.deepEqual(layers.get('store'), new Set(['base', 'wire', 'platform']));
    assert.equal(layers.get('cmd'), null);
  });
});
